import { expect, test } from 'vitest';
import type { HistoryResource } from '../contract.ts';
import { seriesOf } from './field-series.ts';

function history(ts: number[], mean: (number | null)[], intervalMs = 0): HistoryResource {
  const about = { device: 'd', from: 0, to: 100_000, intervalMs, resolution: 'raw' } as const;
  return { ...about, ts, fields: { v: { min: mean, mean, max: mean } } };
}

test('a row without this field is no gap, silence is', () => {
  const series = seriesOf(history([0, 1000, 2000, 60_000], [1, null, 2, 3]), 'v', 1, []);
  expect(series.ts).toEqual([0, 2000, 31_000, 60_000]);
  expect(series.mean).toEqual([1, 2, null, 3]);
});

test('live readings go on where the history ends, and none is drawn twice', () => {
  const series = seriesOf(history([0, 1000], [1, 2]), 'v', 1, [
    { at: 1000, value: 2 },
    { at: 2000, value: 5 },
  ]);
  expect(series.ts).toEqual([0, 1000, 2000]);
  expect(series.mean.at(-1)).toBe(5);
});

test('aggregates are whole across their interval', () => {
  const series = seriesOf(history([0, 60_000, 240_000], [1, 2, 3], 60_000), 'v', 1, []);
  expect(series.mean).toEqual([1, 2, null, 3]);
});

test('no history yet: an empty line', () => {
  expect(seriesOf(undefined, 'v', 1, []).ts).toEqual([]);
});
