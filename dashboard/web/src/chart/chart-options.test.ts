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
