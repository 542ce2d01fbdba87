/**
 * `kill -9` at random moments under QoS 1 load: every acknowledged reading is there exactly once, and every alert that
 * should exist exists once. Three kills here; `npm run torture` does twenty.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import { expect, it } from 'vitest';
import type { AlertResource, HistoryResource, PlatformResource } from '../dashboard/server/contract.ts';
import { eventually } from './support/eventually.ts';
import { type StartedPlatform, startPlatform } from './support/platform.ts';
import { tempFolder } from './support/temp-folder.ts';

const KILLS = Number(process.env['HAECHI_KILLS'] ?? 3);
const DEVICES = 12;
const LOW = 0.5;
const HIGH = 2.5;
/** Readings of one side before the level crosses over: every crossing upwards is one alert. */
const RUN_LENGTH = 7;

interface Sent {
  ts: number;
  level: number;
}

const gauge = (index: number) => ({
  id: `gauge-${index}`,
  domain: 'flood',
  kind: 'river-gauge',
  district: 'riverside',
  name: `Gauge ${index}`,
  latitude: 37.5,
  longitude: 127,
  intervalS: 5,
  attributes: { attentionM: 1, cautionM: 2, alertM: 3, seriousM: 4 },
});

/** Publishes one reading after the other, each once the one before is acknowledged, whatever happens to the platform. */
async function report(client: MqttClient, id: string, sent: Sent[], signal: AbortSignal): Promise<void> {
  let ts = 0;
  for (let index = 0; !signal.aborted; index++) {
    // No two readings share a time, so each is a point of its own.
    ts = Math.max(Date.now(), ts + 1);
    // No two share a value either, so that one stored under another's time is seen.
    const level = (Math.floor(index / RUN_LENGTH) % 2 === 0 ? LOW : HIGH) + (index % 400) / 1000;
    const payload = JSON.stringify({ ts, seq: index, values: { level } });
    await client.publishAsync(`city/riverside/flood/${id}/telemetry`, payload, { qos: 1 });
    sent.push({ ts, level });
    await sleep(10);
  }
}

it(`loses nothing and doubles nothing over ${KILLS} kills`, { timeout: 60_000 + KILLS * 20_000 }, async () => {
  const data = tempFolder();
  const start = (ports: string[] = []) => startPlatform(data, { env: { HAECHI_LOG_LEVEL: 'error' }, args: ports });
  let platform: StartedPlatform = await start();
  const ports = ['--http-port', new URL(platform.url).port, '--mqtt-port', String(platform.mqttPort)];
  const devices = Array.from({ length: DEVICES }, (_, index) => gauge(index));
  const { items } = await platform.api.change<{ items: { id: string; secret: string }[] }>('POST', '/devices', {
    devices,
  });

  const stop = new AbortController();
  const sent = new Map<string, Sent[]>();
  const clients: MqttClient[] = [];
  const reporting: Promise<void>[] = [];
  for (const { id, secret } of items) {
    const options = { clientId: id, username: id, password: secret, protocolVersion: 4 as const, reconnectPeriod: 100 };
    const client = await connectAsync(`mqtt://127.0.0.1:${platform.mqttPort}`, options);
    client.on('error', () => undefined); // the platform is being killed
    clients.push(client);
    const readings: Sent[] = [];
    sent.set(id, readings);
    reporting.push(report(client, id, readings, stop.signal));
  }
  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(500 + Math.random() * 2000);
    await platform.end('SIGKILL');
    platform = await start(ports);
  }
  stop.abort();
  await Promise.all(reporting);
  await Promise.all(clients.map((client) => client.endAsync()));

  const acknowledged = [...sent.values()].flat().length;
  expect(acknowledged).toBeGreaterThan(DEVICES * KILLS * 10);
  await eventually(async () => {
    const { journal } = await platform.api.get<PlatformResource>('/platform');
    expect(Object.values(journal.cursors)).toEqual([journal.head, journal.head]);
  });
  for (const [id, readings] of sent) {
    const [first, last] = [readings[0]?.ts ?? 0, readings.at(-1)?.ts ?? 0];
    const path = `/devices/${id}/history?fields=level&from=${first}&to=${last + 1}&points=4000`;
    const { intervalMs, ts, fields } = await platform.api.get<HistoryResource>(path);
    expect(intervalMs).toBe(0);
    const stored = ts.flatMap((at, row) => {
      const level = fields['level']?.mean?.[row];
      return typeof level === 'number' ? [{ ts: at, level }] : [];
    });
    expect(stored, id).toEqual(readings);

    const raisedAt = readings.flatMap(({ ts: at, level }, index) =>
      level >= HIGH && (readings[index - 1]?.level ?? LOW) < HIGH ? [at] : [],
    );
    expect(await alertsOf(platform, id), id).toEqual(raisedAt);
  }
  await platform.end();
});

/** When the stage alerts of a device were raised, oldest first. */
async function alertsOf(platform: StartedPlatform, device: string): Promise<number[]> {
  const raisedAt: number[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const path: string = `/alerts?state=all&device=${device}&limit=500${cursor ? `&cursor=${cursor}` : ''}`;
    const page: { items: AlertResource[]; next: string | null } = await platform.api.get(path);
    raisedAt.push(...page.items.filter(({ rule }) => rule === 'river-stage').map((alert) => alert.raisedAt));
    cursor = page.next;
  }
  return raisedAt.reverse();
}
