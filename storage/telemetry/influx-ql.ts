/** Pieces of an InfluxQL statement. */

/**
 * InfluxDB counts nanoseconds in 64 bits. Less than half of it either way, 1824 to 2115, so that all of it still counts as one
 * interval, rounded up to days.
 */
const TIME_MS_MAX = 4_600_000_000_000;
/** What 1.6.7 needs grows with the square of a list's length: 100 devices in 8 ms, 500 in 80 ms, 5,000 in 10 s. */
export const DEVICES_MAX = 100;

/** Epoch milliseconds, whole and within what InfluxDB can count; `from` inclusive, `to` exclusive. */
export interface Span {
  from: number;
  to: number;
}

export const quoted = (name: string) => `"${name.replace(/["\\]/g, '\\$&')}"`;
const literal = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`;

export function spanOf({ from, to }: Span): Span {
  return { from: countable(Math.floor(from)), to: countable(Math.ceil(to)) };
}

/** Lists short enough for one statement, which give all these devices together. */
export function deviceLists(devices: readonly string[]): string[][] {
  return chunksOf([...new Set(devices)], DEVICES_MAX);
}

/** The condition for readings of these devices, or of every device, in this span. */
export function whereOf(devices: readonly string[] | undefined, { from, to }: Span): string {
  const time = `time >= ${from}ms AND time < ${to}ms`;
  if (!devices) return `WHERE ${time}`;
  return `WHERE (${devices.map((device) => `"device" = ${literal(device)}`).join(' OR ')}) AND ${time}`;
}

function chunksOf<T>(list: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let start = 0; start < list.length; start += size) chunks.push(list.slice(start, start + size));
  return chunks;
}

function countable(timeMs: number): number {
  return Math.max(-TIME_MS_MAX, Math.min(TIME_MS_MAX, timeMs));
}
