/** A system's table of readings, its columns taken from the model and brought up to it. */
import { BIGINT, BOOLEAN, DOUBLE, type DuckDBConnection, type DuckDBType, VARCHAR } from '@duckdb/node-api';
import { type DomainModel, type FieldInfo, fieldsOf, type Reading } from '@haechi/core';
import { CHUNK_ROWS, type Column, chunkOf } from './duckdb-chunk.ts';

export interface Table {
  domain: string;
  name: string;
  fields: Map<string, FieldInfo>;
  columns: Column[];
}

const columnType: Record<FieldInfo['type'], DuckDBType> = {
  number: DOUBLE,
  choice: VARCHAR,
  text: VARCHAR,
  flag: BOOLEAN,
};

export const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
export const literal = (text: string) => text.replaceAll("'", "''");
export const fileOf = (path: string) => `read_parquet('${literal(path)}')`;
/** Of the rows of one point, the field's value that was received last, and in one millisecond the one written last. */
export const newestReceived = (field: string) => `arg_max(${quote(field)}, (received_at, place)) AS ${quote(field)}`;
export const sqlTypeOf = ({ type }: FieldInfo) => columnType[type].toString();

export function tableOf(model: DomainModel): Table {
  const fields = fieldsOf(model);
  return {
    domain: model.id,
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

/**
 * Makes or widens a table; gives its columns as they stand on disk: a new one is the last there, wherever its model has it.
 * @throws Error where a column holds another type than its model says
 */
export async function ensureTable(
  connection: DuckDBConnection,
  table: string,
  columns: readonly { name: string; type: string }[],
): Promise<{ name: string; type: string }[]> {
  const defined = columns.map(({ name, type }) => `${quote(name)} ${type}${storedAs(name, type)}`).join(', ');
  await connection.run(`CREATE TABLE IF NOT EXISTS ${table} (${defined})`);
  for (const { name, type } of columns) {
    await connection.run(`ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${quote(name)} ${type}`);
  }
  const wanted = new Map(columns.map(({ name, type }) => [name, type]));
  const kept = (await connection.runAndReadAll(`DESCRIBE ${table}`)).getRows();
  return kept.map(([column, columnType]) => {
    const [name, type] = [String(column), String(columnType)];
    // One that the model has dropped stays, and stays empty.
    if ((wanted.get(name) ?? type) !== type)
      throw new Error(`${table}.${name} holds ${type}, its model says ${wanted.get(name)}`);
    return { name, type };
  });
}

/** Left to itself DuckDB shortens ids that begin alike, and unfolds each of them to compare it: twice the time of a look-up by number. */
function storedAs(name: string, type: string): string {
  return name === 'device' && type === VARCHAR.toString() ? ' USING COMPRESSION dictionary' : '';
}

const keptTypes: DuckDBType[] = [BIGINT, BOOLEAN, DOUBLE, VARCHAR];

/** Makes the table of readings, or widens it to the model. */
export async function ensureReadings(connection: DuckDBConnection, table: Table): Promise<Table> {
  const wanted = table.columns.map(({ name, type }) => ({ name, type: type.toString() }));
  const columns = (await ensureTable(connection, table.name, wanted)).map((column) => {
    const type = keptTypes.find((known) => known.toString() === column.type);
    if (!type) throw new Error(`${table.name}.${column.name} holds ${column.type}, which is nothing of ours`);
    return { name: column.name, type };
  });
  return { ...table, columns };
}

export async function appendRows(connection: DuckDBConnection, table: Table, rows: readonly Reading[]): Promise<void> {
  const appender = await connection.createAppender(table.name);
  try {
    for (let start = 0; start < rows.length; start += CHUNK_ROWS) {
      appender.appendDataChunk(chunkOf(table.columns, rows.slice(start, start + CHUNK_ROWS)));
    }
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
}
