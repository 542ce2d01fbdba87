/** Readings or roll-ups as a file that any tool reads: collected in a DuckDB file beside it, since DuckDB writes both formats. */
import { rm } from 'node:fs/promises';
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
} from '@duckdb/node-api';
import { type FieldInfo, HaechiError, messageOf } from '@haechi/core';
import { aggregate, type Figures, type Wanted } from './influx-aggregate.ts';
import type { Measurement } from './influx-lines.ts';
import { readDevices } from './influx-points.ts';
import { quoted, type Span, spanOf, whereOf } from './influx-ql.ts';
import type { InfluxServer } from './influx-server.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './intervals.ts';
import type { ExportQuery, Resolution } from './telemetry-store.ts';

type Asked = Pick<InfluxServer, 'query'>;

const SIZE_OF: Record<Exclude<Resolution, 'raw'>, number> = { minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS };
/** Rows of one answer, and of one chunk. */
const PAGE_ROWS = 2048;
const MEMORY_LIMIT = '256MB';

interface Column {
  name: string;
  type: DuckDBType;
}

/** A list of values a row. */
type Rows = DuckDBValue[][];

/** @throws HaechiError EXPORT_FAILED where the file cannot be written; STORE_UNREACHABLE, STORE_REFUSED */
export async function exportRows(
  server: Asked,
  measurement: Measurement,
  query: ExportQuery,
  path: string,
): Promise<{ rows: number }> {
  const names = query.fields ?? [...measurement.fields.keys()];
  const fields = names.flatMap((name) => measurement.fields.get(name) ?? []);
  if (fields.length === 0) throw new HaechiError('EXPORT_FAILED', `${query.domain} has none of the fields asked for`);
  const source = { server, measurement, fields, span: spanOf(query) };
  const size = query.resolution === 'raw' ? undefined : SIZE_OF[query.resolution];
  const columns = size === undefined ? readingColumns(fields) : partColumns(fields);
  const collection = await Collection.open(`${path}.collected`, columns);
  try {
    const devices = query.devices ?? (await readDevices(server, measurement));
    for (const device of [...new Set(devices)].sort()) {
      const pages = size === undefined ? readingPages(source, device) : partPages(source, device, size);
      for await (const rows of pages) await collection.add(rows);
    }
    return { rows: await collection.writeTo(path, query.format) };
  } finally {
    await collection.remove();
  }
}

interface Source {
  server: Asked;
  measurement: Measurement;
  fields: readonly FieldInfo[];
  span: Span;
}

function readingColumns(fields: readonly FieldInfo[]): Column[] {
  return [
    { name: 'device', type: VARCHAR },
    { name: 'ts', type: BIGINT },
    { name: 'received_at', type: BIGINT },
    ...fields.map(({ name, type }) => ({ name, type: columnType[type] })),
  ];
}

async function* readingPages(source: Source, device: string): AsyncGenerator<Rows> {
  const { server, measurement, fields, span } = source;
  const columns = ['receivedAt', ...fields.map(({ name }) => name)].map(quoted).join(', ');
  for (let { from } = span; ; ) {
    const rows = await server.query(
      `SELECT ${columns} FROM ${quoted(measurement.name)} ${whereOf([device], { ...span, from })} LIMIT ${PAGE_ROWS}`,
    );
    yield rows
      .filter(([, , ...values]) => values.some((value) => value !== null))
      .map(([ts, receivedAt, ...values]) => [
        device,
        whole(ts),
        receivedAt == null ? null : whole(receivedAt),
        ...values,
      ]);
    if (rows.length < PAGE_ROWS) return;
    from = Number(rows.at(-1)?.[0]) + 1;
  }
}

function partColumns(fields: readonly FieldInfo[]): Column[] {
  return [
    { name: 'device', type: VARCHAR },
    { name: 'ts', type: BIGINT },
    ...fields.flatMap((field) =>
      figuresOf(field).map((figure) => ({
        name: `${field.name}_${figure}`,
        type: figure === 'count' ? BIGINT : columnType[field.type],
      })),
    ),
  ];
}

/** The growth of a roll-up is that from its own first reading to its last. */
async function* partPages(source: Source, device: string, size: number): AsyncGenerator<Rows> {
  const { server, measurement, fields, span } = source;
  const wanted = (field: FieldInfo): Wanted[] => {
    if (field.type !== 'number') return ['last'];
    return ['min', 'max', 'total', 'last', ...(field.counter ? (['first', 'growth'] as const) : [])];
  };
  const intervals = { intervalMs: size, origin: 0 };
  for (let { from } = span; from < span.to; ) {
    const [oldest] = await server.query(
      `SELECT "receivedAt" FROM ${quoted(measurement.name)} ${whereOf([device], { ...span, from })} LIMIT 1`,
    );
    if (!oldest) return;
    from = Number(oldest[0]);
    const to = Math.min(span.to, (Math.floor(from / size) + PAGE_ROWS) * size);
    const page = { measurement, fields, wanted, devices: [[device]], span: { from, to }, intervals };
    const rows: Rows = [];
    const before: (Figures | undefined)[] = [];
    for (const [begin, figures] of await aggregate(server, page)) {
      const own = figures.map((one, index) => withinItself(one, before[index]));
      rows.push([device, whole(begin), ...fields.flatMap((field, index) => partValues(field, own[index] as Figures))]);
      for (const [index, one] of figures.entries()) if (one.count > 0) before[index] = one;
    }
    yield rows;
    from = to;
  }
}

