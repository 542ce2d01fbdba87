/** Where the rows of a range are: in the open table, in the files of sealed days, in roll-ups; as SQL. */
import type { FieldInfo } from '@haechi/core';
import { type Days, dayTable, hourTable } from './duckdb-days.ts';
import { figuresOf, partColumn, partColumns, pointsAsParts } from './duckdb-rollup.ts';
import { literal, newestReceived, quote, type Table } from './duckdb-table.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './intervals.ts';
import type { Resolution } from './telemetry-store.ts';

export interface Span {
  from: number;
  to: number;
}

/** A condition on `device`, SQL: over its name, and over its number as `rolled.device`. */
export interface DeviceCondition {
  named: string;
  numbered: string;
}

/** A longer list is compared as a list: a condition of many ranges is slow to plan. */
const NUMBER_RUNS_MAX = 64;

export const everyDevice: DeviceCondition = { named: 'true', numbered: 'true' };

/** Devices of a kind are mostly named alike, and so numbered in a row: ranges of numbers leave out whole blocks of a table. */
export function devicesIn(days: Days, named: string, devices: readonly string[]): DeviceCondition {
  const numbers = [...new Set(days.numbersOf(devices))].sort((a, b) => a - b);
  const runs: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run && run.last + 1 === number) run.last = number;
    else runs.push({ first: number, last: number });
  }
  if (runs.length > NUMBER_RUNS_MAX) return { named, numbered: oneOf('rolled.device', numbers) };
  const ranges = runs.map(({ first, last }) => `rolled.device BETWEEN ${first} AND ${last}`);
  return { named, numbered: ranges.length > 0 ? `(${ranges.join(' OR ')})` : 'false' };
}

export class Sources {
  readonly #table: Table;
  readonly #days: Days;
  readonly #devices: DeviceCondition;

  constructor(table: Table, days: Days, devices: DeviceCondition) {
    this.#table = table;
    this.#days = days;
    this.#devices = devices;
  }

