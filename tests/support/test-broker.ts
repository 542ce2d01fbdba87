/** Test only: a broker on a free port with a few devices, and a device's raw and comfortable way to talk to it. */
import { connect as connectSocket, type Socket } from 'node:net';
import { createMetrics, type Device, type Metrics, silentLog } from '@haechi/core';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { onTestFinished } from 'vitest';
import { type Admission, Broker, type BrokerOptions } from '../../broker/broker.ts';
import { tempFolder } from './temp-folder.ts';

export const SECRET = 'a secret';

export function device(id: string, more: Partial<Device> = {}): Device {
  const place = { district: 'mapo', latitude: 37.5, longitude: 127, parent: null };
  return { id, domain: 'flood', kind: 'underpass', name: id, intervalS: 30, attributes: {}, ...place, ...more };
}

export interface TestCity {
  broker: Broker;
  metrics: Metrics;
  devices: Map<string, Device>;
  /** What was admitted, newest last. */
  admitted: Admission[];
  /** What waits for an answer while `hold` is set. */
  held: ((error?: Error) => void)[];
  hold: boolean;
  oversized: { device: string; size: number }[];
  refused(reason: string): Promise<number>;
  connect(id: string, options?: IClientOptions): Promise<MqttClient>;
}

export async function startCity(more: Partial<BrokerOptions> = {}): Promise<TestCity> {
  const metrics = createMetrics();
  const devices = new Map(['lamp-1', 'lamp-2'].map((id) => [id, device(id)]));
  const city: Omit<TestCity, 'broker'> = {
    metrics,
    devices,
    admitted: [],
    held: [],
    hold: false,
    oversized: [],
    refused: async (reason) =>
      (await metrics.refused.get()).values.find(({ labels }) => labels.reason === reason)?.value ?? 0,
    connect: (id, options = {}) => connectTo(city as TestCity, id, options),
  };
  const broker = await Broker.start({
    host: '127.0.0.1',
    port: 0,
    folder: tempFolder(),
    identities: {
      authenticate: (id, secret) => (Buffer.from(secret).toString() === SECRET ? devices.get(id) : undefined),
      get: (id) => devices.get(id),
    },
    admit: (message, done) => {
      city.admitted.push(message);
      if (city.hold) city.held.push(done);
      else setImmediate(done);
    },
    onOversize: (found, size) => city.oversized.push({ device: found.id, size }),
    payloadSizeMax: 1024,
    inflightMax: 10,
    connectionsMax: 50,
    log: silentLog(),
    metrics,
    ...more,
  });
  onTestFinished(() => {
    for (const done of city.held.splice(0)) done(new Error('the test is over'));
    return broker.close();
  });
  return Object.assign(city, { broker });
}

async function connectTo(city: TestCity, id: string, options: IClientOptions): Promise<MqttClient> {
  const client = await connectAsync(`mqtt://127.0.0.1:${city.broker.port}`, {
    clientId: id,
    username: id,
    password: SECRET,
    reconnectPeriod: 0,
    ...options,
  });
  client.on('error', () => undefined); // seen by what a test waits for
  onTestFinished(() => void client.end(true));
  return client;
}

/** A socket with all that came back on it. */
export function rawSocket(port: number): Promise<{ socket: Socket; received: () => Buffer; closed: () => boolean }> {
  const socket = connectSocket(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const chunks: Buffer[] = [];
  let closed = false;
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => undefined); // a reset is one way of being hung up on
  socket.on('close', () => {
    closed = true;
  });
  const opened = { socket, received: () => Buffer.concat(chunks), closed: () => closed };
  return new Promise((resolve, reject) => socket.once('connect', () => resolve(opened)).once('error', reject));
}
