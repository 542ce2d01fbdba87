/**
 * The embedded telemetry store: DuckDB, one wide table a system, the columns taken from its model. Readings and the position in
 * the journal are committed in one transaction, so a crash neither loses nor doubles a group. Days that are over are sealed
 * into Parquet files and roll-ups (duckdb-days.ts).
 */
import { mkdirSync } from 'node:fs';
import { cp, link, mkdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, listValue, version } from '@duckdb/node-api';
import { type DomainModel, HaechiError, messageOf, type Reading, type Values } from '@haechi/core';
import { Days, dayOf, dayTable, oldestDay } from './duckdb-days.ts';
import { exportRows } from './duckdb-export.ts';
import { askOf, readGroup, readRange, type Store } from './duckdb-range.ts';
import { appendRows, ensureReadings, fileOf, newestReceived, type Table, tableOf } from './duckdb-table.ts';
import { markGaps } from './gaps.ts';
import { DAY_MS } from './intervals.ts';
import { type LookUp, pointKey, SeenPoints } from './seen-points.ts';
import type {
  DayCount,
  ExportQuery,
  GroupQuery,
  RangeQuery,
  RangeResult,
  Retention,
  StorePosition,
  TelemetryStore,
} from './telemetry-store.ts';

const MEMORY_LIMIT = '1GB';
/**
 * How much of the write-ahead log is read again after a crash at most. A checkpoint writes blocks that are not full yet anew:
 * at DuckDB's own 16 MB it took 12 of the 48 ms that 8,192 readings of 13 fields cost.
 */
const CHECKPOINT_THRESHOLD = '64MB';
const FILE = 'telemetry.duckdb';
const FOREVER: Retention = { raw: 1e6, minute: 1e6, hour: 1e6, day: 1e6 };

export interface DuckDbStoreOptions {
  /** Days that each resolution of a system is kept; for ever where it is absent. */
  retention?: (domain: string) => Retention;
}

interface Connections {
  writer: DuckDBConnection;
  reader: DuckDBConnection;
  keeper: DuckDBConnection;
}

export class DuckDbStore implements TelemetryStore {
  readonly description = `DuckDB ${version()}`;
  readonly #folder: string;
  readonly #instance: DuckDBInstance;
  readonly #connections: Connections;
  readonly #tables: Map<string, Table>;
  readonly #days: Days;
  readonly #retention: (domain: string) => Retention;
  readonly #seen = new SeenPoints();
  readonly #keptSince = new Map<string, number>();
  /** Sealing and copying take their turns. */
  #keeping: Promise<unknown> = Promise.resolve();
  #reading: Promise<unknown> = Promise.resolve();

  private constructor(
    folder: string,
    instance: DuckDBInstance,
    connections: Connections,
    tables: Map<string, Table>,
    days: Days,
    { retention = () => FOREVER }: DuckDbStoreOptions,
  ) {
    this.#folder = folder;
    this.#instance = instance;
    this.#connections = connections;
    this.#tables = tables;
    this.#days = days;
    this.#retention = retention;
  }

  /**
   * Opens or makes `folder/telemetry.duckdb` and brings its columns up to the models.
   * @throws HaechiError DATA_FOLDER
   */
  static async open(
    folder: string,
    models: readonly DomainModel[],
    options: DuckDbStoreOptions = {},
  ): Promise<DuckDbStore> {
    const path = join(folder, FILE);
    try {
      mkdirSync(folder, { recursive: true });
      const instance = await DuckDBInstance.create(path, {
        memory_limit: MEMORY_LIMIT,
        checkpoint_threshold: CHECKPOINT_THRESHOLD,
        threads: '2',
      });
      const connect = () => instance.connect();
      const connections = { writer: await connect(), reader: await connect(), keeper: await connect() };
      const { writer, keeper } = connections;
      await ensurePosition(writer);
      const tables = new Map<string, Table>();
      for (const model of models) tables.set(model.id, await ensureReadings(writer, tableOf(model)));
      const days = await Days.open(folder, keeper, tables.values());
      for (const domain of tables.keys()) await days.tidy(domain);
      const store = new DuckDbStore(folder, instance, connections, tables, days, options);
      await store.#noteNewest();
      return store;
    } catch (cause) {
      throw new HaechiError('DATA_FOLDER', `the telemetry store ${path} cannot be opened: ${messageOf(cause)}`, {
        cause,
      });
    }
  }

  async #noteNewest(): Promise<void> {
    for (const table of this.#tables.values()) {
      const { domain, name } = table;
      // Of sealed days the roll-up tells the day, and nothing of it is newer than its end.
      const newest = `SELECT device, max(ts) FROM ${name} GROUP BY device UNION ALL
        SELECT names.device, max(ts) + ${DAY_MS - 1} FROM ${dayTable(table)} AS rolled
        JOIN device_numbers AS names ON names.number = rolled.device GROUP BY names.device`;
      const rows = (await this.#connections.reader.runAndReadAll(newest)).getRows();
      for (const [device, ts] of rows) this.#seen.note({ domain, device: String(device), ts: Number(ts) });
    }
  }

