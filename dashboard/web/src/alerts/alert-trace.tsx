import { useEffect, useState } from 'react';
import type { AlertResource } from '../contract.ts';
import { useLive } from '../live/use-live.ts';
import { type TracePoint, traceOf } from './trace-cache.ts';

const WIDTH = 72;
const HEIGHT = 18;
const AGAIN_MS = 60_000;
/** A row that only flies past while scrolling asks for nothing. */
const SETTLED_MS = 250;

/** Which way it goes: the last half hour against the limit. The same is in figures beside it and on the device's page. */
export function AlertTrace({ alert }: { alert: AlertResource }) {
  const { store } = useLive();
  const [points, setPoints] = useState<readonly TracePoint[]>([]);
  const { device, field, limit, stage, value } = alert;
  const numeric = typeof value === 'number' && field !== null;

  useEffect(() => {
    if (!numeric) return;
    let gone = false;
    const ask = () => {
      traceOf(device, field, store.now()).then(
        (read) => {
          if (!gone) setPoints(read);
        },
        // Without it the row still says all it must.
        () => undefined,
      );
    };
    const settled = setTimeout(ask, SETTLED_MS);
    const again = setInterval(ask, AGAIN_MS);
    return () => {
      gone = true;
      clearTimeout(settled);
      clearInterval(again);
    };
  }, [numeric, device, field, store]);

  const [first] = points;
  const last = points.at(-1);
  if (!first || !last || points.length < 2) return <svg width={WIDTH} height={HEIGHT} aria-hidden="true" />;
  const values = points.map((point) => point.value);
  const low = Math.min(...values, limit ?? Number.POSITIVE_INFINITY);
  const high = Math.max(...values, limit ?? Number.NEGATIVE_INFINITY);
  const x = (at: number) => 1 + ((at - first.at) / (last.at - first.at || 1)) * (WIDTH - 2);
  const y = (level: number) => HEIGHT - 2 - ((level - low) / (high - low || 1)) * (HEIGHT - 4);
  return (
    <svg width={WIDTH} height={HEIGHT} aria-hidden="true">
      {limit !== null && (
        <line x1={0} x2={WIDTH} y1={y(limit)} y2={y(limit)} stroke={`var(--h-${stage})`} strokeDasharray="3 2" />
      )}
      <polyline
        points={points.map((point) => `${x(point.at).toFixed(1)},${y(point.value).toFixed(1)}`).join(' ')}
        fill="none"
        stroke="var(--h-text)"
        strokeWidth={1.2}
      />
    </svg>
  );
}
