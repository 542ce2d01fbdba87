import { expect, test, vi } from 'vitest';

// uPlot asks the browser for its pixel ratio as it loads; the scale needs no browser.
vi.mock('uplot', () => ({ default: class {} }));
const { scaleOf } = await import('./chart-options.ts');

test('the scale holds the data and the limits near it, and no limit that would squeeze it flat', () => {
  const [low, high] = scaleOf(4, 6, [7, 100]);
  expect(low).toBeLessThan(4);
  expect(high).toBeGreaterThan(7);
  expect(high).toBeLessThan(10);
});

test('a flat line and an empty chart still have a height', () => {
  const [low, high] = scaleOf(5, 5, []);
  expect(high).toBeGreaterThan(low);
  expect(scaleOf(null, null, [])).toEqual([0, 1]);
});

test('the next limit is shown while the line is far below it, and noise in the last digit stays small', () => {
  const [, high] = scaleOf(0.71, 0.72, [1.6, 2.2], 0.01);
  expect(high).toBeGreaterThan(1.6);
  expect(high).toBeLessThan(2.2);
  const [low, top] = scaleOf(0.71, 0.72, [], 0.01);
  expect(top - low).toBeGreaterThanOrEqual(0.05);
});
