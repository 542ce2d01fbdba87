/** From a device's publish to an operator's screen: the command itself, mosquitto's own client, REST and the socket. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type {
  AlertResource,
  DeadLetterResource,
  HistoryResource,
  PlatformResource,
  WsServerMessage,
} from '../dashboard/server/contract.ts';
import { eventually } from './support/eventually.ts';
import { haechi, PASSWORD, type StartedPlatform, startPlatform } from './support/platform.ts';

const exec = promisify(execFile);
const TOPIC = 'city/riverside/flood/up-7/telemetry';

let data: string;
let platform: StartedPlatform;
let secret: string;
const live: WsServerMessage[] = [];

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'haechi-path-'));
  platform = await startPlatform(data);
  const made = await haechi([
    ...['device', 'add', 'flood/underpass', 'up-7', '--district', 'riverside', '--at', '37.51,127.02'],
    ...['--name', 'Riverside underpass', '--interval', '3600', '--url', platform.url, '--password', PASSWORD],
  ]);
  expect(made.stderr).toBe('');
  secret = made.stdout.trim().split(' ')[1] ?? '';
  await listen();
});
afterAll(async () => {
  await platform.end();
  rmSync(data, { recursive: true, force: true });
});

async function listen(): Promise<void> {
  const signIn = await fetch(`${platform.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-haechi-csrf': '1' },
    body: JSON.stringify({ username: 'admin', password: PASSWORD }),
  });
  const cookie = signIn.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const socket = new WebSocket(`${platform.url.replace('http', 'ws')}/ws`, { headers: { cookie } });
  socket.on('message', (text) => live.push(JSON.parse(String(text)) as WsServerMessage));
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send(JSON.stringify({ type: 'hello' }));
}

function publish(topic: string, message: string, { id = 'up-7', password = secret } = {}) {
  const args = ['-p', String(platform.mqttPort), '-u', id, '-P', password, '-q', '1', '-t', topic, '-m', message];
  // mosquitto_pub tries a refused publish again for ever.
  return exec('mosquitto_pub', args, { timeout: 3000 });
}

const liveDevice = (field: string, value: unknown) =>
  live.some((m) => m.type === 'delta' && m.devices.some((d) => d.id === 'up-7' && d.values[field] === value));

const history = async (field: string) => {
  const query = `fields=${field}&from=${Date.now() - 600_000}&to=${Date.now() + 60_000}`;
  return await platform.api.get<HistoryResource>(`/devices/up-7/history?${query}`);
};

it('has an acknowledged reading in the history and on the socket', async () => {
  await publish(TOPIC, '{"waterDepth": 1.5, "barrierClosed": false}');
  await eventually(() => liveDevice('waterDepth', 1.5));
  await eventually(async () => {
    expect((await history('waterDepth')).fields['waterDepth']?.mean).toContain(1.5);
  });
});

it('takes the array form of a device that was offline, and times in both forms', async () => {
  const [early, late] = [Date.now() - 120_000, Date.now() - 60_000];
  const readings = [
    { ts: early, seq: 1, values: { batteryVoltage: 12.1 } },
    { ts: new Date(late).toISOString(), seq: 2, values: { batteryVoltage: 12.2 } },
  ];
  await publish(TOPIC, JSON.stringify(readings));
  await eventually(async () => {
    const { ts, fields } = await history('batteryVoltage');
    expect(fields['batteryVoltage']?.mean?.filter((value) => value !== null)).toEqual([12.1, 12.2]);
    expect(ts).toContain(early);
  });
});

it('refuses a wrong secret, nobody, and another device’s topic', async () => {
  await expect(publish(TOPIC, '{"waterDepth": 99}', { password: 'guess' })).rejects.toThrow(/not authori|bad user/i);
  const anonymous = ['-p', String(platform.mqttPort), '-q', '1', '-t', TOPIC, '-m', '{"waterDepth": 99}'];
  await expect(exec('mosquitto_pub', anonymous, { timeout: 3000 })).rejects.toThrow(/not authori/i);
  await expect(publish('city/riverside/flood/up-8/telemetry', '{"waterDepth": 99}')).rejects.toThrow();
  await expect(publish('haechi/anything', '{"waterDepth": 99}')).rejects.toThrow();
  expect((await history('waterDepth')).fields['waterDepth']?.max).not.toContain(99);
  const metrics = await (await fetch(`${platform.url}/metrics`)).text();
  for (const reason of ['wrong-secret', 'anonymous', 'topic-foreign', 'topic-malformed'])
    expect(metrics).toMatch(new RegExp(`haechi_mqtt_refused_total\\{reason="${reason}"\\} [1-9]`));
  expect(platform.output()).toContain('topic-foreign');
});

it('acknowledges a payload it cannot use, and sets it aside with its reason and its bytes', async () => {
  const bad: [string, string][] = [
    ['{"waterDepth": ', 'json-malformed'],
    ['{"wetness": 3}', 'field-unknown'],
    ['{"waterDepth": 5000}', 'out-of-range'],
    ['{"waterDepth": "deep"}', 'value-invalid'],
    ['{"ts": -2208988800000, "values": {"waterDepth": 3}}', 'ts-out-of-range'],
    ['{"waterDepth": 1e999}', 'value-invalid'],
    ['7', 'not-an-object'],
  ];
  for (const [payload] of bad) await publish(TOPIC, payload);
  await eventually(async () => {
    const { items } = await platform.api.get<{ items: DeadLetterResource[] }>('/dead-letters');
    for (const [payload, reason] of bad) {
      const letter = items.find((item) => item.text === payload);
      expect(letter, payload).toMatchObject({ device: 'up-7', topic: TOPIC });
      expect([reason, 'out-of-range'], payload).toContain(letter?.reason);
    }
  });
  const listed = await haechi(['dead-letters', '--url', platform.url, '--password', PASSWORD]);
  expect(listed.stdout).toContain('json-malformed');
});

it('refuses an oversized payload and notes it', async () => {
  await expect(publish(TOPIC, `{"waterDepth": 3, "x": "${'x'.repeat(100_000)}"}`)).rejects.toThrow();
  await eventually(async () => {
    const { items } = await platform.api.get<{ items: DeadLetterResource[] }>('/dead-letters?reason=payload-too-large');
    expect(items[0]?.device).toBe('up-7');
  });
});

it('raises an alert, pushes it, and finds it acknowledged after a restart', async () => {
  await publish(TOPIC, '{"waterDepth": 30, "barrierClosed": true}');
  const alert = await eventually(
    async () =>
      (await platform.api.get<{ items: AlertResource[] }>('/alerts')).items.find((a) => a.stage === 'serious') ?? false,
    { timeoutMs: 20_000 },
  );
  expect(alert).toMatchObject({ rule: 'underpass-flooded', device: 'up-7', value: 30, limit: 15 });
  await eventually(() => live.some((m) => m.type === 'delta' && m.alerts.some(({ id }) => id === alert.id)));

  await platform.api.change('POST', `/alerts/${alert.id}/acknowledge`, { comment: 'police are there' });
  await eventually(() =>
    live.some((m) => m.type === 'delta' && m.alerts.some(({ acknowledgedBy }) => acknowledgedBy === 'admin')),
  );
  expect(await platform.end()).toBe(0);

  platform = await startPlatform(data);
  const { items } = await platform.api.get<{ items: AlertResource[] }>('/alerts');
  expect(items.find(({ id }) => id === alert.id)).toMatchObject({ acknowledgedBy: 'admin', clearedAt: null });
  const device = await platform.api.get<{ state: { values: object } }>('/devices/up-7');
  expect(device.state.values).toMatchObject({ waterDepth: 30, barrierClosed: true });
});

it('loses nothing acknowledged and doubles no alert when it is killed', async () => {
  const depths = Array.from({ length: 40 }, (_, index) => 40 + index / 10);
  for (const [index, depth] of depths.entries()) {
    await publish(TOPIC, JSON.stringify({ ts: Date.now(), seq: index, values: { waterDepth: depth } }));
    if (index === 20) {
      await platform.end('SIGKILL');
      platform = await startPlatform(data);
    }
  }
  await platform.end('SIGKILL');
  platform = await startPlatform(data);
  await eventually(async () => {
    const stored = (await history('waterDepth')).fields['waterDepth']?.max ?? [];
    for (const depth of depths) expect(stored.filter((value) => value === depth)).toEqual([depth]);
  });
  const { items } = await platform.api.get<{ items: AlertResource[] }>('/alerts?state=all');
  expect(items.filter(({ rule }) => rule === 'underpass-flooded')).toHaveLength(1);
});

it('tells its state, and describes its interface', async () => {
  const state = await platform.api.get<PlatformResource>('/platform');
  expect(state).toMatchObject({ mode: 'live', devices: 1, troubles: [], journal: { accepting: true } });
  const openapi = (await (await fetch(`${platform.url}/api/openapi.json`)).json()) as {
    openapi: string;
    paths: Record<string, unknown>;
  };
  expect(openapi.openapi).toBe('3.1.0');
  expect(Object.keys(openapi.paths)).toContain('/api/v1/devices/{id}/history');
  expect((await fetch(`${platform.url}/api/docs`)).status).toBe(200);
  expect((await fetch(`${platform.url}/readyz`)).status).toBe(200);
  expect((await fetch(`${platform.url}/api/v1/devices`)).status).toBe(401);
});

it('ends with one clear line and code 1 where it cannot start', async () => {
  const taken = await haechi(
    ['start', '--data', join(data, 'other'), '--http-port', '0', '--mqtt-port', String(platform.mqttPort)],
    {
      HAECHI_LOG_LEVEL: 'silent',
    },
  );
  expect(taken.code).toBe(1);
  expect(taken.stderr).toMatch(/^haechi: MQTT port \d+ is taken by another program.*\n$/);

  const locked = await haechi(['start', '--data', data, '--http-port', '0', '--mqtt-port', '0'], {
    HAECHI_LOG_LEVEL: 'silent',
  });
  expect(locked.code).toBe(1);
  expect(locked.stderr).toMatch(/^haechi: the data folder .* is in use by another Haechi.*\n$/);

  const unwritable = await haechi(['start', '--data', '/proc/haechi', '--mqtt-port', '0'], {
    HAECHI_LOG_LEVEL: 'silent',
  });
  expect(unwritable.code).toBe(1);
  expect(unwritable.stderr).toMatch(/^haechi: the data folder \/proc\/haechi cannot be written.*\n$/);

  const wrong = await haechi(['start'], { HAECHI_MQTT_PORT: 'seven' });
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toMatch(/^haechi: setting HAECHI_MQTT_PORT is wrong: .*\n$/);
});
