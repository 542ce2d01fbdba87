/** `silent` has never said anything; `stale` is late; `lost` is so late that its values mean nothing any more. */
export type Presence = 'live' | 'stale' | 'lost' | 'silent';

const STALE_INTERVALS = 2;
const LOST_INTERVALS = 5;

/** Judged by the device's own interval, so that a meter that speaks hourly is not called lost after a minute. */
export function presence(ts: number | null | undefined, intervalS: number, now: number): Presence {
  if (ts === null || ts === undefined) return 'silent';
  const age = now - ts;
  if (age > LOST_INTERVALS * intervalS * 1000) return 'lost';
  if (age > STALE_INTERVALS * intervalS * 1000) return 'stale';
  return 'live';
}
