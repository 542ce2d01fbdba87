/**
 * The past, a UTC day at a time. A day that is over is sealed: its readings, each point once, go into a Parquet file, its roll-ups
 * to a minute into another, those to an hour and a day into tables. Readings that come late for it wait in the open table, where
 * queries find them, until the day is sealed anew. Retention drops days whole.
 *
 *   <folder>/<domain>/raw/<YYYY-MM-DD>.parquet, <folder>/<domain>/minute/<YYYY-MM-DD>.parquet   (docs/storage-layout.md)
 */
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { HaechiError, messageOf } from '@haechi/core';
import { partColumns } from './duckdb-rollup.ts';
import { minutesOf, rolledUp, rowsInSharedMinutes, rowsOf, sharedMinutes, slicesOf, within } from './duckdb-sealing.ts';
import { ensureTable, fileOf, literal, type Table } from './duckdb-table.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './intervals.ts';
import { syncFolder } from './sync-folder.ts';
import type { Retention } from './telemetry-store.ts';

/** A day is sealed this long after its end; most of what comes late has come by then. */
const GRACE_MS = 2 * HOUR_MS;
/** A sealed day is sealed anew when nothing more has come for it this long. */
const QUIET_MS = 10 * MINUTE_MS;
/** More than a year of days in a dozen systems. */
const SUMMED_ROWS_MAX = 10_000;
/** Small enough that a device's day is a few of them, large enough to compress. */
const PARQUET = 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 30_000';

export interface SealedDay {
  day: number;
  rows: number;
  /** Whether its files are still there: retention drops readings before roll-ups. */
  raw: boolean;
  minute: boolean;
}

export type FileKind = 'raw' | 'minute';
export const hourTable = (table: Table) => `rollup_hour_${table.name}`;
export const dayTable = (table: Table) => `rollup_day_${table.name}`;
export const dayOf = (ts: number) => Math.floor(ts / DAY_MS) * DAY_MS;

export class Days {
  readonly #folder: string;
  readonly #connection: DuckDBConnection;
  /** By system and day. */
  readonly #sealed = new Map<string, Map<number, SealedDay>>();
  /** Days of which the open table may hold a point in more than one row. */
  readonly #repeated = new Map<string, Set<number>>();
  /** Days that have rows in the open table, with the number of the append that brought the last of them. */
  readonly #open = new Map<string, Map<number, number>>();
  /** Numbers stand for devices in roll-ups. */
  #numbers = new Map<string, number>();
  #appends = 0;
  #committing: Promise<void> | undefined;
  #queries = 0;
  /** Somebody waits for the last query to end. */
  #undisturbed: (() => void) | undefined;
  /** The oldest hour that is kept, by system. */
  readonly #hoursSince = new Map<string, number>();

  private constructor(folder: string, connection: DuckDBConnection) {
    this.#folder = folder;
    this.#connection = connection;
  }

