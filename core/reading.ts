/** What one field of a reading holds. Numbers are in the field's own unit, fixed by the domain's model. */
export type Value = number | string | boolean;
export type Values = Record<string, Value>;

/**
 * One measurement of one device: a point for each value, and a point is `(device, field, ts)`.
 * `ts` is when it was measured, `receivedAt` when the broker had it; both epoch milliseconds.
 */
export interface Reading {
  device: string;
  domain: string;
  ts: number;
  receivedAt: number;
  seq?: number | undefined;
  values: Values;
}

/** A payload, or a part of one, that was acknowledged and could not be used: why, and its bytes. */
export interface DeadLetter {
  receivedAt: number;
  topic: string;
  device: string | null;
  /** A stable word, countable in metrics: `json-malformed`, `field-unknown`, `out-of-range` … */
  reason: string;
  /** For a person: what was wrong, and where. */
  detail: string;
  payload: Uint8Array;
}
