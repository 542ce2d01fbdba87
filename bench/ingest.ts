/** How many readings a second are taken in, beside bare brokers under the same load, in one run on one machine. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Influxd, influxdInstalled } from '../tests/support/influxd-process.ts';
import { BenchCity, type Entry, groupsBehind } from './bench-city.ts';
import { type CpuTime, cpuTimeOf, perMessage } from './cpu-time.ts';
import type { LoadResult, LoadTask } from './loader.ts';

const CONNECTIONS = 50;
/** More, for a long run: a device's readings are a millisecond apart, and must not run ahead of the clock. */
const WATCHED_CONNECTIONS = 250;
const WARM_UP_MS = 1500;
const MEASURE_MS = 5000;
const MINUTE_MS = 60_000;
const MOSQUITTO = '/usr/sbin/mosquitto';
const AEDES_PORT = 42_883;
const MOSQUITTO_PORT = 42_884;

export interface Row extends LoadResult {
  name: string;
  /** Processor time for one message by thread, microseconds, until it is stored; without the loader's. */
  cpuUs: CpuTime;
  /** How far the slower reader was behind when the load ended, and how long it took to catch up. */
  lagMessages?: number;
  lagGroups?: number;
  caughtUpMs?: number;
}

export interface MemoryMinute {
  minute: number;
  residentMb: number;
  lagMessages: number;
}

export interface IngestResult {
  rows: Row[];
  ratios: Record<string, number>;
  memory: MemoryMinute[];
  notes: string[];
}

type Load = Pick<LoadTask, 'qos' | 'inflight' | 'rate'> & { measureMs?: number; connectionCount?: number };

const anybody: Entry[] = Array.from({ length: CONNECTIONS }, (_, index) => ({
  ...{ id: `light-${index}`, secret: 'secret', topic: `city/centre/street-light/light-${index}/telemetry` },
}));

