import { expect, it } from 'vitest';
import { backoffMs } from './backoff.ts';

it('grows, stays between half and whole, and stops growing at ten seconds', () => {
  for (let attempt = 0; attempt < 30; attempt++) {
    const full = Math.min(10_000, 500 * 2 ** attempt);
    expect(backoffMs(attempt, () => 0)).toBe(full / 2);
    expect(backoffMs(attempt, () => 1)).toBe(full);
  }
});
