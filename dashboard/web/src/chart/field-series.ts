import type { HistoryResource } from '../contract.ts';

/** One number's course: rows it has a value in, and a row of nulls wherever it was silent for too long. */
export interface FieldSeries {
  /** Epoch milliseconds. */
  ts: number[];
  min: (number | null)[];
  mean: (number | null)[];
  max: (number | null)[];
}

/** So much later than expected, and the line breaks. */
const GAP_INTERVALS = 3;

/** A raw reading may come late; an aggregate stands for its whole interval. */
export function gapMs(intervalS: number, aggregateMs: number): number {
  return Math.max(GAP_INTERVALS * intervalS * 1000, 1.5 * aggregateMs);
}

function push(series: FieldSeries, at: number, min: number | null, mean: number | null, max: number | null): void {
  series.ts.push(at);
  series.min.push(min);
  series.mean.push(mean);
  series.max.push(max);
}

/** Adds a row and, before it, the gap that it ends. */
function append(series: FieldSeries, at: number, min: number, mean: number, max: number, gap: number): void {
  const before = series.ts.at(-1);
  if (before !== undefined && at - before > gap) push(series, (before + at) / 2, null, null, null);
  push(series, at, min, mean, max);
}

export interface Point {
  at: number;
  value: number;
}

/** History and, after its end, what came live since. */
export function seriesOf(
  history: HistoryResource | undefined,
  field: string,
  intervalS: number,
  live: readonly Point[],
): FieldSeries {
  const series: FieldSeries = { ts: [], min: [], mean: [], max: [] };
  const gap = gapMs(intervalS, history?.intervalMs ?? 0);
  const lists = history?.fields[field];
  for (const [row, at] of history?.ts.entries() ?? []) {
    const mean = lists?.mean?.[row] ?? null;
    if (mean === null) continue;
    append(series, at, lists?.min?.[row] ?? mean, mean, lists?.max?.[row] ?? mean, gap);
  }
  for (const { at, value } of live) {
    if (at > (series.ts.at(-1) ?? Number.NEGATIVE_INFINITY)) append(series, at, value, value, value, gap);
  }
  return series;
}
