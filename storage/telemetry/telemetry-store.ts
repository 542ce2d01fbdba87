import type { Reading, Value } from '@haechi/core';

/** What is kept, from the finest: readings as they came, and their roll-ups to 1 minute, 1 hour and 1 day (UTC). */
export const RESOLUTIONS = ['raw', 'minute', 'hour', 'day'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

/** Days that each resolution of a system is kept; what is older goes a whole UTC day at a time. */
export type Retention = Record<Resolution, number>;

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

/** Many devices of one system as one series: every row says what they all together did in its interval. */
export interface GroupQuery {
  domain: string;
  /** All devices of the system where it is absent. */
  devices?: string[];
  fields: string[];
  from: number;
  to: number;
  /** Most rows to return. */
  pointsMax: number;
  /** All of them where it is absent; those that nobody wants cost nothing. */
  figures?: GroupFigure[];
}
export const GROUP_FIGURES = ['count', 'min', 'mean', 'max', 'sum'] as const;
export type GroupFigure = (typeof GROUP_FIGURES)[number];

export interface SeriesColumns {
  /** Readings of the field in the interval. */
  count?: (number | null)[];
  min?: (number | null)[];
  mean?: (number | null)[];
  max?: (number | null)[];
  last?: (Value | null)[];
  /** A counter's growth within the interval; a counter that begins again at zero (a meter exchanged) grows from there. */
  sum?: (number | null)[];
}

/** One entry of `ts` a row; a row of nulls marks a gap. `intervalMs` 0 means raw readings. */
export interface RangeResult {
  intervalMs: number;
  /** Where the answer was read from: the coarsest that is fine enough. */
  resolution: Resolution;
  ts: number[];
  fields: Record<string, SeriesColumns>;
}

export interface ExportQuery {
  domain: string;
  /** All devices of the system where it is absent. */
  devices?: string[];
  /** All fields of the system where it is absent. */
  fields?: string[];
  from: number;
  to: number;
  resolution: Resolution;
  format: 'csv' | 'parquet';
}

/** Messages since the platform's first start, by what became of them: the delivery ledger (ingest/ledger.ts). */
export interface Tally {
  /** Acknowledged, as the journal counted them itself when it wrote them. */
  accepted: number;
  stored: number;
  duplicate: number;
  deadLettered: number;
  /** Older than what is kept when they came. */
  expired: number;
}

/** How far the store has come in the journal: durable together with the readings up to there. */
export interface StorePosition {
  /** The last journal group whose readings are stored; 0 before the first. */
  group: number;
  tally: Tally;
}

/** How many messages of a batch have their newest reading on this UTC day: when the day is dropped, so are they. */
export interface DayCount {
  domain: string;
  /** Epoch milliseconds of its start. */
  day: number;
  messages: number;
}

/**
 * Where readings are kept. A point is `(device, field, ts)`: writing it twice changes nothing that a query shows. Of two values
 * for one point the one received last counts, and of those received in one millisecond the one that was appended last.
 * `telemetry-store.contract.ts` says it all, and every store is held to it.
 */
export interface TelemetryStore {
  /** As shown to a person: `DuckDB 1.5`. */
  readonly description: string;
  position(): Promise<StorePosition>;
  /**
   * Of these readings, in their order, those that would change what a query shows; the others are stored already, or stand
   * twice in the list. Its answer holds until the next append, and there is one writer.
   * @throws HaechiError STORE_UNREACHABLE, STORE_REFUSED
   */
  unseen(readings: readonly Reading[]): Promise<Reading[]>;
  /** Readings of the system measured before this are not kept, epoch milliseconds. */
  keptSince(domain: string): number;
  /**
   * Stores all readings and then, or in the same transaction, the position after them. Where it rejects, the position
   * has not moved and the same may be appended again: what is there already changes nothing.
   * @throws HaechiError STORE_UNREACHABLE, STORE_REFUSED; ReadingsRefusedError with the readings that will never be taken.
   */
  append(readings: readonly Reading[], position: StorePosition, days: readonly DayCount[]): Promise<void>;
  /** Stored messages that retention has dropped since. */
  dropped(): Promise<number>;
  range(query: RangeQuery): Promise<RangeResult>;
  group(query: GroupQuery): Promise<RangeResult>;
  /**
   * Writes a file of its own at `path`: a row a device and time, by device and then time, each point once.
   * Columns: device, ts, received_at, then the fields; of a roll-up device, ts and for each field `field_count`, `_min`, … as it has them.
   */
  export(query: ExportQuery, path: string): Promise<{ rows: number }>;
  /**
   * What is due by `now` (roll-ups, sealing, retention); goes on where it was left, also after a crash. Between two of its
   * steps it looks at `signal`, and ends early where that is aborted.
   */
  maintain(now: number, signal?: AbortSignal): Promise<void>;
  /** A consistent copy of all it keeps in the data folder, as it stands now, into the empty `folder`; appends go on meanwhile. */
  snapshot(folder: string): Promise<StorePosition>;
  /** How many readings are stored; known at once, with a store that is away too. */
  count(): Promise<number>;
  close(): Promise<void>;
}
