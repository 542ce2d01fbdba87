/** What the platform holds of one device: its last known values and when they were measured. */
import type { Reading, Values } from '@haechi/core';

export interface TwinState {
  /** Time of the newest reading, and never later than it arrived: nothing is heard before it was measured. 0 before the first. */
  ts: number;
  /** The same as the device's own clock has it, where that runs ahead; else no later than `ts`. */
  deviceTs: number;
  receivedAt: number;
  /** When the device was last heard at all, be it with something old. */
  heardAt: number;
  values: Values;
  /** What the device's own status channel said last; `undefined` where it never did. */
  online?: boolean;
}

/** A reading no further from its arrival comes from a clock that is right: more than a message is commonly on its way. */
const CLOCK_RIGHT_MS = 10_000;

export function newTwin(): TwinState {
  return { ts: 0, deviceTs: 0, receivedAt: 0, heardAt: 0, values: {} };
}

/**
 * Takes a reading into the twin.
 * `late`: it is older than what is known, belongs to history and changes nothing here but when the device was heard.
 * `repeated`: it says again what is known of that moment.
 *
 * Readings of one clock are ordered by that clock, also while it runs ahead. Once it is set right, what it said before
 * lies in the future and must not make every true reading late until that time has come (traccar/traccar issue 6015).
 */
export function applyReading(twin: TwinState, reading: Reading): 'current' | 'late' | 'repeated' {
  const { ts, receivedAt } = reading;
  twin.heardAt = Math.max(twin.heardAt, receivedAt);
  const newest = Math.max(twin.ts, twin.deviceTs);
  const setRight = newest - receivedAt > CLOCK_RIGHT_MS && Math.abs(receivedAt - ts) <= CLOCK_RIGHT_MS;
  if (ts < newest && !setRight) return 'late';
  if (ts === newest && Object.entries(reading.values).every(([name, value]) => twin.values[name] === value)) {
    return 'repeated';
  }
  // Our own time never runs back, though the device's may.
  twin.ts = Math.max(twin.ts, Math.min(ts, receivedAt));
  twin.deviceTs = ts;
  twin.receivedAt = receivedAt;
  Object.assign(twin.values, reading.values);
  return 'current';
}