  /** Points of the range that have one of the fields, each once: device, ts, received_at and the fields. */
  points({ from, to }: Span, fields: readonly FieldInfo[], among?: readonly number[]): string {
    const { name, domain } = this.#table;
    const days = (among ?? this.#daysOf({ from, to })).filter((day) => this.#days.sealed(domain).get(day)?.raw);
    const columns = ['device', 'ts', 'received_at', ...fields.map((field) => quote(field.name))].join(', ');
    const where = (device: string) =>
      `${device} AND ts >= ${from} AND ts < ${to} AND (${fields.map((field) => `${quote(field.name)} IS NOT NULL`).join(' OR ')})`;
    const inDays = among ? `AND ${oneOf(`ts // ${DAY_MS} * ${DAY_MS}`, among)}` : '';
    const clean = days.filter((day) => !this.#days.isOpen(domain, day));
    const mixed = days.filter((day) => this.#days.isOpen(domain, day));
    const grouped = [...new Set([...mixed, ...this.#days.repeated(domain)])];
    const open = (device: string) => `FROM ${name} WHERE ${where(device)} ${inDays}`;
    const parts = [
      // Most days have each point once, and need no grouping.
      `SELECT ${columns} ${open(this.#devices.named)}${grouped.length > 0 ? ` AND NOT ${oneOf(`ts // ${DAY_MS} * ${DAY_MS}`, grouped)}` : ''}`,
      ...(clean.length > 0
        ? [`SELECT ${columns} FROM ${this.#files('raw', clean)} WHERE ${where(this.#devices.named)}`]
        : []),
    ];
    if (grouped.length > 0) {
      const rows = [
        `SELECT ${columns}, rowid AS place ${open(this.#devices.named)} AND ${oneOf(`ts // ${DAY_MS} * ${DAY_MS}`, grouped)}`,
        ...(mixed.length > 0
          ? [`SELECT ${columns}, -1 AS place FROM ${this.#files('raw', mixed)} WHERE ${where(this.#devices.named)}`]
          : []),
      ];
      const newest = fields.map((field) => newestReceived(field.name)).join(', ');
      parts.push(
        `SELECT device, ts, max(received_at) AS received_at, ${newest} FROM (${rows.join(' UNION ALL ')}) GROUP BY device, ts`,
      );
    }
    return parts.join(' UNION ALL ');
  }

  /**
   * Parts that fill the range, none longer than `resolution`, with as few rows as that allows.
   * @param only `rolled` leaves out what would be read reading by reading
   */
  parts(
    span: Span,
    fields: readonly FieldInfo[],
    resolution: Resolution,
    { named, only }: { named: boolean; only?: 'rolled' },
  ): string {
    const raw: number[] = [];
    const rolled: Record<Exclude<Resolution, 'raw'>, number[]> = { minute: [], hour: [], day: [] };
    for (const day of this.#daysOf(span)) {
      const source = this.#sourceOf(day, span, resolution);
      if (source === 'raw') raw.push(day);
      else rolled[source].push(day);
    }
    const columns = fields.flatMap((field) => figuresOf(field).map((figure) => partColumn(field, figure))).join(', ');
    const within = `ts >= ${span.from} AND ts < ${span.to}`;
    const parts: string[] = [];
    if (raw.length > 0 && only === undefined) parts.push(pointsAsParts(this.points(span, fields, raw), fields));
    if (rolled.minute.length > 0) {
      parts.push(
        `SELECT device, ts, ${columns} FROM ${this.#files('minute', rolled.minute)} WHERE ${this.#devices.named} AND ${within}`,
      );
    }
    for (const [kind, table] of [
      ['hour', hourTable(this.#table)],
      ['day', dayTable(this.#table)],
    ] as const) {
      const days = rolled[kind];
      if (days.length === 0) continue;
      const where = `${this.#devices.numbered} AND ${runsOf(days)} AND ${within}`;
      parts.push(
        named
          ? `SELECT names.device, ts, ${columns} FROM ${table} AS rolled JOIN device_numbers AS names ON names.number = rolled.device
             WHERE ${where}`
          : `SELECT NULL AS device, ts, ${columns} FROM ${table} AS rolled WHERE ${where}`,
      );
    }
    return parts.join(' UNION ALL ');
  }

  /** Whether every reading of the range is still kept one by one. */
  hasRaw(span: Span): boolean {
    const sealed = this.#days.sealed(this.#table.domain);
    return this.#daysOf(span).every((day) => sealed.get(day)?.raw ?? true);
  }

  /** Days of the range that have anything, oldest first. */
  #daysOf({ from, to }: Span): number[] {
    const { domain } = this.#table;
    const all = new Set([...this.#days.sealed(domain).keys(), ...this.#days.openDays(domain)]);
    return [...all].filter((day) => day + DAY_MS > from && day < to).sort((a, b) => a - b);
  }

  #sourceOf(day: number, { from, to }: Span, wanted: Resolution): Resolution {
    const { domain } = this.#table;
    const sealed = this.#days.sealed(domain).get(day);
    if (!sealed || (this.#days.isOpen(domain, day) && sealed.raw)) return 'raw';
    const coarse = day >= this.#days.hoursSince(domain) ? 'hour' : 'day';
    const finest: Resolution = sealed.raw ? 'raw' : sealed.minute ? 'minute' : coarse;
    // A day that is not whole within the range takes no part that reaches beyond it.
    const edges = [Math.max(from, day), Math.min(to, day + DAY_MS)];
    const fits = (size: number) => edges.every((edge) => edge % size === 0);
    for (const [resolution, size] of SIZES) {
      if (RANK[resolution] > RANK[wanted] || !fits(size)) continue;
      if (resolution === 'minute' && !sealed.minute) continue;
      return RANK[resolution] < RANK[finest] ? finest : resolution;
    }
    return finest;
  }

  /** A field that the model has got since is in none of these files, and is null there. */
  #files(kind: 'raw' | 'minute', days: readonly number[]): string {
    const paths = days.map((day) => `'${literal(this.#days.file(this.#table.domain, kind, day))}'`);
    const shape = kind === 'raw' ? `SELECT * FROM ${this.#table.name} WHERE false` : minuteShape(this.#table);
    return `(${shape} UNION ALL BY NAME SELECT * FROM read_parquet([${paths.join(', ')}], union_by_name = true))`;
  }
}

const SIZES = [
  ['day', DAY_MS],
  ['hour', HOUR_MS],
  ['minute', MINUTE_MS],
] as const;
const RANK: Record<Resolution, number> = { raw: 0, minute: 1, hour: 2, day: 3 };

const oneOf = (expression: string, values: readonly number[]) => `${expression} IN (${values.join(', ') || 'NULL'})`;

function minuteShape(table: Table): string {
  const columns = partColumns([...table.fields.values()]).map(({ name, type }) => `NULL::${type} AS ${quote(name)}`);
  return `SELECT NULL::VARCHAR AS device, NULL::BIGINT AS ts, ${columns.join(', ')} WHERE false`;
}

/** A condition for these days, runs of them as one range: such a condition leaves out whole blocks of a table. */
function runsOf(days: readonly number[]): string {
  const runs: Span[] = [];
  for (const day of days) {
    const last = runs.at(-1);
    if (last && last.to === day) last.to = day + DAY_MS;
    else runs.push({ from: day, to: day + DAY_MS });
  }
  return `(${runs.map(({ from, to }) => `ts >= ${from} AND ts < ${to}`).join(' OR ')})`;
}
