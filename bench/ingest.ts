/** How many readings a second are taken in, beside bare brokers under the same load, in one run on one machine. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlatformResource } from '../dashboard/server/contract.ts';
import { startPlatform } from '../tests/support/platform.ts';
import type { LoadResult, LoadTask } from './loader.ts';

const CONNECTIONS = 50;
const DEVICES = 10_000;
const WARM_UP_MS = 2000;
const MEASURE_MS = 8000;
const MOSQUITTO = '/usr/sbin/mosquitto';
const AEDES_PORT = 42_883;
const MOSQUITTO_PORT = 42_884;

export interface Row {
  name: string;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** How far the store was behind when the load ended, messages, and how long it took to catch up. */
  lag?: number;
  caughtUpMs?: number;
}

const idOf = (index: number) => `light-${index}`;
const entry = (index: number, secret: string) => ({
  id: idOf(index),
  secret,
  topic: `city/centre/street-light/${idOf(index)}/telemetry`,
});
const anybody = Array.from({ length: CONNECTIONS }, (_, index) => entry(index, 'secret'));

function load(task: Omit<LoadTask, 'warmUpMs' | 'measureMs'>): Promise<LoadResult> {
  const child = fork(join(import.meta.dirname, 'loader.ts'));
  child.send({ warmUpMs: WARM_UP_MS, measureMs: MEASURE_MS, ...task });
  return new Promise((resolve, reject) => {
    child.once('message', (result: LoadResult) => resolve(result));
    child.once('exit', (code) => reject(new Error(`the loader ended with ${code}`)));
  });
}

async function untilOpen(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nothing listens on ${port}`);
}

async function bare(name: string, child: ChildProcess, port: number): Promise<Row[]> {
  try {
    await untilOpen(port);
    const rows: Row[] = [];
    for (const inflight of [20, 100]) {
      rows.push({
        name: `${name}, QoS 1, ${inflight} in flight`,
        ...(await load({ port, connections: anybody, qos: 1, inflight })),
      });
    }
    return rows;
  } finally {
    child.kill();
  }
}

function startMosquitto(folder: string): ChildProcess {
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(
    file,
    `listener ${MOSQUITTO_PORT} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 0\nmax_queued_messages 0\n`,
  );
  return spawn(MOSQUITTO, ['-c', file], { stdio: 'ignore' });
}

async function haechi(folder: string): Promise<Row[]> {
  const platform = await startPlatform(join(folder, 'data'), { env: { HAECHI_LOG_LEVEL: 'error' } });
  try {
    const devices = Array.from({ length: DEVICES }, (_, index) => ({
      ...{ id: idOf(index), domain: 'street-light', kind: 'light', district: 'centre', name: `Light ${index}` },
      ...{ latitude: 37.5, longitude: 127, intervalS: 30, attributes: { ratedPowerW: 100 } },
    }));
    const made = await platform.api.change<{ items: { id: string; secret: string }[] }>('POST', '/devices', {
      devices,
    });
    const connections = made.items.slice(0, CONNECTIONS).map(({ secret }, index) => entry(index, secret));
    const port = platform.mqttPort;
    const rows: Row[] = [];
    const measure = async (name: string, task: Pick<LoadTask, 'qos' | 'inflight' | 'rate'>) => {
      const result = await load({ port, connections, ...task });
      const from = performance.now();
      const lag = await behind(platform.api);
      while ((await behind(platform.api)) > 0) await new Promise((resolve) => setTimeout(resolve, 50));
      rows.push({ name, ...result, lag, caughtUpMs: performance.now() - from });
      return result;
    };
    await measure('Haechi, QoS 1, 20 in flight', { qos: 1, inflight: 20 });
    const full = await measure('Haechi, QoS 1, 100 in flight', { qos: 1, inflight: 100 });
    await measure('Haechi, QoS 1, half of that rate', { qos: 1, inflight: 100, rate: full.perSecond / 2 });
    return rows;
  } finally {
    await platform.end();
  }
}

async function behind(api: { get<T>(path: string): Promise<T> }): Promise<number> {
  const { journal } = await api.get<PlatformResource>('/platform');
  return journal.head - Math.min(...Object.values(journal.cursors));
}

export async function benchIngest(): Promise<{ rows: Row[]; ratios: Record<string, number> }> {
  const folder = mkdtempSync(join(tmpdir(), 'haechi-bench-'));
  try {
    const aedes = fork(join(import.meta.dirname, 'bare-aedes.ts'), [String(AEDES_PORT)]);
    const rows = await bare('bare aedes', aedes, AEDES_PORT);
    if (existsSync(MOSQUITTO)) rows.push(...(await bare('mosquitto', startMosquitto(folder), MOSQUITTO_PORT)));
    rows.push(...(await haechi(folder)));
    const rate = (name: string) => rows.find((row) => row.name === name)?.perSecond ?? Number.NaN;
    const ratios = {
      'Haechi to bare aedes, 20 in flight':
        rate('Haechi, QoS 1, 20 in flight') / rate('bare aedes, QoS 1, 20 in flight'),
      'Haechi to bare aedes, 100 in flight':
        rate('Haechi, QoS 1, 100 in flight') / rate('bare aedes, QoS 1, 100 in flight'),
    };
    return { rows, ratios };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