  async position(): Promise<StorePosition> {
    return await readPosition(this.#connections.writer);
  }

  async unseen(readings: readonly Reading[]): Promise<Reading[]> {
    return await this.#seen.unseen(readings, this.#lookUp);
  }

  readonly #lookUp: LookUp = async (readings) => {
    const shown = new Map<string, Values>();
    const [first] = readings;
    if (!first) return shown;
    const { name, domain, fields } = this.#table(first.domain);
    const asked = [listValue(readings.map(({ device }) => device)), listValue(readings.map(({ ts }) => BigInt(ts)))];
    const days = [...new Set(readings.map(({ ts }) => dayOf(ts)))];
    const newest = [...fields.keys()].map(newestReceived).join(', ');
    const points = await this.#days.steadily(async () => {
      const files = days
        .filter((day) => this.#days.sealed(domain).get(day)?.raw)
        .map((day) => `SELECT *, -1 AS place FROM ${fileOf(this.#days.file(domain, 'raw', day))}`);
      const rows = [`SELECT *, rowid AS place FROM ${name}`, ...files].join(' UNION ALL BY NAME ');
      const sql = `SELECT device, ts, ${newest} FROM (${rows})
        JOIN (SELECT DISTINCT unnest($1) AS device, unnest($2) AS ts) AS asked USING (device, ts) GROUP BY device, ts`;
      // On the writer's connection: the intake does not queue behind somebody's history.
      return (await this.#connections.writer.runAndReadAll(sql, asked)).getRowObjects();
    });
    for (const { device, ts, ...values } of points) {
      shown.set(pointKey({ device: String(device), ts: Number(ts) }), values as Values);
    }
    return shown;
  };

  keptSince(domain: string): number {
    return this.#keptSince.get(domain) ?? Number.NEGATIVE_INFINITY;
  }

