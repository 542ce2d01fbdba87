/** One InfluxDB of version 1, 2 or 3: what differs between them is in here, and nothing else is. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { HaechiError } from '@haechi/core';
import { InfluxDB } from '@influxdata/influxdb-client';
import { type InfluxPlace, missingBucket, storeError } from './influx-errors.ts';

export interface InfluxSettings {
  url: string;
  /** For 1.x: `user:password`, or nothing where the server asks for none. */
  token: string;
  org: string;
  bucket: string;
  /** Longest silence of the server before a request counts as failed. */
  timeoutMs?: number;
}

type Cell = number | string | boolean | null;
interface QueryAnswer {
  results?: { series?: { values: Cell[][]; partial?: boolean }[]; error?: string }[];
  error?: string;
}

/** Two such silences fit into the 30 s that the platform takes for closing. */
const TIMEOUT_MS = 10_000;
/** 1.x marks the first chunk of a long answer as partial, and leaves the mark on the whole; a shorter answer was cut off. */
const CHUNK_ROWS = 10_000;
const ADDRESS_LENGTH_MAX = 2000;

export class InfluxServer {
  readonly version: string;
  readonly place: InfluxPlace;
  readonly #client: InfluxDB;
  readonly #agent: HttpAgent;
  readonly #writePath: string;
  #mapping: Promise<void> | undefined;

  private constructor(client: InfluxDB, agent: HttpAgent, version: string, place: InfluxPlace) {
    const { org, bucket, major } = place;
    this.version = version;
    this.place = place;
    this.#client = client;
    this.#agent = agent;
    this.#writePath =
      major === 1
        ? `/write?${new URLSearchParams({ db: bucket, precision: 'ms' })}`
        : `/api/v2/write?${new URLSearchParams({ org, bucket, precision: 'ms' })}`;
  }

  /**
   * Asks who is there and whether we may write into the bucket.
   * @throws HaechiError STORE_UNREACHABLE while nobody answers, STORE_REFUSED for a wrong token or a bucket that is not there.
   */
  static async connect(settings: InfluxSettings): Promise<InfluxServer> {
    const { token, org, bucket, timeoutMs = TIMEOUT_MS } = settings;
    const url = settings.url.replace(/\/$/, '');
    const place = { url: shown(url), org, bucket, major: 0 };
    const agent = url.startsWith('https:') ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
    const connection = { url, timeout: timeoutMs, transportOptions: { agent } };
    try {
      const pinging = new InfluxDB(token ? { ...connection, token } : connection);
      const version = await ping(pinging);
      place.major = Number.parseInt(version, 10) || 2; // 2.0 builds exist that do not say
      // 1.x up to 1.7 knows no Token scheme, and every 1.x knows Basic.
      const basic = { authorization: `Basic ${Buffer.from(token).toString('base64')}` };
      const client = place.major === 1 && token ? new InfluxDB({ ...connection, headers: basic }) : pinging;
      const server = new InfluxServer(client, agent, version, place);
      await server.#probe();
      return server;
    } catch (cause) {
      agent.destroy();
      throw storeError(cause, place);
    }
  }

  /** Ends what is under way. The client leaves a request that timed out on its socket: a late write, and a process that does not end. */
  close(): void {
    this.#agent.destroy();
  }

  /** An empty write: bucket and rights are looked at before the body, of which 2.x and 3.x then say that it is empty. */
  async #probe(): Promise<void> {
    try {
      await this.#request('POST', this.#writePath);
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode !== 400) throw error;
    }
  }

  /**
   * Sends all lines in one request.
   * @throws the client's error as it is, for whoever knows what to do with the lines.
   */
  async write(lines: readonly string[]): Promise<void> {
    const { org, bucket } = this.place;
    // The client sends by itself, and loses what fails, once a batch is full: ours never is. And it has no say in retries.
    const api = this.#client.getWriteApi(org, bucket, 'ms', {
      batchSize: lines.length + 1,
      maxBatchBytes: Number.POSITIVE_INFINITY,
      flushInterval: 0,
      maxRetries: 0,
      writeFailed: (error) => Promise.reject(error), // instead of its own log line
    });
    api.path = this.#writePath;
    api.writeRecords([...lines]);
    await api.close();
  }

  /** Rows of an InfluxQL statement that gives one series, times in milliseconds. */
  async query(statement: string, mapped = false): Promise<Cell[][]> {
    const answer = (await this.#ask(statement)) as QueryAnswer | undefined;
    const [result] = answer?.results ?? [];
    const error = answer?.error ?? result?.error;
    if (error !== undefined) {
      if (!/not found|no dbrp mapping/i.test(error)) {
        throw new HaechiError('STORE_REFUSED', `InfluxDB at ${this.place.url} refuses a query: ${error}`);
      }
      if (this.place.major !== 2 || mapped) throw missingBucket(this.place, new Error(error));
      this.#mapping ??= this.#mapBucket();
      await this.#mapping;
      return await this.query(statement, true);
    }
    const [series] = result?.series ?? [];
    if (series?.partial && series.values.length < CHUNK_ROWS) {
      throw new HaechiError(
        'STORE_REFUSED',
        `InfluxDB at ${this.place.url} cuts answers short: raise its max-row-limit`,
      );
    }
    return series?.values ?? [];
  }

  /** A long list of devices does not fit into an address: some proxies take 8 KB, and few take more. */
  #ask(statement: string): Promise<unknown> {
    const what = { db: this.place.bucket, epoch: 'ms' };
    if (statement.length <= ADDRESS_LENGTH_MAX) {
      return this.#request('GET', `/query?${new URLSearchParams({ ...what, q: statement })}`);
    }
    return this.#client.transport.request(
      `/query?${new URLSearchParams(what)}`,
      new URLSearchParams({ q: statement }).toString(),
      {
        method: 'POST',
        headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      },
    );
  }

  /** InfluxQL on 2.x knows databases, not buckets. Since 2.3 every bucket is one of itself; before, it has to be told. */
  async #mapBucket(): Promise<void> {
    const { org, bucket, url } = this.place;
    const what = `/api/v2/buckets?${new URLSearchParams({ org, name: bucket })}`;
    try {
      const { buckets } = (await this.#request('GET', what)) as { buckets: { id: string; orgID: string }[] };
      const [found] = buckets;
      if (!found) throw missingBucket(this.place, undefined);
      const mapping = { bucketID: found.id, orgID: found.orgID, database: bucket, retention_policy: 'autogen' };
      await this.#request('POST', '/api/v2/dbrps', { ...mapping, default: true });
    } catch (cause) {
      this.#mapping = undefined;
      const error = storeError(cause, this.place);
      const todo = `influx v1 dbrp create --db "${bucket}" --rp autogen --default --bucket-id <the bucket's>`;
      const message = `InfluxDB at ${url} needs a DBRP mapping for reading, and making it failed (${error.message}): ${todo}`;
      throw new HaechiError(error.code, message, { cause });
    }
  }

  #request(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
    return this.#client.transport.request(path, body, { method, headers: { accept: 'application/json' } });
  }
}

/** The version, `1.6.7~rc0` or `2.7.11`; empty where it is not told. */
async function ping(client: InfluxDB): Promise<string> {
  let version: unknown;
  await client.transport.request('/ping', undefined, { method: 'GET' }, (headers) => {
    version = headers['x-influxdb-version'];
  });
  return typeof version === 'string' ? version.replace(/^v/, '') : '';
}

function shown(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/$/, '');
}
