import { silentLog } from '@haechi/core';
import { expect, it } from 'vitest';
import { eventually } from '../../tests/support/eventually.ts';
import { StoreKeeper } from './store-keeper.ts';

it('steps aside between two steps for who waits for the store, and goes on afterwards', async () => {
  const done: string[] = [];
  let asked = 0;
  // As the store does it: a step after the other until it is told to end.
  const maintain = async (_now: number, signal?: AbortSignal) => {
    asked++;
    while (!signal?.aborted) await new Promise((resolve) => setTimeout(resolve, 1));
    done.push('maintain');
  };
  const options = { log: silentLog(), onDone: async () => undefined, onTrouble: () => undefined, pauseMs: 1 };
  const keeper = new StoreKeeper({ store: { maintain }, ...options });
  const running = keeper.run();
  await eventually(() => asked === 1);
  const answer = await keeper.aside(async () => {
    await eventually(() => done.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    done.push(`aside after ${asked}`);
    return 7;
  });
  expect(answer).toBe(7);
  expect(done).toEqual(['maintain', 'aside after 1']);
  await eventually(() => asked === 2);
  await expect(keeper.aside(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await eventually(() => asked === 3);
  keeper.stop();
  await running;
});
