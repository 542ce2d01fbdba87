import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { silentLog } from '@haechi/core';
import { Aedes, type AuthenticateError } from 'aedes';
import { afterEach, expect, it, vi } from 'vitest';
import { buildDemoCity } from './demo-city.ts';
import { runSimulation, type Simulation } from './runner.ts';

const demoCity = buildDemoCity({ lights: 30, vehicles: 5 });
const refusedDevice = 'RG-1';

interface Heard {
  brokerUrl: string;
  telemetry: Map<string, { ts: number; seq: number }[]>;
  status: Map<string, string[]>;
  server: Server;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function startBroker(): Promise<Heard> {
  const broker = await Aedes.createBroker();
  broker.authenticate = (client, username, password, done) => {
    const isRight = username === client.id && password?.toString() === `secret-${client.id}`;
    const refusal = Object.assign(new Error('bad credentials'), { returnCode: 5 }) as AuthenticateError;
    if (isRight) done(null, true);
    else done(refusal, false);
  };
  const server = createServer(broker.handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const heard: Heard = {
    brokerUrl: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    telemetry: new Map(),
    status: new Map(),
    server,
  };
  broker.on('publish', ({ topic, payload }) => {
    const [root, , , device = '', channel] = topic.split('/');
    if (root !== 'city') return;
    const message = JSON.parse(payload.toString()) as { ts: number; seq: number; state: string };
    if (channel === 'telemetry') heard.telemetry.set(device, [...(heard.telemetry.get(device) ?? []), message]);
    else heard.status.set(device, [...(heard.status.get(device) ?? []), message.state]);
  });
  closers.push(async () => {
    server.close();
    await new Promise<void>((resolve) => broker.close(() => resolve()));
  });
  return heard;
}

async function start(brokerUrl: string, speed: number): Promise<Simulation> {
  const credentials = new Map(demoCity.devices.map(({ id }) => [id, `secret-${id}`]));
  credentials.set(refusedDevice, 'wrong');
  const startMs = Date.UTC(2026, 6, 24, 13);
  const simulation = await runSimulation({
    demoCity,
    brokerUrl,
    credentials,
    speed,
    startMs,
    seed: 7,
    log: silentLog(),
  });
  closers.push(() => simulation.stop());
  return simulation;
}

it('brings every device online and has each reading acknowledged', async () => {
  const { brokerUrl, telemetry, status } = await startBroker();
  const begun = Date.now();
  const simulation = await start(brokerUrl, 20);
  const expected = demoCity.devices.length - 1;
  await vi.waitFor(() => expect(telemetry.size).toBeGreaterThanOrEqual(expected), { timeout: 10_000 });
  expect(simulation.stats().refused).toBeGreaterThan(0);
  expect(telemetry.has(refusedDevice)).toBe(false);

  await simulation.stop();
  const { connected, published, acknowledged } = simulation.stats();
  expect(connected).toBe(0);
  expect(acknowledged).toBeLessThanOrEqual(published);
  for (const messages of telemetry.values()) {
    expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_, i) => i + 1));
    for (const { ts } of messages) expect(ts).toBeGreaterThanOrEqual(begun);
    for (const { ts } of messages) expect(ts).toBeLessThanOrEqual(Date.now());
  }
  for (const states of status.values()) expect(states.at(-1)).toBe('offline');
});

it('breaks the socket of a device that is cut off, so that its will is heard, and comes back', async () => {
  const { brokerUrl, status } = await startBroker();
  // At 100 times the speed the gauge is cut off after 2.4 s and is back at 5.4 s.
  await start(brokerUrl, 100);
  await vi.waitFor(() => expect(status.get('RN-4')).toEqual(['online', 'offline', 'online']), { timeout: 15_000 });
}, 20_000);
