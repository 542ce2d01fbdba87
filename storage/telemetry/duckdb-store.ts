/**
 * The embedded telemetry store: DuckDB, one wide table a domain, the columns taken from its model.
 * Readings and the journal cursor are committed in one transaction, so a crash neither loses nor doubles a group.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBType,
  type DuckDBValue,
  VARCHAR,
  version,
} from '@duckdb/node-api';
import {
  type DomainModel,
  type FieldInfo,
  fieldsOf,
  HaechiError,
  messageOf,
  type Reading,
  type Value,
} from '@haechi/core';
import { markGaps } from './gaps.ts';
import type { RangeQuery, RangeResult, SeriesColumns, TelemetryStore } from './telemetry-store.ts';

const CHUNK_ROWS = 2048;
const MEMORY_LIMIT = '1GB';

interface Table {
  name: string;
  fields: Map<string, FieldInfo>;
  columns: { name: string; type: DuckDBType }[];
}

const columnType: Record<FieldInfo['type'], DuckDBType> = {
  number: DOUBLE,
  choice: VARCHAR,
  text: VARCHAR,
  flag: BOOLEAN,
};

function tableOf(model: DomainModel): Table {
  const fields = fieldsOf(model);
  return {
    name: model.id.replaceAll('-', '_'),
    fields: new Map(fields.map((field) => [field.name, field])),
    columns: [
      { name: 'device', type: VARCHAR },
      { name: 'ts', type: BIGINT },
      { name: 'received_at', type: BIGINT },
      { name: 'seq', type: BIGINT },
      ...fields.map((field) => ({ name: field.name, type: columnType[field.type] })),
    ],
  };
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;

export class DuckDbStore implements TelemetryStore {
  readonly description = `DuckDB ${version()}`;
  readonly #instance: DuckDBInstance;
  readonly #writer: DuckDBConnection;
  readonly #reader: DuckDBConnection;
  readonly #tables: Map<string, Table>;

  private constructor(
    instance: DuckDBInstance,
    writer: DuckDBConnection,
    reader: DuckDBConnection,
    tables: Map<string, Table>,
  ) {
    this.#instance = instance;
    this.#writer = writer;
    this.#reader = reader;
    this.#tables = tables;
  }

  /** Opens or makes `folder/telemetry.duckdb` and brings its columns up to the models. */
  static async open(folder: string, models: readonly DomainModel[]): Promise<DuckDbStore> {
    const path = join(folder, 'telemetry.duckdb');
    try {
      mkdirSync(folder, { recursive: true });
      const instance = await DuckDBInstance.create(path, { memory_limit: MEMORY_LIMIT, threads: '2' });
      const writer = await instance.connect();
      const tables = new Map(models.map((model) => [model.id, tableOf(model)]));
      await writer.run('CREATE TABLE IF NOT EXISTS journal_cursor (id INTEGER, last_group BIGINT)');
      for (const table of tables.values()) table.columns = await ensureTable(writer, table);
      return new DuckDbStore(instance, writer, await instance.connect(), tables);
    } catch (cause) {
      throw new HaechiError('DATA_FOLDER', `the telemetry store ${path} cannot be opened: ${messageOf(cause)}`, {
        cause,
      });
    }
  }

  async cursor(): Promise<number> {
    const rows = (await this.#writer.runAndReadAll('SELECT last_group FROM journal_cursor')).getRows();
    return Number(rows[0]?.[0] ?? 0);
  }

  async append(readings: readonly Reading[], group: number): Promise<void> {
    const byDomain = Map.groupBy(readings, (reading) => reading.domain);
    await this.#writer.run('BEGIN TRANSACTION');
    try {
      for (const [domain, rows] of byDomain) await this.#appendRows(this.#table(domain), rows);
      await this.#writer.run('DELETE FROM journal_cursor');
      await this.#writer.run('INSERT INTO journal_cursor VALUES (1, $1)', [BigInt(group)]);
      await this.#writer.run('COMMIT');
    } catch (error) {
      await this.#writer.run('ROLLBACK').catch(() => undefined); // the first error is the one to tell
      throw error;
    }
  }

  async #appendRows(table: Table, rows: readonly Reading[]): Promise<void> {
    const appender = await this.#writer.createAppender(table.name);
    const types = table.columns.map((column) => column.type);
    try {
      for (let start = 0; start < rows.length; start += CHUNK_ROWS) {
        const part = rows.slice(start, start + CHUNK_ROWS);
        const chunk = DuckDBDataChunk.create(types, part.length);
        table.columns.forEach(({ name }, index) => {
          chunk.setColumnValues(index, columnValues(name, part));
        });
        appender.appendDataChunk(chunk);
      }
      appender.flushSync();
    } finally {
      appender.closeSync();
    }
  }

  async range(query: RangeQuery): Promise<RangeResult> {
    const table = this.#table(query.domain);
    const fields = query.fields.flatMap((name) => table.fields.get(name) ?? []);
    if (fields.length === 0) return { intervalMs: 0, ts: [], fields: {} };
    const from = Math.floor(query.from);
    const to = Math.ceil(query.to);
    const params = [query.device, BigInt(from), BigInt(to)];
    // Two messages may hold one timestamp; the point received last counts, and in one millisecond the one written last.
    const points = `SELECT ts, ${fields
      .map(({ name }) => `arg_max(${quote(name)}, (received_at, rowid)) AS ${quote(name)}`)
      .join(', ')} FROM ${table.name} WHERE device = $1 AND ts >= $2 AND ts < $3 AND (${fields
      .map(({ name }) => `${quote(name)} IS NOT NULL`)
      .join(' OR ')}) GROUP BY ts`;

    const counted = await this.#reader.runAndReadAll(`SELECT count(*) FROM (${points})`, params);
    const count = Number(counted.getRows()[0]?.[0] ?? 0);
    const intervalMs = count <= query.pointsMax ? 0 : Math.ceil((to - from) / query.pointsMax);
    const sql =
      intervalMs === 0
        ? `${points} ORDER BY ts`
        : `SELECT ${from} + ((ts - ${from}) // ${intervalMs}) * ${intervalMs} AS ts, ${fields
            .flatMap(aggregates)
            .join(', ')} FROM (${points}) AS points GROUP BY 1 ORDER BY 1`;
    const read = await this.#reader.runAndReadAll(sql, params);
    return markGaps(toResult(read.getColumnsObject(), fields, intervalMs), query.gapMs);
  }

  async count(): Promise<number> {
    const sums = [...this.#tables.values()].map((table) => `(SELECT count(*) FROM ${table.name})`).join(' + ');
    const rows = (await this.#reader.runAndReadAll(`SELECT ${sums || '0'}`)).getRows();
    return Number(rows[0]?.[0] ?? 0);
  }

  async close(): Promise<void> {
    await this.#writer.run('CHECKPOINT');
    this.#reader.closeSync();
    this.#writer.closeSync();
    this.#instance.closeSync();
  }

  #table(domain: string): Table {
    const table = this.#tables.get(domain);
    if (!table) throw new HaechiError('DOMAIN_INVALID', `no table for the system ${domain}`);
    return table;
  }
}

