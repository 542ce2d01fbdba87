import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 25;

/** Tries `check` until it neither throws nor gives false; gives what it gave. At the deadline its last error is the test's. */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 10_000 } = {},
): Promise<Exclude<T, false>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let problem: unknown = new Error(`not within ${timeoutMs} ms`);
    try {
      const result = await check();
      if (result !== false) return result as Exclude<T, false>;
    } catch (error) {
      problem = error;
    }
    if (performance.now() > deadline) throw problem;
    await sleep(POLL_MS);
  }
}
