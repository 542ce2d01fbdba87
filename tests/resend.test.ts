/** A device that sends everything it ever sent once more, before and after a restart: nothing changes, and it is counted. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startPlatform } from './support/platform.ts';
import { ReportingGauges, settledLedger } from './support/reporting-gauges.ts';
import { tempFolder } from './support/temp-folder.ts';

it('a device that resends everything changes nothing', { timeout: 120_000 }, async () => {
  const data = tempFolder();
  const env = { HAECHI_LOG_LEVEL: 'error' };
  let platform = await startPlatform(data, { env });
  const ports = ['--http-port', new URL(platform.url).port, '--mqtt-port', String(platform.mqttPort)];
  const gauges = await ReportingGauges.connect(platform, { count: 4, pauseMs: 2 });
  gauges.start();
  await sleep(2000);
  await gauges.pause();
  const sent = gauges.acknowledged;
  expect(await settledLedger(platform)).toMatchObject({ accepted: sent, stored: sent, duplicate: 0 });

  await gauges.resend();
  expect(await settledLedger(platform)).toMatchObject({ accepted: 2 * sent, stored: sent, duplicate: sent });
  await platform.end();
  platform = await startPlatform(data, { env, args: ports });
  await gauges.resend();
  await gauges.stop();
  expect(await gauges.expectAllThere(platform)).toMatchObject({ stored: sent, duplicate: 2 * sent, deadLettered: 0 });
  await platform.end();
});