  /** @param connection is used for nothing else: a day's work is one transaction of its own. */
  static async open(folder: string, connection: DuckDBConnection, tables: Iterable<Table>): Promise<Days> {
    const days = new Days(folder, connection);
    await connection.run(
      'CREATE TABLE IF NOT EXISTS sealed_days (domain VARCHAR, day BIGINT, sealed_rows BIGINT, raw BOOLEAN, minute BOOLEAN)',
    );
    await connection.run('CREATE TABLE IF NOT EXISTS repeated_days (domain VARCHAR, day BIGINT)');
    await connection.run('CREATE TABLE IF NOT EXISTS stored_messages (domain VARCHAR, day BIGINT, messages BIGINT)');
    await connection.run('CREATE TABLE IF NOT EXISTS dropped_messages (messages BIGINT)');
    await connection.run('CREATE TABLE IF NOT EXISTS device_numbers (number INTEGER, device VARCHAR)');
    for (const table of tables) {
      days.#sealed.set(table.domain, new Map());
      days.#repeated.set(table.domain, new Set());
      days.#open.set(table.domain, new Map());
      const columns = [
        { name: 'device', type: 'INTEGER' },
        { name: 'ts', type: 'BIGINT' },
        ...partColumns([...table.fields.values()]),
      ];
      for (const name of [hourTable(table), dayTable(table)]) await ensureTable(connection, name, columns);
      const [hours] = await days.#rows(`SELECT min(ts) AS since FROM ${hourTable(table)}`);
      if (hours?.['since'] != null) days.#hoursSince.set(table.domain, dayOf(Number(hours['since'])));
      for (const { day } of await days.#rows(`SELECT DISTINCT ts // ${DAY_MS} * ${DAY_MS} AS day FROM ${table.name}`))
        days.#open.get(table.domain)?.set(Number(day), 0);
    }
    for (const { domain, day, ...kept } of await days.#rows('SELECT * FROM sealed_days')) {
      const { sealed_rows: rows, raw, minute } = kept as { sealed_rows: bigint; raw: boolean; minute: boolean };
      days.#sealed.get(String(domain))?.set(Number(day), { day: Number(day), rows: Number(rows), raw, minute });
    }
    for (const { domain, day } of await days.#rows('SELECT * FROM repeated_days'))
      days.#repeated.get(String(domain))?.add(Number(day));
    days.#numbers = await days.#readNumbers();
    return days;
  }

  async #readNumbers(): Promise<Map<string, number>> {
    const rows = await this.#rows('SELECT device, number FROM device_numbers');
    return new Map(rows.map(({ device, number }) => [String(device), Number(number)]));
  }

  /** The numbers of those that have one: of all others there is no roll-up. */
  numbersOf(devices: readonly string[]): number[] {
    return devices.flatMap((device) => this.#numbers.get(device) ?? []);
  }

  async #rows(sql: string) {
    return (await this.#connection.runAndReadAll(sql)).getRowObjects();
  }

  sealed(domain: string): ReadonlyMap<number, SealedDay> {
    return this.#sealed.get(domain) ?? new Map();
  }

  repeated(domain: string): ReadonlySet<number> {
    return this.#repeated.get(domain) ?? new Set();
  }

  /** Readings in sealed files. */
  get sealedRows(): number {
    let sum = 0;
    for (const days of this.#sealed.values()) for (const { raw, rows } of days.values()) sum += raw ? rows : 0;
    return sum;
  }

  file(domain: string, kind: FileKind, day: number): string {
    return join(this.#folder, domain, kind, `${new Date(day).toISOString().slice(0, 10)}.parquet`);
  }

  /** Runs a query on days as they are: none is sealed or dropped before it ends, and a commit under way is waited for. */
  async steadily<T>(query: () => Promise<T>): Promise<T> {
    while (this.#committing) await this.#committing;
    this.#queries++;
    try {
      return await query();
    } catch (error) {
      throw told(error);
    } finally {
      if (--this.#queries === 0) this.#undisturbed?.();
    }
  }

  /** Whether the open table may have readings of this day. */
  isOpen(domain: string, day: number): boolean {
    return this.#open.get(domain)?.has(day) ?? false;
  }

  openDays(domain: string): number[] {
    return [...(this.#open.get(domain)?.keys() ?? [])];
  }

  /**
   * Within the append's transaction: rows come for these days; of those in `repeated` points may come a second time.
   * @returns what is to be called once it is committed
   */
  async expect(
    connection: DuckDBConnection,
    domain: string,
    days: ReadonlySet<number>,
    repeated: ReadonlySet<number>,
  ): Promise<() => void> {
    const fresh = [...repeated].filter((day) => !this.repeated(domain).has(day));
    if (fresh.length > 0) {
      await connection.run(
        `INSERT INTO repeated_days VALUES ${fresh.map((day) => `('${domain}', ${day})`).join(', ')}`,
      );
    }
    const open = () => {
      const append = ++this.#appends;
      for (const day of days) this.#open.get(domain)?.set(day, append);
    };
    // Before it, so that no query misses the rows; after it, so that a day sealed meanwhile does not forget them.
    open();
    return () => {
      open();
      for (const day of fresh) this.#repeated.get(domain)?.add(day);
    };
  }

  /** The day from which on there are roll-ups to an hour. */
  hoursSince(domain: string): number {
    return this.#hoursSince.get(domain) ?? Number.NEGATIVE_INFINITY;
  }

  /** Every day that is over and stands in the open table, oldest first, a transaction each. */
  async seal(table: Table, now: number, signal?: AbortSignal): Promise<void> {
    const over = this.openDays(table.domain).filter((day) => day + DAY_MS + GRACE_MS <= now);
    for (const day of over.sort((a, b) => a - b)) {
      if (signal?.aborted) return;
      const sealed = this.sealed(table.domain).get(day);
      // Its readings are dropped: what little comes now must not take the place of their roll-ups.
      if (sealed && !sealed.raw) continue;
      if (sealed && (await this.#newestOf(table, day)) + QUIET_MS > now) continue;
      await this.#sealDay(table, day);
    }
  }

  async #newestOf(table: Table, day: number): Promise<number> {
    const of = `FROM ${table.name} WHERE ts >= ${day} AND ts < ${day + DAY_MS}`;
    const [row] = await this.#rows(`SELECT max(received_at) AS newest ${of}`);
    return Number(row?.['newest'] ?? 0);
  }

  async #sealDay(table: Table, day: number): Promise<void> {
    const { domain } = table;
    const [raw, minute] = [this.file(domain, 'raw', day), this.file(domain, 'minute', day)];
    for (const path of [raw, minute]) await mkdir(dirname(path), { recursive: true });
    const lastAppend = this.#open.get(domain)?.get(day);
    await this.#transaction(async (run) => {
      const rows = await this.#write(rowsOf(table, day, this.sealed(domain).get(day)?.raw ? raw : undefined), raw);
      for (const name of [hourTable(table), dayTable(table)])
        await run(`DELETE FROM ${name} WHERE ts >= ${day} AND ts < ${day + DAY_MS}`);
      await this.#writeMinutes(table, raw, minute);
      await this.#rollUp(table, minute, run);
      await run(`DELETE FROM ${table.name} WHERE ts >= ${day} AND ts < ${day + DAY_MS}`);
      await run(`DELETE FROM repeated_days WHERE domain = '${domain}' AND day = ${day}`);
      await run(`DELETE FROM sealed_days WHERE domain = '${domain}' AND day = ${day}`);
      await run(`INSERT INTO sealed_days VALUES ('${domain}', ${day}, ${rows}, true, true)`);
      const numbers = await this.#readNumbers();
      return async () => {
        // Before the commit: a crash in between leaves readings both in the file and in the open table, where a point counts once.
        for (const path of [raw, minute]) await rename(`${path}.new`, path);
        for (const path of [raw, minute]) await syncFolder(dirname(path));
        return () => {
          this.#sealed.get(domain)?.set(day, { day, rows, raw: true, minute: true });
          this.#repeated.get(domain)?.delete(day);
          this.#numbers = numbers;
          // What came meanwhile stays in the open table.
          if (this.#open.get(domain)?.get(day) === lastAppend) this.#open.get(domain)?.delete(day);
        };
      };
    });
  }

  /** The new file of minutes from the new file of readings. */
  async #writeMinutes(table: Table, raw: string, minute: string): Promise<void> {
    const fields = [...table.fields.values()];
    const readings = fileOf(`${raw}.new`);
    const parts: string[] = [];
    try {
      for (const slice of slicesOf(await this.#rows(rowsInSharedMinutes(readings)))) {
        const part = `${minute}.${parts.length}.new`;
        parts.push(part);
        await this.#rows(`COPY (${sharedMinutes(readings, fields, slice)}) TO '${literal(part)}' (${PARQUET})`);
      }
      await this.#write(minutesOf(readings, fields, parts), minute);
    } finally {
      for (const part of parts) await rm(part, { force: true });
    }
  }

  /** Rows of hours and days from the new file of minutes. */
  async #rollUp(table: Table, minute: string, run: (sql: string) => Promise<unknown>): Promise<void> {
    const fields = [...table.fields.values()];
    const minutes = fileOf(`${minute}.new`);
    // In the order of their names: a slice of devices is a run of numbers, and blocks of the tables hold few of them.
    await run(
      `INSERT INTO device_numbers SELECT (SELECT count(*) FROM device_numbers) + row_number() OVER (ORDER BY device), device
       FROM (SELECT DISTINCT device FROM ${minutes} WHERE device NOT IN (SELECT device FROM device_numbers))`,
    );
    const rows = `SELECT device, count(*) AS rows FROM ${minutes} GROUP BY device ORDER BY device`;
    for (const slice of slicesOf(await this.#rows(rows))) {
      const some = `SELECT * FROM ${minutes} WHERE ${within(slice)}`;
      await run(`CREATE OR REPLACE TEMP TABLE sealed_hours AS ${rolledUp(some, fields, HOUR_MS)}`);
      const hours = 'SELECT * FROM sealed_hours';
      for (const [name, parts] of [
        [hourTable(table), hours],
        [dayTable(table), rolledUp(hours, fields, DAY_MS)],
      ]) {
        await run(
          `INSERT INTO ${name} BY NAME SELECT number AS device, * EXCLUDE (device, number)
           FROM (${parts}) JOIN device_numbers USING (device) ORDER BY number, ts`,
        );
      }
    }
    await run('DROP TABLE IF EXISTS sealed_hours');
  }

  /** Writes and syncs `path`.new; gives its rows. */
  async #write(select: string, path: string): Promise<number> {
    const [row] = await this.#rows(`COPY (${select}) TO '${literal(`${path}.new`)}' (${PARQUET})`);
    const file = await open(`${path}.new`, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    return Number(row?.['Count'] ?? 0);
  }

  /** What is older than it is kept, by whole days. Roll-ups to a day stay as long as any readings do: they tell which devices have some. */
  async drop(table: Table, { day, ...finer }: Retention, now: number, signal?: AbortSignal): Promise<void> {
    const { domain } = table;
    const kept = { ...finer, day: Math.max(day, finer.raw) };
    const oldest = (resolution: keyof Retention) => oldestDay(now, kept[resolution]);
    for (const sealed of this.sealed(domain).values()) {
      if (signal?.aborted) return;
      const { day } = sealed;
      const after = {
        ...sealed,
        raw: sealed.raw && day >= oldest('raw'),
        minute: sealed.minute && day >= oldest('minute'),
      };
      if (after.raw !== sealed.raw || after.minute !== sealed.minute) await this.#dropFiles(domain, after);
    }
    const [open] = await this.#rows(`SELECT count(*) AS rows FROM ${table.name} WHERE ts < ${oldest('raw')}`);
    const old = `FROM stored_messages WHERE domain = '${domain}' AND day < ${oldest('raw')}`;
    const [messages] = await this.#rows(`SELECT count(*) AS rows ${old}`);
    const hours = await this.#anyBefore(hourTable(table), oldest('hour'));
    const days = await this.#anyBefore(dayTable(table), oldest('day'));
    if (Number(open?.['rows']) === 0 && Number(messages?.['rows']) === 0 && !hours && !days) return;
    await this.#transaction(async (run) => {
      await run(`DELETE FROM ${table.name} WHERE ts < ${oldest('raw')}`);
      await run(`INSERT INTO dropped_messages SELECT sum(messages) ${old} HAVING count(*) > 0`);
      await run(`DELETE ${old}`);
      await run(`DELETE FROM ${hourTable(table)} WHERE ts < ${oldest('hour')}`);
      await run(`DELETE FROM ${dayTable(table)} WHERE ts < ${oldest('day')}`);
      return async () => () => {
        for (const open of this.openDays(domain)) if (open < oldest('raw')) this.#open.get(domain)?.delete(open);
        if (hours) this.#hoursSince.set(domain, oldest('hour'));
      };
    });
  }

  /** Every append adds a row for each of its days: they are summed before they are many. */
  async sumMessages(): Promise<void> {
    const [count] = await this.#rows('SELECT count(*) AS rows FROM stored_messages');
    if (Number(count?.['rows']) <= SUMMED_ROWS_MAX) return;
    await this.#transaction(async (run) => {
      await run(
        'CREATE OR REPLACE TEMP TABLE summed AS SELECT domain, day, sum(messages)::BIGINT FROM stored_messages GROUP BY ALL',
      );
      await run('DELETE FROM stored_messages');
      await run('INSERT INTO stored_messages SELECT * FROM summed');
      return async () => () => undefined;
    });
  }

  async #anyBefore(table: string, ts: number): Promise<boolean> {
    return (await this.#rows(`SELECT 1 FROM ${table} WHERE ts < ${ts} LIMIT 1`)).length > 0;
  }

  async #dropFiles(domain: string, after: SealedDay): Promise<void> {
    const { day, raw, minute } = after;
    await this.#transaction(async (run) => {
      await run(`UPDATE sealed_days SET raw = ${raw}, minute = ${minute} WHERE domain = '${domain}' AND day = ${day}`);
      return async () => () => {
        this.#sealed.get(domain)?.set(day, after);
      };
    });
    await this.#removeStray(domain, day);
  }

