/**
 * `kill -9` at random moments under QoS 1 load: every acknowledged reading is there exactly once, and every alert that
 * should exist exists once. Three kills here; `npm run torture` does twenty.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startPlatform } from './support/platform.ts';
import { ReportingGauges } from './support/reporting-gauges.ts';
import { tempFolder } from './support/temp-folder.ts';
import { TORTURE } from './support/torture.ts';

const KILLS = TORTURE ? 20 : 3;
const GAUGES = 12;

it(`loses nothing and doubles nothing over ${KILLS} kills`, { timeout: 60_000 + KILLS * 20_000 }, async () => {
  const data = tempFolder();
  const start = (ports: string[] = []) => startPlatform(data, { env: { HAECHI_LOG_LEVEL: 'error' }, args: ports });
  let platform = await start();
  const ports = ['--http-port', new URL(platform.url).port, '--mqtt-port', String(platform.mqttPort)];
  const gauges = await ReportingGauges.connect(platform, { count: GAUGES });
  gauges.start();
  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(500 + Math.random() * 2000);
    await platform.end('SIGKILL');
    platform = await start(ports);
  }
  await gauges.stop();

  expect(gauges.acknowledged).toBeGreaterThan(GAUGES * KILLS * 10);
  const ledger = await gauges.expectAllThere(platform);
  // One that was in the journal when the platform died, its acknowledgement unsent, is sent again: a duplicate.
  expect(ledger.stored).toBe(gauges.acknowledged);
  await platform.end();
});
