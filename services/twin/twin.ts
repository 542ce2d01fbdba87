/** What the platform holds of one device: its last known values and when they were measured. */
import type { Reading, Values } from '@haechi/core';

export interface TwinState {
  /** Time of the newest reading; 0 before the first. */
  ts: number;
  receivedAt: number;
  /** When the device was last heard at all, be it with something old. */
  heardAt: number;
  values: Values;
  /** What the device's own status channel said last; `undefined` where it never did. */
  online?: boolean;
}

export function newTwin(): TwinState {
  return { ts: 0, receivedAt: 0, heardAt: 0, values: {} };
}

/**
 * Takes a reading into the twin.
 * `late`: it is older than what is known, belongs to history and changes nothing here but when the device was heard.
 * `repeated`: it says again what is known of that moment.
 */
export function applyReading(twin: TwinState, reading: Reading): 'current' | 'late' | 'repeated' {
  twin.heardAt = Math.max(twin.heardAt, reading.receivedAt);
  if (reading.ts < twin.ts) return 'late';
  if (reading.ts === twin.ts && Object.entries(reading.values).every(([name, value]) => twin.values[name] === value)) {
    return 'repeated';
  }
  twin.ts = reading.ts;
  twin.receivedAt = reading.receivedAt;
  Object.assign(twin.values, reading.values);
  return 'current';
}
