/** The machine's clock jumps an hour back under load, and forward again: nothing is lost, nothing doubled, no alert is missed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startPlatform } from './support/platform.ts';
import { ReportingGauges } from './support/reporting-gauges.ts';
import { tempFolder } from './support/temp-folder.ts';

const PRELOAD = join(import.meta.dirname, 'support/stepped-clock.mjs');
const HOUR_MS = 3_600_000;

it('a clock that jumps an hour back changes nothing', { timeout: 120_000 }, async () => {
  const folder = tempFolder();
  const clockFile = join(folder, 'clock');
  const step = (offsetMs: number) => writeFileSync(clockFile, String(offsetMs));
  step(0);
  const env = { HAECHI_LOG_LEVEL: 'error', HAECHI_TEST_CLOCK: clockFile, NODE_OPTIONS: `--import=${PRELOAD}` };
  const data = join(folder, 'data');
  let platform = await startPlatform(data, { env });
  const ports = ['--http-port', new URL(platform.url).port, '--mqtt-port', String(platform.mqttPort)];
  // The devices' clocks are right all the time.
  const gauges = await ReportingGauges.connect(platform, { count: 4 });
  gauges.start();
  await sleep(1500);
  step(-HOUR_MS);
  await sleep(1500);
  // A restart while it is wrong: the platform must not write times before those it has.
  await platform.end('SIGKILL');
  platform = await startPlatform(data, { env, args: ports });
  await sleep(1500);
  step(0);
  await sleep(1500);
  await gauges.stop();
  const ledger = await gauges.expectAllThere(platform, { sameClock: false });
  expect(ledger).toMatchObject({ stored: gauges.acknowledged, deadLettered: 0 });
  await platform.end();
});