/** Without what the counter grew since the roll-up before it. */
function withinItself(figures: Figures, before: Figures | undefined): Figures {
  const { growth, first } = figures;
  if (growth === undefined || first === undefined || before === undefined) return figures;
  const last = Number(before.last);
  return { ...figures, growth: growth - (first >= last ? first - last : first) };
}

const figuresOf = ({ type, counter }: FieldInfo) => [
  'count',
  ...(type === 'number' ? ['min', 'max', 'mean'] : []),
  'last',
  ...(counter ? ['first', 'growth'] : []),
];

function partValues(field: FieldInfo, { count, total, ...figures }: Figures): DuckDBValue[] {
  const known: Record<string, DuckDBValue> = { ...figures, count: whole(count) };
  if (total !== undefined) known['mean'] = total / count;
  return figuresOf(field).map((figure) => known[figure] ?? null);
}

const columnType: Record<FieldInfo['type'], DuckDBType> = {
  number: DOUBLE,
  choice: VARCHAR,
  text: VARCHAR,
  flag: BOOLEAN,
};

const whole = (value: unknown) => BigInt(Number(value));
const identifier = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** The rows of an export, in a file of their own until all are there: there may be more than fit into memory. */
class Collection {
  readonly #path: string;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #columns: readonly Column[];
  /** Those to be written next: a write for each device's few would take its time. */
  #waiting: Rows = [];

  private constructor(
    path: string,
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    columns: readonly Column[],
  ) {
    this.#path = path;
    this.#instance = instance;
    this.#connection = connection;
    this.#columns = columns;
  }

  static async open(path: string, columns: readonly Column[]): Promise<Collection> {
    return await writing(path, async () => {
      await rm(path, { force: true });
      const instance = await DuckDBInstance.create(path, { memory_limit: MEMORY_LIMIT, threads: '1' });
      const connection = await instance.connect();
      const defined = columns.map(({ name, type }) => `${identifier(name)} ${type}`).join(', ');
      await connection.run(`CREATE TABLE collected (${defined})`);
      return new Collection(path, instance, connection, columns);
    });
  }

  async add(rows: Rows): Promise<void> {
    this.#waiting = [...this.#waiting, ...rows];
    while (this.#waiting.length >= PAGE_ROWS) await this.#write(this.#waiting.splice(0, PAGE_ROWS));
  }

  async #write(rows: Rows): Promise<void> {
    await writing(this.#path, async () => {
      const appender = await this.#connection.createAppender('collected');
      try {
        const types = this.#columns.map(({ type }) => type);
        const chunk = DuckDBDataChunk.create(types, rows.length);
        chunk.setRows(rows);
        appender.appendDataChunk(chunk);
        appender.flushSync();
      } finally {
        appender.closeSync();
      }
    });
  }

  /** Times in CSV are RFC 3339, in UTC and to the millisecond. */
  async writeTo(path: string, format: ExportQuery['format']): Promise<number> {
    if (this.#waiting.length > 0) await this.#write(this.#waiting);
    const shown = this.#columns.map(({ name }) => {
      if (format === 'parquet' || (name !== 'ts' && name !== 'received_at')) return identifier(name);
      return `strftime(make_timestamp(${name} * 1000), '%Y-%m-%dT%H:%M:%S.%gZ') AS ${name}`;
    });
    const options = format === 'csv' ? 'FORMAT csv, HEADER true' : 'FORMAT parquet, COMPRESSION zstd';
    const target = path.replaceAll("'", "''");
    const copy = `COPY (SELECT ${shown.join(', ')} FROM collected) TO '${target}' (${options})`;
    return await writing(path, async () => {
      const [row] = (await this.#connection.runAndReadAll(copy)).getRows();
      return Number(row?.[0] ?? 0);
    });
  }

  async remove(): Promise<void> {
    this.#connection.closeSync();
    this.#instance.closeSync();
    for (const file of [this.#path, `${this.#path}.wal`]) await rm(file, { force: true });
  }
}

/** @throws HaechiError EXPORT_FAILED where the work does */
async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new HaechiError('EXPORT_FAILED', `${path} cannot be written: ${messageOf(cause)}`, { cause });
  }
}
