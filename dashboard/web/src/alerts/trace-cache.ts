import { get } from '../api/client.ts';
import type { HistoryResource } from '../contract.ts';

export interface TracePoint {
  at: number;
  value: number;
}

const WINDOW_MS = 30 * 60_000;
const POINTS = 60;
const KEPT_MS = 60_000;
const KEPT_MAX = 300;
/** Scrolling through hundreds of rows must not become hundreds of requests at once. */
const AT_ONCE_MAX = 3;

const kept = new Map<string, { askedAt: number; points: Promise<TracePoint[]> }>();
const waiting: (() => Promise<void>)[] = [];
let running = 0;

async function work(): Promise<void> {
  if (running >= AT_ONCE_MAX) return;
  running += 1;
  for (let task = waiting.pop(); task; task = waiting.pop()) await task();
  running -= 1;
}

async function read(device: string, field: string, to: number): Promise<TracePoint[]> {
  const query = { fields: field, from: Math.floor(to - WINDOW_MS), to: Math.ceil(to), points: POINTS };
  const history = await get<HistoryResource>(`/devices/${encodeURIComponent(device)}/history`, query);
  const means = history.fields[field]?.mean ?? [];
  return history.ts.flatMap((at, row) => {
    const value = means[row];
    return typeof value === 'number' ? [{ at, value }] : [];
  });
}

/** The last half hour of one field, asked for at most once a minute; what was asked for last comes first. */
export function traceOf(device: string, field: string, now: number): Promise<TracePoint[]> {
  const key = `${device} ${field}`;
  const known = kept.get(key);
  if (known && performance.now() - known.askedAt < KEPT_MS) return known.points;
  const points = new Promise<TracePoint[]>((resolve, reject) => {
    waiting.push(() => read(device, field, now).then(resolve, reject));
  });
  kept.delete(key);
  kept.set(key, { askedAt: performance.now(), points });
  for (const oldest of kept.keys()) {
    if (kept.size <= KEPT_MAX) break;
    kept.delete(oldest);
  }
  void work();
  return points;
}
