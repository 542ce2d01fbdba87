import type { Reading, Value } from '@haechi/core';

export interface RangeQuery {
  domain: string;
  device: string;
  fields: string[];
  /** Epoch milliseconds; `from` inclusive, `to` exclusive. */
  from: number;
  to: number;
  /** Most rows to return; more readings than that are aggregated into equal intervals. */
  pointsMax: number;
  /** Two readings further apart than this have a gap between them. */
  gapMs: number;
}

export interface SeriesColumns {
  min?: (number | null)[];
  mean?: (number | null)[];
  max?: (number | null)[];
  last?: (Value | null)[];
}

/** One entry of `ts` a row; a row of nulls marks a gap. `intervalMs` 0 means raw readings. */
export interface RangeResult {
  intervalMs: number;
  ts: number[];
  fields: Record<string, SeriesColumns>;
}

/**
 * Where readings are kept. A point is `(device, field, ts)`: writing it twice changes nothing that a query shows.
 * `append` stores all its readings and the journal group they came from, or nothing.
 */
export interface TelemetryStore {
  /** As shown to a person: `DuckDB 1.5`. */
  readonly description: string;
  /** The last journal group whose readings are stored; 0 before the first. */
  cursor(): Promise<number>;
  append(readings: readonly Reading[], group: number): Promise<void>;
  range(query: RangeQuery): Promise<RangeResult>;
  /** How many readings are kept. */
  count(): Promise<number>;
  close(): Promise<void>;
}