/** `measuring` is called when the warm-up is over. */
function run(task: LoadTask, measuring: () => void): Promise<LoadResult> {
  const child = fork(join(import.meta.dirname, 'loader.ts'));
  child.send(task);
  return new Promise((resolve, reject) => {
    child.on('message', (message: LoadResult | { measuring: true }) => {
      if ('measuring' in message) measuring();
      else resolve(message);
    });
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
    await sleep(100);
  }
  throw new Error(`nothing listens on ${port}`);
}

const LOADS: readonly [string, Load][] = [
  ['QoS 1, 20 in flight', { qos: 1, inflight: 20 }],
  ['QoS 1, 100 in flight', { qos: 1, inflight: 100 }],
  ['QoS 0', { qos: 0, inflight: 0 }],
];

async function bare(name: string, child: ChildProcess, port: number): Promise<Row[]> {
  try {
    await untilOpen(port);
    const rows: Row[] = [];
    for (const [what, load] of LOADS) {
      const pid = child.pid ?? 0;
      let before: CpuTime = {};
      const task = { port, connections: anybody, warmUpMs: WARM_UP_MS, measureMs: MEASURE_MS, ...load };
      const result = await run(task, () => {
        before = cpuTimeOf(pid);
      });
      const messages = (result.perSecond * MEASURE_MS) / 1000;
      rows.push({ name: `${name}, ${what}`, ...result, cpuUs: perMessage(before, cpuTimeOf(pid), messages) });
    }
    return rows;
  } finally {
    child.kill();
  }
}

function bareAedes(when: string): Promise<Row[]> {
  const child = fork(join(import.meta.dirname, 'bare-aedes.ts'), [String(AEDES_PORT)]);
  return bare(`bare aedes ${when}`, child, AEDES_PORT);
}

function mosquitto(folder: string): Promise<Row[]> {
  const file = join(folder, 'mosquitto.conf');
  const limits = 'allow_anonymous true\nmax_inflight_messages 0\nmax_queued_messages 0\n';
  writeFileSync(file, `listener ${MOSQUITTO_PORT} 127.0.0.1\n${limits}`);
  return bare('mosquitto', spawn(MOSQUITTO, ['-c', file], { stdio: 'ignore' }), MOSQUITTO_PORT);
}

async function measure(city: BenchCity, name: string, load: Load): Promise<Row> {
  const connections = city.nextEntries(load.connectionCount ?? CONNECTIONS);
  const task = { port: city.port, warmUpMs: WARM_UP_MS, measureMs: MEASURE_MS, ...load, connections };
  const atStart = await city.status();
  const cpuAtStart = cpuTimeOf(city.pid);
  // By the platform's own count: what a QoS 0 sender got rid of says little about what was taken.
  let counted = Promise.resolve({ accepted: 0, at: 0 });
  const count = async () => ({ accepted: (await city.status()).messagesAccepted, at: performance.now() });
  const result = await run(task, () => {
    counted = count();
  });
  const atEnd = await city.status();
  const ended = performance.now();
  const from = await counted;
  const stored = await city.caughtUp();
  const perSecond = ((atEnd.messagesAccepted - from.accepted) / (ended - from.at)) * 1000;
  const messages = stored.messagesAccepted - atStart.messagesAccepted;
  return {
    ...{ name, ...result, perSecond: load.qos === 0 ? perSecond : result.perSecond },
    cpuUs: perMessage(cpuAtStart, cpuTimeOf(city.pid), messages),
    lagMessages: atEnd.ledger.pending,
    lagGroups: groupsBehind(atEnd),
    caughtUpMs: performance.now() - ended,
  };
}

/** Memory and lag at each minute of a long load. */
async function watch(city: BenchCity, minutes: number, rate: number): Promise<{ row: Row; memory: MemoryMinute[] }> {
  const memory: MemoryMinute[] = [];
  const look = async () => {
    const { ledger } = await city.status();
    memory.push({ minute: memory.length, residentMb: city.residentMb, lagMessages: ledger.pending });
  };
  await look();
  const timer = setInterval(() => void look(), MINUTE_MS);
  try {
    const load: Load = {
      qos: 1,
      inflight: 100,
      rate,
      measureMs: minutes * MINUTE_MS,
      connectionCount: WATCHED_CONNECTIONS,
    };
    return { row: await measure(city, `Haechi, at 0.5 of bare aedes, ${minutes} min`, load), memory };
  } finally {
    clearInterval(timer);
  }
}

async function inCity<T>(folder: string, env: NodeJS.ProcessEnv, use: (city: BenchCity) => Promise<T>): Promise<T> {
  const city = await BenchCity.start(folder, env);
  try {
    return await use(city);
  } finally {
    await city.end();
  }
}

async function withInfluxDb(folder: string): Promise<Row> {
  const influxd = await Influxd.start();
  try {
    await influxd.run('CREATE DATABASE haechi');
    const env = { HAECHI_STORE: 'influxdb', INFLUX_URL: influxd.url, INFLUX_BUCKET: 'haechi' };
    return await inCity(folder, env, (city) =>
      measure(city, 'Haechi with InfluxDB, QoS 1, 100 in flight', { qos: 1, inflight: 100 }),
    );
  } finally {
    await influxd.remove();
  }
}

/** @param minutes how long memory is watched at half of bare aedes' rate; 0 leaves it out. */
export async function benchIngest(minutes: number): Promise<IngestResult> {
  const folder = mkdtempSync(join(tmpdir(), 'haechi-bench-'));
  const notes: string[] = [];
  try {
    const rows = await bareAedes('before');
    if (existsSync(MOSQUITTO)) rows.push(...(await mosquitto(folder)));
    else notes.push('mosquitto is not installed: left out');
    const rate = (name: string) => rows.find((row) => row.name === name)?.perSecond ?? Number.NaN;

    const memory = await inCity(join(folder, 'duckdb'), {}, async (city) => {
      for (const [what, load] of LOADS) rows.push(await measure(city, `Haechi, ${what}`, load));
      // What it bears for good, not only acknowledges: here its store has to keep pace.
      const steady = (part: number) => rate('bare aedes before, QoS 1, 20 in flight') * part;
      for (const part of [0.5, 0.75]) {
        const load: Load = { qos: 1, inflight: 100, rate: steady(part) };
        rows.push(await measure(city, `Haechi, at ${part} of bare aedes`, load));
      }
      if (minutes === 0) return [];
      const watched = await watch(city, minutes, steady(0.5));
      rows.push(watched.row);
      return watched.memory;
    });
    if (influxdInstalled) rows.push(await withInfluxDb(join(folder, 'influxdb')));
    else notes.push('InfluxDB is not installed: left out');
    // The machine drifts: what Haechi is held against is the mean of before and after.
    rows.push(...(await bareAedes('after')));
    const ratios = Object.fromEntries(
      LOADS.map(([what]) => {
        const aedes = (rate(`bare aedes before, ${what}`) + rate(`bare aedes after, ${what}`)) / 2;
        return [`Haechi to bare aedes, ${what}`, rate(`Haechi, ${what}`) / aedes] as const;
      }),
    );
    return { rows, ratios, memory, notes };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
