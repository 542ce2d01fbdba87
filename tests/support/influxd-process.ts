/** Debian's own InfluxDB 1.6.7 for tests: a server of their own, on free ports and in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const INFLUXD = '/usr/bin/influxd';
const START_MS_MAX = 30_000;

export const influxdInstalled = existsSync(INFLUXD);

interface InfluxdOptions {
  /** User and password of an administrator, where it shall ask for one. */
  user?: string;
  password?: string;
  /** Largest body of a write, bytes. */
  bodySizeMax?: number;
  /** Most rows of an answer. */
  rowsMax?: number;
}

export class Influxd {
  readonly url: string;
  readonly #folder: string;
  readonly #authorization: Record<string, string>;
  #process: ChildProcess | undefined;

  private constructor(url: string, folder: string, { user = '', password = '' }: InfluxdOptions) {
    this.url = url;
    this.#folder = folder;
    this.#authorization = user ? { authorization: `Basic ${btoa(`${user}:${password}`)}` } : {};
  }

  static async start(options: InfluxdOptions = {}): Promise<Influxd> {
    const folder = mkdtempSync(join(tmpdir(), 'haechi-influxd-'));
    const [http, rpc] = await freePorts();
    writeFileSync(
      join(folder, 'influxd.conf'),
      `
reporting-disabled = true
bind-address = "127.0.0.1:${rpc}"
[meta]
dir = "${folder}/meta"
[data]
dir = "${folder}/data"
wal-dir = "${folder}/wal"
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:${http}"
log-enabled = false
auth-enabled = ${options.user !== undefined}
max-row-limit = ${options.rowsMax ?? 0}
max-body-size = ${options.bodySizeMax ?? 25_000_000}
[logging]
level = "error"
`,
    );
    const influxd = new Influxd(`http://127.0.0.1:${http}`, folder, options);
    await influxd.startAgain();
    if (options.user)
      await influxd.run(`CREATE USER ${options.user} WITH PASSWORD '${options.password}' WITH ALL PRIVILEGES`);
    return influxd;
  }

  /** On the same ports and data as before. */
  async startAgain(): Promise<void> {
    const child = spawn(INFLUXD, ['-config', join(this.#folder, 'influxd.conf')], { stdio: 'ignore' });
    this.#process = child;
    const deadline = performance.now() + START_MS_MAX;
    while (!(await answers(`${this.url}/ping`))) {
      if (child.exitCode !== null) throw new Error(`influxd ended with code ${child.exitCode}`);
      if (performance.now() > deadline) throw new Error(`influxd does not answer within ${START_MS_MAX} ms`);
      await sleep(50);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  async remove(): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** An InfluxQL statement; the rows of its answer. */
  async run(statement: string, database = ''): Promise<unknown[][]> {
    const response = await fetch(`${this.url}/query?${new URLSearchParams({ db: database, epoch: 'ms' })}`, {
      method: 'POST',
      headers: this.#authorization,
      body: new URLSearchParams({ q: statement }),
    });
    const answer = (await response.json()) as {
      error?: string;
      results?: { error?: string; series?: { values: unknown[][] }[] }[];
    };
    const error = answer.error ?? answer.results?.[0]?.error;
    if (error) throw new Error(error);
    return answer.results?.[0]?.series?.[0]?.values ?? [];
  }

  /** Lines as somebody else would write them. */
  async write(database: string, lines: string): Promise<void> {
    const response = await fetch(`${this.url}/write?db=${database}&precision=ms`, {
      method: 'POST',
      headers: this.#authorization,
      body: lines,
    });
    if (!response.ok) throw new Error(await response.text());
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false; // not listening yet
  }
}

async function freePorts(): Promise<number[]> {
  const servers = [createServer(), createServer()];
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports.push((server.address() as { port: number }).port);
  }
  for (const server of servers) server.close();
  return ports;
}