  async append(readings: readonly Reading[], position: StorePosition, counts: readonly DayCount[]): Promise<void> {
    const { writer } = this.#connections;
    const told: (() => void)[] = [];
    await writer.run('BEGIN TRANSACTION');
    try {
      for (const [domain, rows] of Map.groupBy(readings, (reading) => reading.domain)) {
        const table = this.#table(domain);
        const days = new Set<number>();
        const repeated = new Set<number>();
        for (const row of rows) {
          const day = dayOf(row.ts);
          days.add(day);
          if (!this.#seen.note(row)) repeated.add(day);
        }
        told.push(await this.#days.expect(writer, domain, days, repeated));
        await appendRows(writer, table, rows);
      }
      for (const { domain, day, messages } of counts) {
        const values = [domain, BigInt(day), BigInt(messages)];
        await writer.run('INSERT INTO stored_messages VALUES ($1, $2, $3)', values);
      }
      await writePosition(writer, position);
      await writer.run('COMMIT');
      for (const tell of told) tell();
    } catch (error) {
      await writer.run('ROLLBACK').catch(() => undefined); // the first error is the one to tell
      throw error;
    }
  }

  async dropped(): Promise<number> {
    const sql = 'SELECT coalesce(sum(messages), 0)::BIGINT FROM dropped_messages';
    return Number((await this.#connections.writer.runAndReadAll(sql)).getRows()[0]?.[0]);
  }

  async range(query: RangeQuery): Promise<RangeResult> {
    const store = this.#storeOf(query.domain);
    return markGaps(await this.#inQueue(() => this.#days.steadily(() => readRange(store, query))), query.gapMs);
  }

  async group(query: GroupQuery): Promise<RangeResult> {
    const store = this.#storeOf(query.domain);
    return await this.#inQueue(() => this.#days.steadily(() => readGroup(store, query)));
  }

  async export(query: ExportQuery, path: string): Promise<{ rows: number }> {
    const store = this.#storeOf(query.domain);
    return await this.#inQueue(() =>
      this.#days.steadily(() => exportRows(this.#connections.reader, store, query, path)),
    );
  }

  async maintain(now: number, signal?: AbortSignal): Promise<void> {
    const tables = [...this.#tables.values()].map((table) => ({ table, kept: this.#retention(table.domain) }));
    for (const { table, kept } of tables) this.#keptSince.set(table.domain, oldestDay(now, kept.raw));
    await this.#inTurn(async () => {
      // One system that cannot be sealed must not keep the others, and what is too old, for ever.
      const failures: unknown[] = [];
      const attempt = (work: () => Promise<void>) => work().catch((error: unknown) => failures.push(error));
      for (const { table, kept } of tables) {
        // In this order, so that roll-ups stay of what is dropped.
        await attempt(() => this.#days.seal(table, now, signal));
        await attempt(() => this.#days.drop(table, kept, now, signal));
      }
      await attempt(() => this.#days.sumMessages());
      if (failures.length > 0) throw failures[0];
    });
  }

  async snapshot(folder: string): Promise<StorePosition> {
    return await this.#inTurn(async () => {
      const { keeper } = this.#connections;
      const path = join(folder, FILE);
      const name = (await keeper.runAndReadAll('SELECT current_database()')).getRows()[0]?.[0];
      await mkdir(folder, { recursive: true });
      await keeper.run(`ATTACH '${path.replaceAll("'", "''")}' AS copy`);
      try {
        await keeper.run(`COPY FROM DATABASE "${name}" TO copy`);
        for (const file of this.#sealedFiles()) {
          const target = join(folder, relative(this.#folder, file));
          await mkdir(dirname(target), { recursive: true });
          await link(file, target).catch(() => cp(file, target)); // another file system
        }
        return await readPosition(keeper, 'copy.position');
      } finally {
        await keeper.run('DETACH copy');
      }
    });
  }

  #sealedFiles(): string[] {
    return [...this.#tables.keys()].flatMap((domain) =>
      [...this.#days.sealed(domain).values()].flatMap(({ day, ...has }) =>
        (['raw', 'minute'] as const).filter((kind) => has[kind]).map((kind) => this.#days.file(domain, kind, day)),
      ),
    );
  }

  async count(): Promise<number> {
    const sums = [...this.#tables.values()].map((table) => `(SELECT count(*) FROM ${table.name})`).join(' + ');
    const rows = (await this.#connections.reader.runAndReadAll(`SELECT ${sums || '0'}`)).getRows();
    return Number(rows[0]?.[0] ?? 0) + this.#days.sealedRows;
  }

  async close(): Promise<void> {
    await this.#keeping;
    const { writer, reader, keeper } = this.#connections;
    await writer.run('CHECKPOINT');
    for (const connection of [reader, keeper, writer]) connection.closeSync();
    this.#instance.closeSync();
  }

  /**
   * One query after the other: each takes all of the database's threads anyway, and one that waits there would hold a thread of
   * Node's pool that the journal needs for its sync.
   */
  async #inQueue<T>(query: () => Promise<T>): Promise<T> {
    const turn = this.#reading.then(query);
    this.#reading = turn.catch(() => undefined); // told to whoever asked
    return await turn;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#keeping.then(work);
    this.#keeping = turn.catch(() => undefined); // told to whoever asked for it
    return await turn;
  }

  #storeOf(domain: string): Store {
    return { ask: askOf(this.#connections.reader), table: this.#table(domain), days: this.#days };
  }

  #table(domain: string): Table {
    const table = this.#tables.get(domain);
    if (!table) throw new HaechiError('DOMAIN_INVALID', `no table for the system ${domain}`);
    return table;
  }
}

const TALLY = ['accepted', 'stored', 'duplicate', 'dead_lettered', 'expired'];

async function ensurePosition(connection: DuckDBConnection): Promise<void> {
  const columns = ['last_group', ...TALLY].map((name) => `${name} BIGINT`).join(', ');
  await connection.run(`CREATE TABLE IF NOT EXISTS position (${columns})`);
  // Version 0.1.0 kept the group alone.
  const before = "SELECT 1 FROM duckdb_tables() WHERE table_name = 'journal_cursor'";
  if ((await connection.runAndReadAll(before)).currentRowCount === 0) return;
  await connection.run('BEGIN TRANSACTION');
  await connection.run(
    'INSERT INTO position SELECT max(last_group), 0, 0, 0, 0, 0 FROM journal_cursor HAVING count(*) > 0',
  );
  await connection.run('DROP TABLE journal_cursor');
  await connection.run('COMMIT');
}

async function readPosition(connection: DuckDBConnection, table = 'position'): Promise<StorePosition> {
  const [row = []] = (await connection.runAndReadAll(`SELECT last_group, ${TALLY} FROM ${table}`)).getRows();
  const [group = 0, accepted = 0, stored = 0, duplicate = 0, deadLettered = 0, expired = 0] = row.map(Number);
  return { group, tally: { accepted, stored, duplicate, deadLettered, expired } };
}

async function writePosition(connection: DuckDBConnection, { group, tally }: StorePosition): Promise<void> {
  const { accepted, stored, duplicate, deadLettered, expired } = tally;
  const values = [group, accepted, stored, duplicate, deadLettered, expired].map(BigInt);
  await connection.run('DELETE FROM position');
  await connection.run(`INSERT INTO position VALUES (${values.join(', ')})`);
}