/** Gives the table's columns as they stand on disk: a new one is the last there, wherever its model has it. */
async function ensureTable(connection: DuckDBConnection, table: Table): Promise<Table['columns']> {
  const wanted = new Map(table.columns.map(({ name, type }) => [name, type.toString()]));
  const columns = [...wanted].map(([name, type]) => `${quote(name)} ${type}`).join(', ');
  await connection.run(`CREATE TABLE IF NOT EXISTS ${table.name} (${columns})`);
  for (const [name, type] of wanted) {
    await connection.run(`ALTER TABLE ${table.name} ADD COLUMN IF NOT EXISTS ${quote(name)} ${type}`);
  }
  const kept = (await connection.runAndReadAll(`DESCRIBE ${table.name}`)).getRows();
  return kept.map(([column, columnType]) => {
    const name = String(column);
    const type = keptTypes.find((known) => known.toString() === columnType);
    // One that the model has dropped stays, and stays empty.
    if (!type || (wanted.get(name) ?? columnType) !== columnType)
      throw new Error(`${table.name}.${name} holds ${columnType}, its model says ${wanted.get(name) ?? 'nothing'}`);
    return { name, type };
  });
}

const keptTypes: DuckDBType[] = [BIGINT, BOOLEAN, DOUBLE, VARCHAR];

function columnValues(column: string, rows: readonly Reading[]): DuckDBValue[] {
  switch (column) {
    case 'device':
      return rows.map((row) => row.device);
    case 'ts':
      return rows.map((row) => BigInt(row.ts));
    case 'received_at':
      return rows.map((row) => BigInt(row.receivedAt));
    case 'seq':
      return rows.map((row) => (row.seq === undefined ? null : BigInt(row.seq)));
    default:
      return rows.map((row) => row.values[column] ?? null);
  }
}

function aggregates({ name, type }: FieldInfo): string[] {
  const column = quote(name);
  if (type !== 'number') return [`arg_max(${column}, points.ts) AS ${quote(`${name}|last`)}`];
  return ['min', 'avg', 'max'].map((fn) => `${fn}(${column}) AS ${quote(`${name}|${fn}`)}`);
}

function toResult(columns: Record<string, DuckDBValue[]>, fields: FieldInfo[], intervalMs: number): RangeResult {
  const result: Record<string, SeriesColumns> = {};
  for (const { name, type } of fields) {
    const column = (suffix: string) => (columns[intervalMs === 0 ? name : `${name}|${suffix}`] ?? []) as unknown[];
    result[name] =
      type === 'number'
        ? {
            min: column('min') as (number | null)[],
            mean: column('avg') as (number | null)[],
            max: column('max') as (number | null)[],
          }
        : { last: column('last') as (Value | null)[] };
  }
  return { intervalMs, ts: (columns['ts'] ?? []).map(Number), fields: result };
}