  /** Files that the catalogue does not know: what a crash has left between the commit and the file system. */
  async tidy(domain: string): Promise<void> {
    for (const kind of ['raw', 'minute'] as const) {
      const folder = join(this.#folder, domain, kind);
      if (!existsSync(folder)) continue;
      for (const name of await readdir(folder)) {
        const day = Date.parse(name.slice(0, 10));
        if (name.endsWith('.new') || !this.sealed(domain).get(day)?.[kind])
          await rm(join(folder, name), { force: true });
      }
    }
  }

  async #removeStray(domain: string, day: number): Promise<void> {
    for (const kind of ['raw', 'minute'] as const) {
      if (!this.sealed(domain).get(day)?.[kind]) await rm(this.file(domain, kind, day), { force: true });
    }
  }

  /**
   * `work` does everything that takes time and gives what is to be done right before the commit; that in turn gives what is true
   * from the commit on. Queries wait for these two alone.
   */
  async #transaction(
    work: (run: (sql: string) => Promise<unknown>) => Promise<() => Promise<() => void>>,
  ): Promise<void> {
    const run = (sql: string) => this.#connection.run(sql);
    await run('BEGIN TRANSACTION');
    try {
      const beforeCommit = await work(run);
      const committed = Promise.withResolvers<void>();
      this.#committing = committed.promise;
      try {
        if (this.#queries > 0) await new Promise<void>((resolve) => (this.#undisturbed = resolve));
        const told = await beforeCommit();
        await run('COMMIT');
        told();
      } finally {
        this.#committing = undefined;
        committed.resolve();
      }
    } catch (error) {
      await run('ROLLBACK').catch(() => undefined); // the first error is the one to tell
      throw error;
    }
  }
}

/** A sealed file that cannot be read is named, whatever the database says of it. */
function told(error: unknown): unknown {
  const file = /[^\s'"]+\.parquet/.exec(messageOf(error))?.[0];
  if (error instanceof HaechiError || file === undefined) return error;
  const message = `the sealed day ${file} is missing or damaged; restore it from a backup`;
  return new HaechiError('STORE_DAMAGED', message, { cause: error });
}

/** The first day that is kept. */
export function oldestDay(now: number, days: number): number {
  return dayOf(now) - days * DAY_MS;
}
