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
 * Where readings are kept. A point is `(device, field, ts)`: writing it twice changes nothing that a query shows. Of two values
 * for one point the one received last counts, and of those received in one millisecond the one that was appended last.
 * `telemetry-store.contract.ts` says it all, and every store is held to it.
 */
export interface TelemetryStore {
  /** As shown to a person: `DuckDB 1.5`. */
  readonly description: string;
  /** The last journal group whose readings are stored; 0 before the first. */
  cursor(): Promise<number>;
  /**
   * Stores all readings and then, or in the same transaction, that their journal group is stored. Where it rejects, the cursor
   * has not moved and the same may be appended again: what is there already changes nothing.
   * @throws HaechiError STORE_UNREACHABLE, STORE_REFUSED; ReadingsRefusedError with the readings that will never be taken.
   */
  append(readings: readonly Reading[], group: number): Promise<void>;
  range(query: RangeQuery): Promise<RangeResult>;
  /** How many readings were appended, repetitions included; known at once, with a store that is away too. */
  count(): Promise<number>;
  close(): Promise<void>;
}
