import type { RangeResult } from './telemetry-store.ts';

/**
 * Puts a row of nulls into every gap, so that a chart breaks its line there.
 * The row stands one `gapMs` after the last reading before the gap.
 */
export function markGaps(result: RangeResult, gapMs: number): RangeResult {
  const limit = Math.max(gapMs, result.intervalMs * 1.5);
  const gapsAfter = new Set<number>();
  for (let i = 1; i < result.ts.length; i++) {
    if ((result.ts[i] as number) - (result.ts[i - 1] as number) > limit) gapsAfter.add(i - 1);
  }
  if (gapsAfter.size === 0) return result;

  const spread = <T>(column: T[], filler: (row: number) => T): T[] =>
    column.flatMap((entry, row) => (gapsAfter.has(row) ? [entry, filler(row)] : [entry]));
  const fields = Object.fromEntries(
    Object.entries(result.fields).map(([name, columns]) => [
      name,
      Object.fromEntries(
        Object.entries(columns).map(([kind, column]) => [kind, spread(column as unknown[], () => null)]),
      ),
    ]),
  );
  return { ...result, ts: spread(result.ts, (row) => (result.ts[row] as number) + limit), fields };
}
