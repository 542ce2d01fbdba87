/**
 * Readings as DuckDB's own columns. The values of a column go to its vector as bytes, in one copy: through `setColumnValues`
 * every integer and every null costs BigInts.
 */
import { DuckDBDataChunk, type DuckDBType, DuckDBTypeId } from '@duckdb/node-api';
import duckdb, { type Vector } from '@duckdb/node-bindings';
import { invariant, type Reading, type Value } from '@haechi/core';

/** What a vector of DuckDB holds. */
export const CHUNK_ROWS = 2048;
const TWO_TO_32 = 2 ** 32;

export interface Column {
  name: string;
  type: DuckDBType;
}

// One column at a time is written, and copied before the next: the same memory serves all.
const values: (Value | undefined)[] = Array.from({ length: CHUNK_ROWS });
const doubles = new Float64Array(CHUNK_ROWS);
const flags = new Uint8Array(CHUNK_ROWS);
/** 64-bit integers, the low word first, as every processor has it that Node runs on here. */
const words = new Uint32Array(CHUNK_ROWS * 2);
/** A bit a row, as DuckDB has it: in words of 64. */
const valid = new Uint8Array(CHUNK_ROWS / 8);

/** @param rows at most CHUNK_ROWS */
export function chunkOf(columns: readonly Column[], rows: readonly Reading[]): DuckDBDataChunk {
  invariant(rows.length <= CHUNK_ROWS, `a chunk of ${rows.length} rows`);
  const types = columns.map(({ type }) => type);
  const chunk = DuckDBDataChunk.create(types, rows.length);
  for (const [index, { name, type }] of columns.entries()) {
    const vector = duckdb.data_chunk_get_vector(chunk.chunk, index);
    takeValues(name, rows);
    if (markNulls(vector, rows.length) < rows.length) writeValues(vector, name, type.typeId, rows.length);
  }
  return chunk;
}

function takeValues(column: string, rows: readonly Reading[]): void {
  let row = 0;
  switch (column) {
    case 'device':
      for (const reading of rows) values[row++] = reading.device;
      return;
    case 'ts':
      for (const reading of rows) values[row++] = reading.ts;
      return;
    case 'received_at':
      for (const reading of rows) values[row++] = reading.receivedAt;
      return;
    case 'seq':
      for (const reading of rows) values[row++] = reading.seq;
      return;
    default:
      for (const reading of rows) values[row++] = reading.values[column];
  }
}

/** How many of the values are null. */
function markNulls(vector: Vector, count: number): number {
  let nulls = 0;
  for (let row = 0; row < count; row++) {
    if (values[row] !== undefined) continue;
    if (nulls === 0) valid.fill(0xff);
    valid[row >> 3] = (valid[row >> 3] as number) & ~(1 << (row & 7));
    nulls++;
  }
  if (nulls > 0) {
    duckdb.vector_ensure_validity_writable(vector);
    duckdb.copy_data_to_vector_validity(vector, 0, valid.buffer, 0, Math.ceil(count / 64) * 8);
  }
  return nulls;
}

function writeValues(vector: Vector, name: string, type: DuckDBTypeId, count: number): void {
  const expected = JS_TYPE.get(type);
  invariant(expected, `the column ${name} is of a type that has no writer`);
  for (let row = 0; row < count; row++) {
    const value = values[row];
    if (value === undefined) continue;
    // A typed array would take anything for a number.
    if (typeof value !== expected) invariant(false, `${name} is a ${typeof value} in a column of ${expected}s`);
    if (type === DuckDBTypeId.DOUBLE) doubles[row] = value as number;
    else if (type === DuckDBTypeId.BIGINT) setInteger(row, value as number);
    else if (type === DuckDBTypeId.BOOLEAN) flags[row] = value ? 1 : 0;
    else duckdb.vector_assign_string_element(vector, row, value as string);
  }
  if (type === DuckDBTypeId.DOUBLE) duckdb.copy_data_to_vector(vector, 0, doubles.buffer, 0, count * 8);
  else if (type === DuckDBTypeId.BIGINT) duckdb.copy_data_to_vector(vector, 0, words.buffer, 0, count * 8);
  else if (type === DuckDBTypeId.BOOLEAN) duckdb.copy_data_to_vector(vector, 0, flags.buffer, 0, count);
}

const JS_TYPE = new Map<DuckDBTypeId, string>([
  [DuckDBTypeId.DOUBLE, 'number'],
  [DuckDBTypeId.BIGINT, 'number'],
  [DuckDBTypeId.BOOLEAN, 'boolean'],
  [DuckDBTypeId.VARCHAR, 'string'],
]);

/** The two's complement of a safe integer, without a BigInt. */
function setInteger(row: number, value: number): void {
  const high = Math.floor(value / TWO_TO_32);
  words[row * 2] = value - high * TWO_TO_32;
  words[row * 2 + 1] = high;
}
