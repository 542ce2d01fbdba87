/** Readings of one device or many, aggregated by the server into equal intervals. */
import type { FieldInfo, Value } from '@haechi/core';
import type { Measurement } from './influx-lines.ts';
import { quoted, type Span, whereOf } from './influx-ql.ts';
import type { InfluxServer } from './influx-server.ts';
import type { Intervals } from './intervals.ts';

type Asked = Pick<InfluxServer, 'query'>;

/** What a field did in an interval; without a reading in it, `count` is 0 and there is nothing more. */
export interface Figures {
  count: number;
  /** Of a number. */
  min?: number;
  max?: number;
  total?: number;
  /** The newest of one list's devices; of several lists' nothing is known. */
  last?: Value;
  first?: number;
  /** Of a counter: how much it grew, from the first reading of each device in the span on; after a reset from zero. */
  growth?: number;
}

export type Wanted = 'count' | 'min' | 'max' | 'total' | 'last' | 'first' | 'growth';

export interface Aggregation {
  measurement: Measurement;
  fields: readonly FieldInfo[];
  /** Besides `count`, which always comes. */
  wanted: (field: FieldInfo) => readonly Wanted[];
  /** Asked about one list after the other, and put together. */
  devices: readonly (readonly string[])[];
  span: Span;
  intervals: Intervals;
}

const FUNCTION = { count: 'count', min: 'min', max: 'max', total: 'sum', last: 'last', first: 'first' } as const;
type Plain = keyof typeof FUNCTION;

/** A list of figures, one a field, for every interval that has a reading of one of them; by the interval's begin, oldest first. */
export async function aggregate(server: Asked, aggregation: Aggregation): Promise<Map<number, Figures[]>> {
  const { fields, wanted, devices } = aggregation;
  const sums = new Map<number, Figures[]>();
  for (const some of devices) {
    for (const [begin, figures] of await plainFigures(server, aggregation, some)) {
      const before = sums.get(begin);
      sums.set(begin, before ? before.map((one, index) => together(one, figures[index] as Figures)) : figures);
    }
    for (const [index, field] of fields.entries()) {
      if (!field.counter || !wanted(field).includes('growth')) continue;
      for (const [begin, growth] of await growthOf(server, aggregation, some, field)) {
        const figures = sums.get(begin)?.[index];
        if (figures) figures.growth = (figures.growth ?? 0) + growth;
      }
    }
  }
  return new Map([...sums].sort(([a], [b]) => a - b));
}

async function plainFigures(
  server: Asked,
  { measurement, fields, wanted, span, intervals }: Aggregation,
  devices: readonly string[],
): Promise<[number, Figures[]][]> {
  const asked = fields.map((field) => ({
    name: quoted(field.name),
    figures: [...new Set<Wanted>(['count', ...wanted(field)])].filter((figure): figure is Plain => figure !== 'growth'),
    grows: field.counter && wanted(field).includes('growth'),
  }));
  const columns = asked.flatMap(({ name, figures }) => figures.map((figure) => `${FUNCTION[figure]}(${name})`));
  const rows = await server.query(
    `SELECT ${columns.join(', ')} FROM ${quoted(measurement.name)} ${whereOf(devices, span)} ${groupBy(intervals)}`,
  );
  return rows.map(([time, ...cells]) => {
    let next = 0;
    const row = asked.map(({ figures, grows }) => {
      const own = figures.map((figure) => [figure, cells[next++]] as const).filter(([, cell]) => cell != null);
      const known: Figures = { count: 0, ...Object.fromEntries(own) };
      return known.count > 0 && grows ? { ...known, growth: 0 } : known;
    });
    return [Number(time), row];
  });
}

/** A counter only falls where it began again at zero, so what it fell to is what it has grown since. */
async function growthOf(
  server: Asked,
  { measurement, span, intervals }: Aggregation,
  devices: readonly string[],
  { name }: FieldInfo,
): Promise<Map<number, number>> {
  const from = `FROM ${quoted(measurement.name)} ${whereOf(devices, span)} GROUP BY "device"`;
  const sumOf = (steps: string, which: string) =>
    `SELECT sum("grown") FROM (${steps}) ${whereOf(undefined, span)} ${which} ${groupBy(intervals)}`;
  const rises = `SELECT non_negative_difference(${quoted(name)}) AS "grown" ${from}`;
  // No statement may ask for values beside differences of them; the mean of two and half their difference is the second.
  const value = `moving_average(${quoted(name)}, 2) + difference(${quoted(name)}) / 2`;
  const falls = `SELECT ${value} AS "grown", difference(${quoted(name)}) AS "step" ${from}`;

  const growth = new Map<number, number>();
  for (const statement of [sumOf(rises, ''), sumOf(falls, 'AND "step" < 0')]) {
    for (const [time, sum] of await server.query(statement)) {
      growth.set(Number(time), (growth.get(Number(time)) ?? 0) + Number(sum));
    }
  }
  return growth;
}

function together(one: Figures, other: Figures): Figures {
  const both = <T>(a: T | undefined, b: T | undefined, join: (a: T, b: T) => T) =>
    a === undefined ? b : b === undefined ? a : join(a, b);
  const sum = (a: number, b: number) => a + b;
  const joined = {
    min: both(one.min, other.min, Math.min),
    max: both(one.max, other.max, Math.max),
    total: both(one.total, other.total, sum),
    growth: both(one.growth, other.growth, sum),
  };
  const known = Object.entries(joined).filter(([, figure]) => figure !== undefined);
  return { count: one.count + other.count, ...Object.fromEntries(known) };
}

function groupBy({ intervalMs, origin }: Intervals): string {
  const offset = ((origin % intervalMs) + intervalMs) % intervalMs;
  return `GROUP BY time(${intervalMs}ms, ${offset}ms) fill(none)`;
}
