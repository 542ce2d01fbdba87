import { expect, test } from 'vitest';
import { segmentsOf } from './state-segments.ts';

test('equal words are one segment, a change ends it, silence leaves a gap', () => {
  const history = {
    device: 'd',
    from: 0,
    to: 100_000,
    intervalMs: 0,
    resolution: 'raw' as const,
    ts: [0, 1000, 2000, 3000, 60_000],
    fields: { gate: { last: ['open', 'open', null, 'closed', 'closed'] } },
  };
  expect(segmentsOf(history, 'gate', 1)).toEqual([
    { from: 0, to: 3000, value: 'open' },
    { from: 3000, to: 3000, value: 'closed' },
    { from: 60_000, to: 60_000, value: 'closed' },
  ]);
});
