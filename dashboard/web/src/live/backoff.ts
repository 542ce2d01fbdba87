const FIRST_MS = 500;
const MOST_MS = 10_000;

/**
 * How long to wait before try number `attempt` (0 is the first). Jittered over the upper half, so that a hundred
 * screens do not come back in the same instant after a restart.
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return full / 2 + (full / 2) * random();
}
