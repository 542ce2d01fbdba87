/** Payloads that were set aside are sent through once more after the mistake is mended: here a limit that was set too tight. */
import { connectAsync } from 'mqtt';
import { expect, it } from 'vitest';
import type { AlertResource, DeadLetterResource, HistoryResource } from '../dashboard/server/contract.ts';
import { haechi, PASSWORD, startPlatform } from './support/platform.ts';
import { settledLedger } from './support/reporting-gauges.ts';
import { tempFolder } from './support/temp-folder.ts';

const DAY_MS = 86_400_000;

it('dead letters can be replayed, and the ledger follows them', { timeout: 90_000 }, async () => {
  const data = tempFolder();
  const limited = { HAECHI_LOG_LEVEL: 'error', HAECHI_PAST_MAX_DAYS: '1' };
  let platform = await startPlatform(data, { env: limited });
  const gauge = {
    ...{ id: 'gauge-1', domain: 'flood', kind: 'river-gauge', district: 'riverside', name: 'Gauge 1', intervalS: 5 },
    ...{ latitude: 37.5, longitude: 127, attributes: { attentionM: 1, cautionM: 2, alertM: 3, seriousM: 4 } },
  };
  const made = await platform.api.change<{ items: { secret: string }[] }>('POST', '/devices', { devices: [gauge] });
  const login = { clientId: 'gauge-1', username: 'gauge-1', password: made.items[0]?.secret ?? '' };
  const client = await connectAsync(`mqtt://127.0.0.1:${platform.mqttPort}`, { ...login, protocolVersion: 4 });
  const publish = (payload: object | string) =>
    client.publishAsync(
      'city/riverside/flood/gauge-1/telemetry',
      typeof payload === 'string' ? payload : JSON.stringify(payload),
      { qos: 1 },
    );
  const now = Date.now();
  await publish({ ts: now, values: { level: 0.5 } });
  for (const days of [2, 3, 4]) await publish({ ts: now - days * DAY_MS, values: { level: 9, nonsense: 1 } });
  await publish('{"level":');
  await client.endAsync();
  const before = { accepted: 5, stored: 1, deadLettered: 4 };
  expect(await settledLedger(platform)).toMatchObject(before);
  await platform.end();

  platform = await startPlatform(data, { env: { HAECHI_LOG_LEVEL: 'error' } });
  const flags = ['--url', platform.url];
  const replay = () => haechi(['dead-letters', 'replay', ...flags], { HAECHI_ADMIN_PASSWORD: PASSWORD });
  expect(await replay()).toMatchObject({ code: 0, stdout: expect.stringContaining('4 messages') });
  expect(await settledLedger(platform)).toMatchObject({ accepted: 5, stored: 4, deadLettered: 1 });
  const listed = async () => (await platform.api.get<{ items: DeadLetterResource[] }>('/dead-letters')).items;
  const reasons = async () => (await listed()).map(({ reason }) => reason).sort();
  // What is still wrong stays: the field that nobody knows, of messages whose reading is stored now, and what is no JSON.
  expect(await reasons()).toEqual(['field-unknown', 'field-unknown', 'field-unknown', 'json-malformed']);
  const path = `/devices/gauge-1/history?fields=level&from=${now - 5 * DAY_MS}&to=${now + 1}`;
  const { ts } = await platform.api.get<HistoryResource>(path);
  expect(ts.filter((at) => (now - at) % DAY_MS === 0)).toEqual([4, 3, 2, 0].map((days) => now - days * DAY_MS));
  // History raises nothing, however high the river was.
  expect((await platform.api.get<{ items: AlertResource[] }>('/alerts?state=all')).items).toEqual([]);

  expect(await replay()).toMatchObject({ code: 0 });
  expect(await settledLedger(platform)).toMatchObject({ accepted: 5, stored: 4, deadLettered: 1 });
  expect(await reasons()).toHaveLength(4);
  await platform.end();
});
