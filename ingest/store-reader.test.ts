/** The store's reader and its dead letters, on a real state database and a telemetry store that can be made to fail. */
import { join } from 'node:path';
import { type Reading, silentLog } from '@haechi/core';
import {
  type DayCount,
  openState,
  ReadingsRefusedError,
  type StorePosition,
  type TelemetryStore,
} from '@haechi/storage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../tests/support/eventually.ts';
import { tempFolder } from '../tests/support/temp-folder.ts';
import { DeadLetterLog } from './dead-letters.ts';
import type { DecodedGroup, DecodedRecord } from './decode/decode-group.ts';
import { GroupFeed } from './group-feed.ts';
import { ledgerOf, NOTHING_YET } from './ledger.ts';
import { StoreReader } from './store-reader.ts';

const TOPIC = 'city/mapo/flood/up-1/telemetry';

function letter(index: number) {
  const payload = Buffer.from(`payload ${index}`);
  const where = { topic: TOPIC, device: index % 2 ? 'up-1' : null };
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

interface StartOptions {
  after?: number;
  letters?: DeadLetterLog;
}

/** Readings before it are not kept any more. */
const KEPT_SINCE = 0;
const pointOf = ({ device, ts, values }: Reading) => `${device} ${ts} ${JSON.stringify(values)}`;

/** Decoded groups stand in for bytes: what is read is what was put in. */
async function start(groups: Map<number, DecodedGroup>, { after = 0, letters }: StartOptions = {}) {
  const deadLetters = letters ?? (await openLetters(100));
  const feed = new GroupFeed({
    decode: (group) => groups.get(group) ?? { group, accepted: 0, records: [] },
    fetch: async () => new Uint8Array(),
  });
  const appended: { readings: Reading[]; group: number }[] = [];
  const failures: Error[] = [];
  const days: DayCount[] = [];
  const has = new Set<string>();
  const store = {
    keptSince: () => KEPT_SINCE,
    unseen: async (readings: readonly Reading[]) => {
      const known = new Set(has);
      return readings.filter((reading) => known.size < known.add(pointOf(reading)).size);
    },
    append: async (readings: readonly Reading[], position: StorePosition, counts: readonly DayCount[]) => {
      const failure = failures.shift();
      if (failure) throw failure;
      for (const reading of readings) has.add(pointOf(reading));
      appended.push({ readings: [...readings], group: position.group });
      days.push(...counts);
    },
  } as unknown as TelemetryStore;
  const troubles: (string | null)[] = [];
  const stored: StorePosition[] = [];
  const reader = new StoreReader({
    feed,
    store,
    deadLetters,
    log: silentLog(),
    onStored: (position) => stored.push(position),
    onTrouble: (trouble) => troubles.push(trouble),
  });
  const run = () => reader.run({ group: after, tally: NOTHING_YET });
  return { feed, reader, appended, failures, days, deadLetters, troubles, stored, run };
}

function group(number: number, more: Partial<DecodedRecord> = {}): [number, DecodedGroup] {
  const reading = { device: 'up-1', domain: 'flood', ts: number, receivedAt: number, values: { waterDepth: number } };
  const record: DecodedRecord = {
    ...{ kind: 'message', receivedAt: number, topic: TOPIC, deadLetters: [], readings: [reading] },
    ...more,
  };
  return [number, { group: number, accepted: number, records: [record] }];
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
    expect(stored.at(-1)?.group).toBe(5);
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

describe('the ledger', () => {
  const status = { device: 'up-1', online: true };
  const reading = (ts: number, waterDepth = 1): Reading => ({
    ...{ device: 'up-1', domain: 'flood', ts, receivedAt: 1, values: { waterDepth } },
  });

  /** Reads these records, a group each, and gives the ledger with all of them handled. */
  async function ledgerAfter(records: Partial<DecodedRecord>[], letters?: DeadLetterLog) {
    const groups = new Map(records.map((record, index) => group(index + 1, record)));
    let accepted = 0;
    for (const one of groups.values()) {
      if (one.records[0]?.kind === 'message') accepted++;
      one.accepted = accepted;
    }
    const started = await start(groups, letters ? { letters } : {});
    started.feed.push(records.length);
    started.feed.close();
    const run = async () => {
      await started.run();
      const tally = started.stored.at(-1)?.tally ?? NOTHING_YET;
      return ledgerOf({ tally, accepted, dropped: 0 });
    };
    return { ...started, run };
  }

  const none = { accepted: 0, stored: 0, duplicate: 0, deadLettered: 0, expired: 0, pending: 0, unaccounted: 0 };

  it('counts every message once, by what became of it', async () => {
    const { run, days } = await ledgerAfter([
      { readings: [reading(10)] },
      { readings: [reading(10)] },
      { readings: [], deadLetters: [letter(1), letter(2)] },
      { readings: [reading(KEPT_SINCE - 1)] },
      { readings: [], status },
      { readings: [reading(10), reading(86_400_001), reading(20)], deadLetters: [letter(3)] },
      { readings: [reading(KEPT_SINCE - 1), reading(10)] },
    ]);
    expect(await run()).toEqual({ ...none, accepted: 7, stored: 3, duplicate: 2, deadLettered: 1, expired: 1 });
    expect(days).toEqual([
      { domain: 'flood', day: 0, messages: 1 },
      { domain: 'flood', day: 86_400_000, messages: 1 },
    ]);
  });

  it('leaves out what no device sent', async () => {
    const { run } = await ledgerAfter([
      { kind: 'start', readings: [] },
      { kind: 'import', readings: [reading(10), reading(11)] },
      { readings: [reading(12)] },
    ]);
    expect(await run()).toEqual({ ...none, accepted: 1, stored: 1 });
  });

  it('says so where nothing became of a message', async () => {
    const { run } = await ledgerAfter([{ readings: [] }, { readings: [reading(1)] }]);
    expect(await run()).toEqual({ ...none, accepted: 2, stored: 1, unaccounted: 1 });
  });

  it('is the same when a write was tried again, and counts what the store refuses for good', async () => {
    const bad = reading(10, 13);
    const { run, failures, deadLetters, appended } = await ledgerAfter([
      { readings: [bad] },
      { readings: [bad, reading(11)] },
      { readings: [reading(12)] },
    ]);
    failures.push(
      new Error('disk full'),
      new ReadingsRefusedError('Store', [{ reading: bad, reason: 'no such number' }], 4),
      new Error('disk full'),
    );
    expect(await run()).toEqual({ ...none, accepted: 3, stored: 2, deadLettered: 1 });
    expect(appended.flatMap(({ readings }) => readings.map(({ ts }) => ts))).toEqual([11, 12]);
    expect(await deadLetters.list({ limit: 10 })).toMatchObject([
      { topic: TOPIC, reason: 'store-refused', detail: 'no such number' },
      { topic: TOPIC, reason: 'store-refused', detail: 'no such number' },
    ]);
  });

  it('follows a dead letter that can be used at last, however often it is replayed', async () => {
    const letters = await openLetters(100);
    const replay = { kind: 'replay' as const, replays: '1:0', readings: [reading(10)] };
    const { run, deadLetters } = await ledgerAfter(
      [{ readings: [], deadLetters: [letter(1), letter(2)] }, { ...replay }, { ...replay }],
      letters,
    );
    expect(await run()).toEqual({ ...none, accepted: 1, stored: 1 });
    expect(await deadLetters.count()).toBe(0);
  });

  it('keeps a dead letter that cannot be used still, with what is wrong now', async () => {
    const { run, deadLetters } = await ledgerAfter([
      { readings: [], deadLetters: [letter(1), letter(2)] },
      { kind: 'replay', replays: '1:0', readings: [], deadLetters: [letter(3)] },
      { kind: 'replay', replays: '1:0', readings: [], deadLetters: [letter(4)] },
    ]);
    expect(await run()).toEqual({ ...none, accepted: 1, deadLettered: 1 });
    expect((await deadLetters.list({ limit: 10 })).map(({ detail }) => detail)).toEqual(['no 4']);
  });

  it('does not count a part of a message as the message, when it is replayed', async () => {
    const { run, deadLetters } = await ledgerAfter([
      { readings: [reading(10)], deadLetters: [letter(1)] },
      { kind: 'replay', replays: '1:0', readings: [reading(10, 2)] },
    ]);
    expect(await run()).toEqual({ ...none, accepted: 1, stored: 1 });
    expect(await deadLetters.count()).toBe(0);
  });

  it('counts a replay once, though the platform dies between the letters and the store', async () => {
    const letters = await openLetters(100);
    const first = { letters: [{ ...letter(1), message: '1:0', part: '0', whole: true }] };
    await letters.add([first]);
    const found = { message: '1:0', group: 9, record: 4 };
    const redeemed = async (replay: typeof found, storedGroup: number, ...before: (typeof first)[]) =>
      (await letters.add([...before, { letters: [], replay }], storedGroup)).size;
    expect(await redeemed(found, 8)).toBe(1);
    expect(await redeemed(found, 8)).toBe(1);
    expect(await redeemed(found, 0, first)).toBe(1);
    expect(await redeemed({ ...found, record: 5 }, 8)).toBe(0);
    expect(await redeemed({ ...found, group: 10 }, 9)).toBe(0);
  });
});

describe('dead letters', () => {
  const originated = (count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => ({
      letters: [{ ...letter(from + index), message: `1:${from + index}`, part: '0', whole: true }],
    }));

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
