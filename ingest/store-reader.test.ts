/** The store's reader and its dead letters, on a real state database and a telemetry store that can be made to fail. */
import { join } from 'node:path';
import { type Reading, silentLog } from '@haechi/core';
import { openState, type TelemetryStore } from '@haechi/storage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../tests/support/eventually.ts';
import { tempFolder } from '../tests/support/temp-folder.ts';
import { DeadLetterLog } from './dead-letters.ts';
import type { DecodedGroup } from './decode/decode-group.ts';
import { GroupFeed } from './group-feed.ts';
import { StoreReader } from './store-reader.ts';

function letter(index: number) {
  const payload = Buffer.from(`payload ${index}`);
  const where = { topic: 'city/mapo/flood/up-1/telemetry', device: index % 2 ? 'up-1' : null };
  return {
    receivedAt: 1000 + index,
    ...where,
    reason: index % 3 ? 'empty' : 'json-malformed',
    detail: `no ${index}`,
    payload,
  };
}

async function openLetters(limit: number, folder = tempFolder()): Promise<DeadLetterLog> {
  const db = await openState(join(folder, 'state.sqlite'));
  onTestFinished(() => db.destroy());
  return new DeadLetterLog(db, limit);
}

/** Decoded groups stand in for bytes: what is read is what was put in. */
async function start(groups: Map<number, DecodedGroup>, { after = 0 } = {}) {
  const feed = new GroupFeed({
    decode: (group) => groups.get(group) ?? { group, records: [] },
    fetch: async () => new Uint8Array(),
  });
  const appended: { readings: Reading[]; group: number }[] = [];
  const failures: Error[] = [];
  const store = {
    append: async (readings: readonly Reading[], group: number) => {
      const failure = failures.shift();
      if (failure) throw failure;
      appended.push({ readings: [...readings], group });
    },
  } as unknown as TelemetryStore;
  const deadLetters = await openLetters(100);
  const troubles: (string | null)[] = [];
  const stored: number[][] = [];
  const reader = new StoreReader({
    feed,
    store,
    deadLetters,
    log: silentLog(),
    onStored: (...told) => stored.push(told),
    onTrouble: (trouble) => troubles.push(trouble),
  });
  return { feed, reader, appended, failures, deadLetters, troubles, stored, run: () => reader.run(after) };
}

function group(number: number, more: Partial<DecodedGroup['records'][number]> = {}): [number, DecodedGroup] {
  const reading = { device: 'up-1', domain: 'flood', ts: number, receivedAt: number, values: { waterDepth: number } };
  const record = { receivedAt: number, start: false, readings: [reading], deadLetters: [], ...more };
  return [number, { group: number, records: [record] }];
}

describe('the reader', () => {
  it('brings every group after its cursor into the store, in order, and says how far it is', async () => {
    const groups = new Map([1, 2, 3, 4, 5].map((number) => group(number)));
    const { feed, run, appended, stored } = await start(groups, { after: 2 });
    feed.push(4);
    feed.push(5);
    feed.close();
    await run();
    expect(appended.flatMap(({ readings }) => readings.map(({ ts }) => ts))).toEqual([3, 4, 5]);
    expect(appended.at(-1)?.group).toBe(5);
    expect(stored.at(-1)?.[0]).toBe(5);
  });

  it('tries again while the store refuses, says so, and says when it is over', async () => {
    const { feed, run, failures, appended, troubles } = await start(new Map([group(1)]));
    failures.push(new Error('disk full'));
    feed.push(1);
    feed.close();
    await run();
    expect(appended.map(({ group }) => group)).toEqual([1]);
    expect(troubles).toEqual([expect.stringContaining('disk full'), null]);
  });

  it('gives up a store that stays down when it is stopped, and does not claim what it has not stored', async () => {
    const { feed, reader, run, failures, stored, troubles } = await start(new Map([group(1)]));
    failures.push(...Array.from({ length: 100 }, () => new Error('down')));
    feed.push(1);
    const running = run();
    await eventually(() => troubles.length > 0);
    reader.stop();
    await running;
    expect(stored).toEqual([]);
  });

  it('keeps a dead letter once, though its group is read twice', async () => {
    const bad = new Map([group(1, { readings: [], deadLetters: [letter(1), letter(2)] })]);
    const { feed, run, failures, deadLetters } = await start(bad);
    failures.push(new Error('once'));
    feed.push(1);
    feed.close();
    await run();
    expect((await deadLetters.list({ limit: 10 })).map(({ detail }) => detail)).toEqual(['no 2', 'no 1']);
  });
});

describe('dead letters', () => {
  const originated = (count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => ({ ...letter(from + index), origin: `${from + index}` }));

  it('keep their bytes, newest first, in pages and by device and reason', async () => {
    const letters = await openLetters(1000);
    await letters.add(originated(500));
    const first = await letters.list({ limit: 300 });
    const second = await letters.list({ limit: 300, before: first.at(-1)?.id });
    const all = [...first, ...second];
    expect(all.map(({ detail }) => detail)).toEqual(Array.from({ length: 500 }, (_, index) => `no ${499 - index}`));
    expect(Buffer.from(all[0]?.payload ?? []).toString()).toBe('payload 499');
    const some = await letters.list({ limit: 1000, device: 'up-1', reason: 'json-malformed' });
    expect(some.length).toBeGreaterThan(0);
    expect(some.every(({ device, reason }) => device === 'up-1' && reason === 'json-malformed')).toBe(true);
  });

  it('are bounded: the oldest go first', async () => {
    const letters = await openLetters(100);
    await letters.add(originated(90));
    await letters.add(originated(90, 90));
    await letters.add(originated(90, 90));
    expect(await letters.count()).toBe(100);
    expect((await letters.list({ limit: 1 }))[0]?.detail).toBe('no 179');
    expect((await letters.list({ limit: 100 })).at(-1)?.detail).toBe('no 80');
  });

  it('are still there after a restart', async () => {
    const folder = tempFolder();
    await (await openLetters(100, folder)).add(originated(3));
    expect(await (await openLetters(100, folder)).count()).toBe(3);
  });
});
