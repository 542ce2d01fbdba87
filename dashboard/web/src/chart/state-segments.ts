import type { HistoryResource, Value } from '../contract.ts';
import { gapMs } from './field-series.ts';

/** A word that held from one reading to the last that said the same. */
export interface Segment {
  from: number;
  to: number;
  value: Value;
}

/** What a choice or flag was and for how long; where nothing was said for too long there is no segment. */
export function segmentsOf(history: HistoryResource, field: string, intervalS: number): Segment[] {
  const gap = gapMs(intervalS, history.intervalMs);
  const segments: Segment[] = [];
  const values = history.fields[field]?.last ?? [];
  for (const [row, at] of history.ts.entries()) {
    const value = values[row];
    if (value === null || value === undefined) continue;
    const open = segments.at(-1);
    const near = open !== undefined && at - open.to <= gap;
    if (near) open.to = at;
    if (!near || open.value !== value) segments.push({ from: at, to: at, value });
  }
  return segments;
}
