/** What a day is sealed with, as SQL: its readings, each point once, and their roll-ups. */
import type { FieldInfo } from '@haechi/core';
import { combined, figuresOf, partColumn, pointsAsParts } from './duckdb-rollup.ts';
import { fileOf, literal, newestReceived, quote, type Table } from './duckdb-table.ts';
import { DAY_MS, MINUTE_MS } from './intervals.ts';

/** Readings that are rolled up at a time: 22 fields of them take some 300 MB. */
const SLICE_ROWS = 100_000;

/**
 * A day's rows by device and time: of two rows of one point the one received last counts, field by field. Only such points are
 * grouped: grouping 3.3 million points takes more than memory holds, and sorting spills to disk.
 */
export function rowsOf(table: Table, day: number, sealedFile: string | undefined): string {
  const open = `SELECT *, rowid AS place FROM ${table.name} WHERE ts >= ${day} AND ts < ${day + DAY_MS}`;
  const all = sealedFile ? `${open} UNION ALL BY NAME SELECT *, -1 AS place FROM ${fileOf(sealedFile)}` : open;
  const fields = ['seq', ...table.fields.keys()];
  return `WITH all_rows AS NOT MATERIALIZED (${all}),
            twice AS (SELECT device, ts FROM all_rows GROUP BY device, ts HAVING count(*) > 1)
          SELECT device, ts, received_at, ${fields.map(quote).join(', ')} FROM all_rows ANTI JOIN twice USING (device, ts)
          UNION ALL
          SELECT device, ts, max(received_at), ${fields.map(newestReceived).join(', ')}
          FROM all_rows SEMI JOIN twice USING (device, ts) GROUP BY device, ts
          ORDER BY device, ts`;
}

/** A run of devices in the order of their names, both ends in it. */
export interface Slice {
  first: string;
  last: string;
}

export const within = ({ first, last }: Slice) => `device >= '${literal(first)}' AND device <= '${literal(last)}'`;

/**
 * Slices of so many rows that memory holds the figures of all: those of a large city's day (3.3 million readings, 22 fields)
 * would be some 10 GB.
 * @param devices rows of `device` and how many `rows` it has, by device
 */
export function slicesOf(devices: readonly Record<string, unknown>[]): Slice[] {
  const slices: (Slice & { rows: number })[] = [];
  for (const row of devices) {
    const [device, rows] = [String(row['device']), Number(row['rows'])];
    const slice = slices.at(-1);
    if (slice && slice.rows + rows <= SLICE_ROWS) {
      slice.last = device;
      slice.rows += rows;
    } else slices.push({ first: device, last: device, rows });
  }
  return slices;
}

const minute = `ts - ts % ${MINUTE_MS}`;
/** Minutes with several readings of one device: device, minute, rows. */
const shared = (readings: string) =>
  `SELECT device, ${minute} AS minute, count(*) AS rows FROM ${readings} GROUP BY device, minute HAVING count(*) > 1`;
const inShared = (join: 'ANTI' | 'SEMI', readings: string, condition = 'true') =>
  `SELECT readings.* FROM (SELECT * FROM ${readings} WHERE ${condition}) AS readings
   ${join} JOIN (SELECT * FROM (${shared(readings)}) WHERE ${condition}) AS shared
   ON readings.device = shared.device AND readings.ts - readings.ts % ${MINUTE_MS} = shared.minute`;

export const rowsInSharedMinutes = (readings: string) =>
  `SELECT device, sum(rows)::BIGINT AS rows FROM (${shared(readings)}) GROUP BY device ORDER BY device`;

export function sharedMinutes(readings: string, fields: readonly FieldInfo[], slice: Slice): string {
  const points = inShared('SEMI', readings, within(slice));
  return `${rolledUp(pointsAsParts(points, fields), fields, MINUTE_MS)} ORDER BY device, ts`;
}

/**
 * A minute with one reading is that reading's own part: it is passed on, in order, where grouping took five times as long. Those
 * with several follow after all of these, from the files of `sharedMinutes`.
 */
export function minutesOf(readings: string, fields: readonly FieldInfo[], files: readonly string[]): string {
  const points = files.length > 0 ? inShared('ANTI', readings) : `SELECT * FROM ${readings}`;
  const alone = `SELECT * REPLACE (${minute} AS ts) FROM (${pointsAsParts(points, fields)})`;
  if (files.length === 0) return alone;
  return `${alone} UNION ALL BY NAME SELECT * FROM read_parquet([${files.map((file) => `'${literal(file)}'`).join(', ')}])`;
}

/** Parts of every device combined into longer ones. Growth apart from the rest: to find it every column it drags along is sorted. */
export function rolledUp(parts: string, fields: readonly FieldInfo[], size: number): string {
  const shape = { parts, bucket: `ts - ts % ${size}`, eachDevice: true };
  const plain = combined({ ...shape, fields, figures: (field) => figuresOf(field).filter((one) => one !== 'growth') });
  const counters = fields.filter(({ counter }) => counter);
  const all = fields.flatMap((field) => figuresOf(field).map((figure) => partColumn(field, figure))).join(', ');
  const growth = combined({ ...shape, fields: counters, figures: () => ['growth'] });
  const joined = counters.length > 0 ? `(${plain}) JOIN (${growth}) USING (device, bucket)` : `(${plain})`;
  return `SELECT device, bucket AS ts, ${all} FROM ${joined}`;
}
