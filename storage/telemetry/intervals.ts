/** The equal intervals that a range is divided into; the same in every store, so that they agree. */
import type { Resolution } from './telemetry-store.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** What a person would choose; each is whole minutes, hours or days, so roll-ups fit into them. */
const ROUND_MS = [
  ...[1, 2, 5, 10, 15, 20, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 4, 6, 8, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 5, 10, 20, 50, 100].map((days) => days * DAY_MS),
];

export interface Intervals {
  intervalMs: number;
  /** One of them begins here, epoch milliseconds. */
  origin: number;
}

/**
 * At most `pointsMax` equal intervals that cover `from` to `to`. Below a minute they begin at `from`; from there on they are
 * round, and begin where the clock in UTC shows a round time, so the first may begin before `from`.
 */
export function intervalsOf(from: number, to: number, pointsMax: number): Intervals {
  const exact = Math.ceil((to - from) / pointsMax);
  if (exact < MINUTE_MS) return { intervalMs: exact, origin: from };
  const fits = (size: number) => Math.ceil(to / size) - Math.floor(from / size) <= pointsMax;
  const round = ROUND_MS.find((size) => size >= exact && fits(size));
  if (round !== undefined) return { intervalMs: round, origin: 0 };
  const origin = Math.floor(from / DAY_MS) * DAY_MS;
  return { intervalMs: Math.ceil((to - origin) / pointsMax / DAY_MS) * DAY_MS, origin };
}

/** The longest roll-up that never reaches over the end of an interval. */
export function resolutionOf({ intervalMs, origin }: Intervals): Resolution {
  const fits = (size: number) => intervalMs % size === 0 && origin % size === 0;
  if (fits(DAY_MS)) return 'day';
  if (fits(HOUR_MS)) return 'hour';
  return fits(MINUTE_MS) ? 'minute' : 'raw';
}
