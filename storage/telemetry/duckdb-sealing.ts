/** What a day is sealed with, as SQL: its readings, each point once, and their roll-ups. */
import type { FieldInfo } from '@haechi/core';
import { combined, figuresOf, partColumn, pointsAsParts } from './duckdb-rollup.ts';
import { fileOf, newestReceived, quote, type Table } from './duckdb-table.ts';
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

/** Runs of devices, in their order, each of at most so many rows that memory holds their figures, or of one device. */
export function slicesOf(devices: readonly Record<string, unknown>[]): { first: string; last: string }[] {
  const slices: { first: string; last: string; rows: number }[] = [];
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

/** Readings as parts of a minute, by device and time. A minute with one reading is that reading's own part, and costs no grouping. */
export function minutesOf(readings: string, fields: readonly FieldInfo[]): string {
  const minute = `ts - ts % ${MINUTE_MS}`;
  const joined = (join: string) =>
    `SELECT readings.* FROM readings ${join} JOIN shared ON readings.device = shared.device AND ${minute} = shared.minute`;
  return `WITH readings AS (${readings}),
            shared AS (SELECT device, ${minute} AS minute FROM readings GROUP BY ALL HAVING count(*) > 1)
          SELECT * REPLACE (${minute} AS ts) FROM (${pointsAsParts(joined('ANTI'), fields)})
          UNION ALL BY NAME ${rolledUp(pointsAsParts(joined('SEMI'), fields), fields, MINUTE_MS)}
          ORDER BY device, ts`;
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
