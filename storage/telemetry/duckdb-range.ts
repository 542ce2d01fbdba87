/** Readings over time from the embedded store: of one device, or of many as one series. */
import { type DuckDBConnection, type DuckDBValue, listValue } from '@duckdb/node-api';
import type { FieldInfo, Value } from '@haechi/core';
import type { Days } from './duckdb-days.ts';
import { combined, figuresOf, partColumn } from './duckdb-rollup.ts';
import { devicesIn, everyDevice, Sources, type Span } from './duckdb-sources.ts';
import type { Table } from './duckdb-table.ts';
import { type Intervals, intervalsOf, resolutionOf } from './intervals.ts';
import type { GroupQuery, RangeQuery, RangeResult, SeriesColumns } from './telemetry-store.ts';

type Figure = ReturnType<typeof figuresOf>[number];

/** What is asked of the database, with its answer's columns. */
export type Ask = (sql: string, values: DuckDBValue[]) => Promise<Record<string, DuckDBValue[]>>;

export function askOf(connection: DuckDBConnection): Ask {
  return async (sql, values) => (await connection.runAndReadAll(sql, valuesOf(sql, values))).getColumnsObject();
}

/** Roll-ups know devices by number: a query of them alone has no place for names, and DuckDB takes no value without one. */
export function valuesOf(sql: string, values: DuckDBValue[]): DuckDBValue[] {
  return sql.includes('$1') ? values : [];
}

export interface Store {
  ask: Ask;
  table: Table;
  days: Days;
}

export const emptyRange = (): RangeResult => ({ intervalMs: 0, resolution: 'raw', ts: [], fields: {} });

export async function readRange({ ask, table, days }: Store, query: RangeQuery): Promise<RangeResult> {
  const fields = query.fields.flatMap((name) => table.fields.get(name) ?? []);
  if (fields.length === 0) return emptyRange();
  const span = wholeSpan(query);
  const sources = new Sources(table, days, devicesIn(days, 'device = $1', [query.device]));
  const values = [query.device];
  if (sources.hasRaw(span)) {
    // One row more than asked for tells that there are too many, and roll-ups tell it without reading them all.
    const estimate = await estimatedRows(ask, sources, span, fields, values);
    if (estimate <= query.pointsMax) {
      const limit = `ORDER BY ts LIMIT ${query.pointsMax + 1}`;
      const raw = await ask(`SELECT * FROM (${sources.points(span, fields)}) ${limit}`, values);
      if ((raw['ts']?.length ?? 0) <= query.pointsMax) return rawResult(raw, fields);
    }
  }
  const intervals = intervalsOf(span.from, span.to, query.pointsMax);
  return await aggregated({ ask, sources, span, fields, values, intervals });
}

export async function readGroup({ ask, table, days }: Store, query: GroupQuery): Promise<RangeResult> {
  const fields = query.fields.flatMap((name) => table.fields.get(name) ?? []);
  if (fields.length === 0 || query.devices?.length === 0) return emptyRange();
  const span = wholeSpan(query);
  const condition = query.devices ? devicesIn(days, 'device IN (SELECT unnest($1))', query.devices) : everyDevice;
  const sources = new Sources(table, days, condition);
  const values = query.devices ? [listValue(query.devices)] : [];
  const intervals = intervalsOf(span.from, span.to, query.pointsMax);
  const wanted = query.figures;
  // The newest of many devices' values says nothing about them.
  const figures = (field: FieldInfo) =>
    figuresOf(field).filter((figure) => {
      if (figure === 'last' || figure === 'first') return false;
      const name = figure === 'growth' ? 'sum' : figure;
      return !wanted || wanted.some((one) => one === name);
    });
  return await aggregated({ ask, sources, span, fields, values, intervals, figures });
}

/** In whole milliseconds. */
function wholeSpan({ from, to }: Span): Span {
  return { from: Math.floor(from), to: Math.ceil(to) };
}

/** How many rows the readings are at least: roll-ups tell it at once, and readings that have none yet are not counted for it. */
async function estimatedRows(
  ask: Ask,
  sources: Sources,
  span: Span,
  fields: readonly FieldInfo[],
  values: DuckDBValue[],
): Promise<number> {
  const parts = sources.parts(span, fields, 'day', { named: false, only: 'rolled' });
  if (parts === '') return 0;
  const sums = fields.map((field) => `sum(${partColumn(field, 'count')})::BIGINT`).join(', ');
  const { most } = await ask(`SELECT greatest(${sums}) AS most FROM (${parts})`, values);
  return Number(most?.[0] ?? 0);
}

interface Aggregation {
  ask: Ask;
  sources: Sources;
  span: Span;
  fields: readonly FieldInfo[];
  values: DuckDBValue[];
  intervals: Intervals;
  figures?: (field: FieldInfo) => Figure[];
}

async function aggregated(aggregation: Aggregation): Promise<RangeResult> {
  const { ask, sources, span, fields, values, intervals, figures = shownFigures } = aggregation;
  const { intervalMs, origin } = intervals;
  const resolution = resolutionOf(intervals);
  const named = fields.some((field) => field.counter && figures(field).includes('growth'));
  const parts = sources.parts(span, fields, resolution, { named });
  if (parts === '') return { ...emptyRange(), intervalMs, resolution };
  const some = `SELECT * FROM (${parts}) WHERE ${hasAny(fields)}`;
  const since = `(ts - ${origin}) % ${intervalMs}`;
  // Divisions are most of what a sum over millions of rows costs; only a time before the origin takes more than one.
  const offset = span.from >= origin ? since : `(${since} + ${intervalMs}) % ${intervalMs}`;
  const sql = combined({ parts: some, fields, bucket: `ts - ${offset}`, eachDevice: false, figures });
  const columns = await ask(`${sql} ORDER BY bucket`, values);
  return {
    intervalMs,
    resolution,
    ts: (columns['bucket'] ?? []).map(Number),
    fields: Object.fromEntries(fields.map((field) => [field.name, seriesOf(columns, field, figures(field))])),
  };
}

const shownFigures = (field: FieldInfo) => figuresOf(field).filter((figure) => figure !== 'first');

/** Rows of other fields alone make no row here. */
const hasAny = (fields: readonly FieldInfo[]) =>
  fields.map((field) => `${partColumn(field, 'count')} > 0`).join(' OR ');

function seriesOf(columns: Record<string, DuckDBValue[]>, field: FieldInfo, figures: readonly Figure[]): SeriesColumns {
  return Object.fromEntries(
    figures.map((figure) => {
      const column = columns[`${field.name}_${figure}`] ?? [];
      if (figure === 'count') return ['count', column.map(Number)];
      return [figure === 'growth' ? 'sum' : figure, column];
    }),
  );
}

function rawResult(columns: Record<string, DuckDBValue[]>, fields: readonly FieldInfo[]): RangeResult {
  const series = fields.map(({ name, type }): [string, SeriesColumns] => {
    const values = (columns[name] ?? []) as unknown[];
    if (type !== 'number') return [name, { last: values as (Value | null)[] }];
    const numbers = values as (number | null)[];
    return [name, { min: numbers, mean: numbers, max: numbers }];
  });
  return { ...emptyRange(), ts: (columns['ts'] ?? []).map(Number), fields: Object.fromEntries(series) };
}
