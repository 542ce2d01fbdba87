import { useEffect, useState } from 'react';
import { get } from '../api/client.ts';
import type { DeviceResource, HistoryResource, Value } from '../contract.ts';
import { useDeviceLive, useLive } from '../live/use-live.ts';
import type { Point } from './field-series.ts';

export const RANGES = { '15m': 15, '1h': 60, '6h': 360, '24h': 1440, '7d': 10_080, '30d': 43_200 } as const;
export type Range = keyof typeof RANGES;

const MINUTE = 60_000;
const POINTS = 600;
/** Live readings joined on until the next fetch; a device that says more is read again sooner. */
const LIVE_MAX = 2000;

export interface Span {
  from: number;
  to: number;
  /** It ends now and moves on. */
  moving: boolean;
}

/** The range as it stands now, or what was zoomed to. */
export function useSpan(range: Range, zoom: { from: number; to: number } | null): Span {
  const { store } = useLive();
  const lengthMs = RANGES[range] * MINUTE;
  // A step of some pixels of the chart: what moves less is not worth drawing again.
  const stepMs = Math.max(1000, lengthMs / 600);
  const [end, setEnd] = useState(store.now);
  useEffect(() => {
    setEnd(store.now());
    const timer = setInterval(() => setEnd(store.now()), Math.min(stepMs, MINUTE));
    return () => clearInterval(timer);
  }, [store, stepMs]);
  return zoom ? { ...zoom, moving: false } : { from: end - lengthMs, to: end, moving: true };
}

export interface History {
  data: HistoryResource | undefined;
  error: Error | undefined;
  loading: boolean;
  retry: () => void;
}

/** Asked for again when range, zoom or fields change and, where it moves, now and then; the old stays until then. */
export function useHistory(
  device: string,
  fields: readonly string[],
  range: Range,
  zoom: { from: number; to: number } | null,
): History {
  const { store } = useLive();
  const [state, setState] = useState<{ key: string; data?: HistoryResource; error?: Error }>({ key: '' });
  const [round, setRound] = useState(0);
  const list = fields.join(',');
  const key = [device, list, range, zoom?.from, zoom?.to].join(' ');
  const lengthMs = RANGES[range] * MINUTE;
  const zoomFrom = zoom?.from;
  const zoomTo = zoom?.to;

  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` asks again
  useEffect(() => {
    if (list === '') return;
    const abort = new AbortController();
    const to = zoomTo ?? store.now();
    const from = zoomFrom ?? to - lengthMs;
    const path = `/devices/${encodeURIComponent(device)}/history`;
    const query = { fields: list, from: Math.floor(from), to: Math.ceil(to), points: POINTS };
    get<HistoryResource>(path, query, abort.signal).then(
      (data) => setState({ key, data }),
      (error: Error) => {
        if (abort.signal.aborted) return;
        setState((was) => (was.key === key && was.data ? { key, data: was.data, error } : { key, error }));
      },
    );
    return () => abort.abort();
  }, [store, device, list, key, lengthMs, zoomFrom, zoomTo, round]);

  const moving = zoom === null;
  useEffect(() => {
    if (!moving) return;
    const everyMs = Math.min(5 * MINUTE, Math.max(20_000, lengthMs / 60));
    const timer = setInterval(() => {
      if (!document.hidden) setRound((was) => was + 1);
    }, everyMs);
    return () => clearInterval(timer);
  }, [moving, lengthMs]);

  const current = state.key === key;
  return {
    data: current ? state.data : undefined,
    error: current ? state.error : undefined,
    loading: list !== '' && !current,
    retry: () => setRound((was) => was + 1),
  };
}

/** What a device said since the page was opened, a list a field. */
export function useLivePoints(device: DeviceResource): ReadonlyMap<string, readonly Point[]> {
  const live = useDeviceLive(device.id);
  const [points, setPoints] = useState<ReadonlyMap<string, readonly Point[]>>(new Map());
  useEffect(() => {
    if (!live) return;
    setPoints((before) => {
      const after = new Map(before);
      for (const [field, value] of Object.entries(live.values) as [string, Value][]) {
        const at = live.at[field];
        const list = after.get(field) ?? [];
        if (typeof value !== 'number' || at === undefined || at <= (list.at(-1)?.at ?? 0)) continue;
        after.set(field, [...list.slice(1 - LIVE_MAX), { at, value }]);
      }
      return after;
    });
  }, [live]);
  return points;
}
