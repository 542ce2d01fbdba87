/**
 * Readings and roll-ups as SQL. Both are `parts`: what a field did in a span of time of one device, from a single reading up to a
 * day. Parts are combined into longer ones; so a minute, an hour, a day and an interval on a chart are all made the same way.
 *
 *   device, ts (where the span begins) and for every field
 *     number             f_count f_min f_max f_mean f_last
 *     a counter besides  f_first f_growth: how much it grew from its first reading to its last; after a reset it grows from zero
 *     all others         f_count f_last
 */
import type { FieldInfo } from '@haechi/core';
import { quote, sqlTypeOf } from './duckdb-table.ts';

type Figure = 'count' | 'min' | 'max' | 'mean' | 'last' | 'first' | 'growth';

export function figuresOf(field: FieldInfo): Figure[] {
  if (field.type !== 'number') return ['count', 'last'];
  return [
    ...(['count', 'min', 'max', 'mean', 'last'] as const),
    ...(field.counter ? (['first', 'growth'] as const) : []),
  ];
}

export const partColumn = ({ name }: FieldInfo, figure: Figure) => quote(`${name}_${figure}`);

/** Names and types of the columns of parts, after device and ts. */
export function partColumns(fields: readonly FieldInfo[]): { name: string; type: string }[] {
  return fields.flatMap((field) =>
    figuresOf(field).map((figure) => ({
      name: `${field.name}_${figure}`,
      type: figure === 'count' ? 'BIGINT' : sqlTypeOf(field),
    })),
  );
}

/** Every point, a row of device, ts and fields, as a part of its own. */
export function pointsAsParts(points: string, fields: readonly FieldInfo[]): string {
  const columns = fields.flatMap((field) =>
    figuresOf(field).map((figure) => `${ofPoint(quote(field.name), figure)} AS ${partColumn(field, figure)}`),
  );
  return `SELECT device, ts, ${columns.join(', ')} FROM (${points})`;
}

function ofPoint(value: string, figure: Figure): string {
  if (figure === 'count') return `(${value} IS NOT NULL)::BIGINT`;
  if (figure === 'growth') return `CASE WHEN ${value} IS NOT NULL THEN 0.0 END`;
  return value;
}

export interface Combination {
  parts: string;
  fields: readonly FieldInfo[];
  /** An expression over `ts`: where the longer part begins. */
  bucket: string;
  /** A row a device and bucket, growth within it alone; else one a bucket, growth since the last reading before it counted in. */
  eachDevice: boolean;
  /** Figures that nobody wants cost nothing. */
  figures?: (field: FieldInfo) => Figure[];
}

export function combined({ parts, fields, bucket, eachDevice, figures = figuresOf }: Combination): string {
  const counters = fields.filter((field) => field.counter && figures(field).includes('growth'));
  const columns = fields.flatMap((field) =>
    figures(field).map((figure) => `${combine(field, figure)} AS ${partColumn(field, figure)}`),
  );
  const stepped = counters.length > 0 ? withSteps(parts, counters, eachDevice ? `device, ${bucket}` : 'device') : parts;
  const device = eachDevice ? 'device, ' : '';
  return `SELECT ${device}${bucket} AS bucket, ${columns.join(', ')} FROM (${stepped}) GROUP BY ALL`;
}

/** Adds to each part's growth what the counter grew since the part before it. */
function withSteps(parts: string, counters: readonly FieldInfo[], partition: string): string {
  const replaced = counters.map((field) => {
    const [first, last, growth] = (['first', 'last', 'growth'] as const).map((figure) => partColumn(field, figure));
    const before = `lag(${last} IGNORE NULLS) OVER w`;
    const step = `CASE WHEN ${first} >= ${before} THEN ${first} - ${before} WHEN ${before} IS NOT NULL THEN ${first} ELSE 0 END`;
    return `${growth} + ${step} AS ${growth}`;
  });
  return `SELECT * REPLACE (${replaced.join(', ')}) FROM (${parts}) WINDOW w AS (PARTITION BY ${partition} ORDER BY ts)`;
}

function combine(field: FieldInfo, figure: Figure): string {
  const [count, own] = [partColumn(field, 'count'), partColumn(field, figure)];
  switch (figure) {
    case 'count':
      return `sum(${count})::BIGINT`;
    case 'mean':
      return `sum(${own} * ${count}) / nullif(sum(${count}), 0)`;
    case 'last':
      return `arg_max(${own}, ts)`;
    case 'first':
      return `arg_min(${own}, ts)`;
    case 'growth':
      return `sum(${own})`;
    case 'min':
    case 'max':
      return `${figure}(${own})`;
  }
}
