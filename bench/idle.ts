/** What a connection costs that only pings: most of a city's devices, most of the time. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchCity } from './bench-city.ts';

const CONNECTIONS = 10_000;
/** Files that either process needs besides its sockets. */
const FILES_BESIDES = 300;
/** For the collector to let go of what starting and signing in left; in it come some pings of each connection. */
const SETTLE_MS = 45_000;

export interface IdleResult {
  connections: number;
  beforeMb: number;
  afterMb: number;
  kbEach: number;
  notes: string[];
}

function openFilesMax(): number {
  const limits = existsSync('/proc/self/limits') ? readFileSync('/proc/self/limits', 'utf8') : '';
  // Node raises its own soft limit to the hard one at its start.
  return Number(/Max open files\s+\d+\s+(\d+)/.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
}

function held(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`the connections' holder ended with ${code}`)));
  });
}

export async function benchIdle(): Promise<IdleResult> {
  const count = Math.min(CONNECTIONS, openFilesMax() - FILES_BESIDES);
  const notes =
    count < CONNECTIONS ? [`fewer connections: this machine allows ${openFilesMax()} open files (ulimit -n)`] : [];
  const folder = mkdtempSync(join(tmpdir(), 'haechi-bench-'));
  const city = await BenchCity.start(folder);
  const child = fork(join(import.meta.dirname, 'idle-holder.ts'));
  try {
    await sleep(SETTLE_MS);
    const beforeMb = city.residentMb;
    child.send({ port: city.port, connections: city.nextEntries(count) });
    await held(child);
    await sleep(SETTLE_MS);
    const { connections } = await city.status();
    if (connections !== count) throw new Error(`${connections} of ${count} connections are there`);
    const afterMb = city.residentMb;
    return { connections, beforeMb, afterMb, kbEach: ((afterMb - beforeMb) * 1000) / connections, notes };
  } finally {
    child.removeAllListeners('exit');
    child.kill();
    await city.end();
    rmSync(folder, { recursive: true, force: true });
  }
}
