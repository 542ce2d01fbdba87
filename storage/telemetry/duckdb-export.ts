/** Readings or roll-ups as a file that any tool reads. */
import { type DuckDBConnection, listValue } from '@duckdb/node-api';
import { HaechiError, messageOf } from '@haechi/core';
import { type Store, valuesOf } from './duckdb-range.ts';
import { combined, figuresOf, partColumn, pointsAsParts } from './duckdb-rollup.ts';
import { devicesIn, everyDevice, Sources } from './duckdb-sources.ts';
import { quote } from './duckdb-table.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './intervals.ts';
import type { ExportQuery, Resolution } from './telemetry-store.ts';

const SIZE_OF: Record<Exclude<Resolution, 'raw'>, number> = { minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS };

/** RFC 3339 in UTC, to the millisecond. */
const asText = (column: string) => `strftime(make_timestamp(${column} * 1000), '%Y-%m-%dT%H:%M:%S.%gZ') AS ${column}`;

/** @throws HaechiError EXPORT_FAILED where the file cannot be written */
export async function exportRows(
  connection: DuckDBConnection,
  { table, days }: Store,
  query: ExportQuery,
  path: string,
): Promise<{ rows: number }> {
  const names = query.fields ?? [...table.fields.keys()];
  const fields = names.flatMap((name) => table.fields.get(name) ?? []);
  if (fields.length === 0) throw new HaechiError('EXPORT_FAILED', `${query.domain} has none of the fields asked for`);
  const span = { from: Math.floor(query.from), to: Math.ceil(query.to) };
  const { resolution, format } = query;
  const condition = query.devices ? devicesIn(days, 'device IN (SELECT unnest($1))', query.devices) : everyDevice;
  const sources = new Sources(table, days, condition);

  let rows: string;
  let columns: string[];
  let times: string[];
  if (resolution === 'raw') {
    rows = sources.points(span, fields);
    times = ['ts', 'received_at'];
    columns = fields.map((field) => quote(field.name));
  } else {
    const size = SIZE_OF[resolution];
    const parts =
      sources.parts(span, fields, resolution, { named: true }) || pointsAsParts(sources.points(span, fields), fields);
    rows = combined({ parts, fields, bucket: `ts - ts % ${size}`, eachDevice: true });
    const hasAny = fields.map((field) => `${partColumn(field, 'count')} > 0`).join(' OR ');
    rows = `SELECT * RENAME (bucket AS ts) FROM (${rows}) WHERE ${hasAny}`;
    times = ['ts'];
    columns = fields.flatMap((field) => figuresOf(field).map((figure) => partColumn(field, figure)));
  }
  const shown = ['device', ...times.map((name) => (format === 'csv' ? asText(name) : name)), ...columns].join(', ');
  const options = format === 'csv' ? 'FORMAT csv, HEADER true' : 'FORMAT parquet, COMPRESSION zstd';
  const select = `SELECT ${shown} FROM (SELECT * FROM (${rows}) ORDER BY device, ts)`;
  try {
    const target = path.replaceAll("'", "''");
    const values = query.devices ? [listValue(query.devices)] : [];
    const sql = `COPY (${select}) TO '${target}' (${options})`;
    const [row] = (await connection.runAndReadAll(sql, valuesOf(select, values))).getRows();
    return { rows: Number(row?.[0] ?? 0) };
  } catch (cause) {
    throw new HaechiError('EXPORT_FAILED', `${path} cannot be written: ${messageOf(cause)}`, { cause });
  }
}
