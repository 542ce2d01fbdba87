/** A device's readings over time, by InfluxQL: the one language that 1.x, 2.x and 3.x all answer on /query. */
import type { FieldInfo, Value } from '@haechi/core';
import type { Measurement } from './influx-lines.ts';
import type { InfluxServer } from './influx-server.ts';
import type { RangeQuery, RangeResult, SeriesColumns } from './telemetry-store.ts';

/** InfluxDB counts nanoseconds in 64 bits. Half of it either way, so that all of it still counts as one interval: 1823 to 2116. */
const TIME_MS_MAX = 4_611_686_018_427;

export async function readRange(
  server: Pick<InfluxServer, 'query'>,
  measurement: Measurement,
  query: RangeQuery,
): Promise<RangeResult> {
  const fields = query.fields.flatMap((name) => measurement.fields.get(name) ?? []);
  if (fields.length === 0) return { intervalMs: 0, ts: [], fields: {} };
  const from = countable(Math.floor(query.from));
  const to = countable(Math.ceil(query.to));
  const where = `FROM ${quoted(measurement.name)} WHERE "device" = ${literal(query.device)} AND time >= ${from}ms AND time < ${to}ms`;

  const columns = fields.map(({ name }) => quoted(name)).join(', ');
  // One row more than asked for tells that there are too many, at a bounded cost.
  const raw = await server.query(`SELECT ${columns} ${where} LIMIT ${query.pointsMax + 1}`);
  if (raw.length <= query.pointsMax) return toResult(raw, fields, 0);

  const intervalMs = Math.ceil((to - from) / query.pointsMax);
  const aggregates = fields.flatMap(aggregatesOf).join(', ');
  const interval = `time(${intervalMs}ms, ${from % intervalMs}ms)`; // the offset aligns the intervals to `from`
  return toResult(
    await server.query(`SELECT ${aggregates} ${where} GROUP BY ${interval} fill(none)`),
    fields,
    intervalMs,
  );
}

function aggregatesOf({ name, type }: FieldInfo): string[] {
  return (type === 'number' ? ['min', 'mean', 'max'] : ['last']).map((fn) => `${fn}(${quoted(name)})`);
}

/** Columns come in the order they were asked for, after the time; two of one name would be renamed. */
function toResult(rows: (Value | null)[][], fields: FieldInfo[], intervalMs: number): RangeResult {
  let next = 1;
  const column = () => {
    const index = next++;
    return rows.map((row) => row[index] ?? null);
  };
  const numbers = () => column() as (number | null)[];
  const series = fields.map(({ name, type }): [string, SeriesColumns] => {
    if (type !== 'number') return [name, { last: column() }];
    if (intervalMs > 0) return [name, { min: numbers(), mean: numbers(), max: numbers() }];
    const values = numbers();
    return [name, { min: values, mean: values, max: values }];
  });
  return { intervalMs, ts: rows.map((row) => Number(row[0])), fields: Object.fromEntries(series) };
}

const quoted = (name: string) => `"${name.replace(/["\\]/g, '\\$&')}"`;
const literal = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`;
const countable = (timeMs: number) => Math.max(-TIME_MS_MAX, Math.min(TIME_MS_MAX, timeMs));
