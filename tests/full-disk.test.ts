/**
 * The data folder on a disk of 32 MiB that fills to the brim under load: acknowledgement stops, the platform says so and stays
 * up, and when there is room again it goes on by itself. What was acknowledged is there, once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { PlatformResource } from '../dashboard/server/contract.ts';
import { eventually } from './support/eventually.ts';
import { startPlatform } from './support/platform.ts';
import { ReportingGauges } from './support/reporting-gauges.ts';
import { smallDisk } from './support/small-disk.ts';
import { TORTURE } from './support/torture.ts';

/** Bytes of padding a reading: the short form fills the disk in seconds. */
const PADDING = TORTURE ? 2000 : 30_000;

it('a full disk stops acknowledgement, says so, and loses nothing', { timeout: 300_000 }, async ({ skip }) => {
  const disk = smallDisk(32);
  if (!disk) return skip('mounting a small file system takes root');
  const platform = await startPlatform(disk.folder, { env: { HAECHI_LOG_LEVEL: 'silent' } });
  const gauges = await ReportingGauges.connect(platform, { count: 10, pauseMs: 1, padding: PADDING });
  gauges.start();
  const state = () => platform.api.get<PlatformResource>('/platform');
  await eventually(async () => (await state()).troubles.some((text) => text.includes('nothing is acknowledged')), {
    timeoutMs: 200_000,
  });
  expect((await state()).journal.accepting).toBe(false);
  await sleep(1000);
  const whenFull = gauges.acknowledged;
  await sleep(2000);
  expect(gauges.acknowledged).toBe(whenFull);

  disk.resize(512);
  await eventually(() => gauges.acknowledged > whenFull + 100, { timeoutMs: 60_000 });
  await gauges.stop();
  const ledger = await gauges.expectAllThere(platform);
  expect(ledger.stored).toBe(gauges.acknowledged);
  expect(await platform.end()).toBe(0);
});
