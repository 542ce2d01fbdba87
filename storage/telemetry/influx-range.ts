/** Readings over time, of one device or of many as one series, by InfluxQL: the one language that 1.x, 2.x and 3.x all answer on /query. */
import type { FieldInfo, Value } from '@haechi/core';
import { aggregate, type Figures, type Wanted } from './influx-aggregate.ts';
import type { Measurement } from './influx-lines.ts';
import { readDevices } from './influx-points.ts';
import { deviceLists, quoted, spanOf, whereOf } from './influx-ql.ts';
import type { InfluxServer } from './influx-server.ts';
import { intervalsOf, resolutionOf } from './intervals.ts';
import {
  GROUP_FIGURES,
  type GroupQuery,
  type RangeQuery,
  type RangeResult,
  type SeriesColumns,
} from './telemetry-store.ts';

type Asked = Pick<InfluxServer, 'query'>;

const EMPTY: RangeResult = { intervalMs: 0, resolution: 'raw', ts: [], fields: {} };

export async function readRange(server: Asked, measurement: Measurement, query: RangeQuery): Promise<RangeResult> {
  const fields = query.fields.flatMap((name) => measurement.fields.get(name) ?? []);
  if (fields.length === 0) return EMPTY;
  const span = spanOf(query);
  const devices = [query.device];
  const columns = fields.map(({ name }) => quoted(name)).join(', ');
  // One row more than asked for tells that there are too many, at a bounded cost.
  const raw = await server.query(
    `SELECT ${columns} FROM ${quoted(measurement.name)} ${whereOf(devices, span)} LIMIT ${query.pointsMax + 1}`,
  );
  if (raw.length <= query.pointsMax) return rawResult(raw, fields);

  const intervals = intervalsOf(span.from, span.to, query.pointsMax);
  const wanted = (field: FieldInfo): Wanted[] =>
    field.type === 'number' ? ['min', 'total', 'max', 'last', ...growth(field)] : ['last'];
  const rows = await aggregate(server, { measurement, fields, wanted, devices: [devices], span, intervals });
  const shown = (field: FieldInfo): (keyof SeriesColumns)[] =>
    field.type === 'number' ? ['count', 'min', 'mean', 'max', 'last', ...sum(field)] : ['count', 'last'];
  return { intervalMs: intervals.intervalMs, resolution: resolutionOf(intervals), ...series(rows, fields, shown) };
}

/** Of values that are no numbers only how many there were: which of many devices' came last says nothing about them. */
export async function readGroup(server: Asked, measurement: Measurement, query: GroupQuery): Promise<RangeResult> {
  const fields = query.fields.flatMap((name) => measurement.fields.get(name) ?? []);
  if (fields.length === 0 || query.devices?.length === 0) return EMPTY;
  const span = spanOf(query);
  const intervals = intervalsOf(span.from, span.to, query.pointsMax);
  // Even all devices are asked about list by list: an answer about thousands can take longer than we wait for one.
  const devices = deviceLists(query.devices ?? (await readDevices(server, measurement)));
  const figures = query.figures ?? GROUP_FIGURES;
  const shown = (field: FieldInfo) =>
    figures.filter((figure) => figure === 'count' || (figure === 'sum' ? field.counter : field.type === 'number'));
  const wanted = (field: FieldInfo) => shown(field).map((figure) => SOURCE[figure]);
  const rows = await aggregate(server, { measurement, fields, wanted, devices, span, intervals });
  return { intervalMs: intervals.intervalMs, resolution: resolutionOf(intervals), ...series(rows, fields, shown) };
}

const SOURCE = { count: 'count', min: 'min', mean: 'total', max: 'max', sum: 'growth' } as const;
const growth = ({ counter }: FieldInfo) => (counter ? (['growth'] as const) : []);
const sum = ({ counter }: FieldInfo) => (counter ? (['sum'] as const) : []);

function series(
  rows: Map<number, Figures[]>,
  fields: readonly FieldInfo[],
  shown: (field: FieldInfo) => readonly (keyof SeriesColumns)[],
): Pick<RangeResult, 'ts' | 'fields'> {
  const columns = fields.map((field, index): [string, SeriesColumns] => {
    const figures = [...rows.values()].map((row) => row[index] as Figures);
    return [
      field.name,
      Object.fromEntries(shown(field).map((name) => [name, figures.map((one) => figure(one, name))])),
    ];
  });
  return { ts: [...rows.keys()], fields: Object.fromEntries(columns) };
}

function figure(figures: Figures, name: keyof SeriesColumns): Value | null {
  if (name === 'mean') return figures.total === undefined ? null : figures.total / figures.count;
  return figures[name === 'sum' ? 'growth' : name] ?? null;
}

/** Columns come in the order they were asked for, after the time. */
function rawResult(rows: (Value | null)[][], fields: readonly FieldInfo[]): RangeResult {
  const columns = fields.map(({ name, type }, index): [string, SeriesColumns] => {
    const values = rows.map((row) => row[index + 1] ?? null);
    if (type !== 'number') return [name, { last: values }];
    const numbers = values as (number | null)[];
    return [name, { min: numbers, mean: numbers, max: numbers }];
  });
  return {
    intervalMs: 0,
    resolution: 'raw',
    ts: rows.map((row) => Number(row[0])),
    fields: Object.fromEntries(columns),
  };
}
