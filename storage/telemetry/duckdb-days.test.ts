/** Sealed days, roll-ups and retention: nobody who asks can tell them from readings that were never touched. */
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { number, type Reading, type Values } from '@haechi/core';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { DuckDbStore, type DuckDbStoreOptions } from './duckdb-store.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './intervals.ts';
import { contractModels, rangeQuery, reading, T0 } from './telemetry-store.contract.ts';
import type { ExportQuery, RangeResult, Retention } from './telemetry-store.ts';
import { append, NO_TALLY } from './test-append.ts';
import { parquetRows } from './test-parquet.ts';

const DAYS = 4;
const LATER = T0 + (DAYS + 1) * DAY_MS;

async function openStore(folder = tempFolder(), options: DuckDbStoreOptions = {}): Promise<DuckDbStore> {
  const store = await DuckDbStore.open(folder, contractModels, options);
  onTestFinished(() => store.close().catch(() => undefined)); // where the test has closed it
  return store;
}

/** Means are put together in another order; everything else must be the same to the last bit. */
function rounded({ fields, ...rest }: RangeResult) {
  const near = (column: readonly unknown[] | undefined) =>
    column?.map((value) => (typeof value === 'number' ? Number(value.toPrecision(12)) : value));
  const columns = Object.entries(fields).map(([name, series]) => [
    name,
    { ...series, mean: near(series.mean), sum: near(series.sum) },
  ]);
  return { ...rest, fields: Object.fromEntries(columns) };
}

const values: fc.Arbitrary<Values> = fc
  .record(
    {
      flow: fc.integer({ min: -1000, max: 1000 }),
      volume: fc.integer({ min: 0, max: 50 }),
      mode: fc.constantFrom('idle', 'run', 'fault'),
      locked: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  .filter((given) => Object.keys(given).length > 0);
/** Few different times, so that points come again and again, on several days. */
const time = fc.oneof(
  fc.nat(DAYS * 24 * 4).map((quarters) => quarters * 15 * MINUTE_MS),
  fc.nat(DAYS * 24 * 4).map((quarters) => quarters * 15 * MINUTE_MS + 1),
  fc.nat(DAYS * DAY_MS - 1),
);
const batch = fc.array(fc.record({ device: fc.constantFrom('p-1', 'p-2', 'p-3'), at: time, values }), {
  minLength: 1,
  maxLength: 60,
});
const steps = fc.array(fc.record({ batch, seal: fc.boolean(), reopen: fc.boolean() }), { minLength: 1, maxLength: 4 });
const query = fc.record({
  from: fc.oneof(
    time,
    fc.nat(DAYS).map((day) => day * DAY_MS),
  ),
  length: fc.oneof(fc.integer({ min: 1, max: DAYS * DAY_MS }), fc.constantFrom(HOUR_MS, DAY_MS, 2 * DAY_MS)),
  pointsMax: fc.constantFrom(1, 2, 3, 5, 10, 50, 200, 1000),
  fields: fc.subarray(['flow', 'volume', 'mode', 'locked'], { minLength: 1 }),
  devices: fc.subarray(['p-1', 'p-2', 'p-3']),
});

describe('sealing', () => {
  it('changes no answer, whatever comes late, comes again or is corrected', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.array(query, { minLength: 1, maxLength: 4 }), async (given, queries) => {
        const plain = await openStore();
        const folder = tempFolder();
        let sealed = await openStore(folder);
        try {
          let receivedAt = T0;
          for (const [index, { batch: rows, seal, reopen }] of given.entries()) {
            const readings = rows.map(({ device, at, values: some }): Reading => {
              receivedAt += 1;
              return reading(device, T0 + at, some, { receivedAt });
            });
            await append(plain, readings, index + 1);
            await append(sealed, readings, index + 1);
            if (seal) await sealed.maintain(LATER);
            if (reopen) {
              await sealed.close();
              sealed = await openStore(folder);
            }
            const known = readings.slice(0, 20);
            expect(await sealed.unseen(known)).toEqual(await plain.unseen(known));
            for (const { from, length, devices, ...rest } of queries) {
              const span = { ...rest, from: T0 + from, to: T0 + from + length };
              const asked = rangeQuery('p-1', span);
              expect(rounded(await sealed.range(asked)), JSON.stringify(asked)).toEqual(
                rounded(await plain.range(asked)),
              );
              const group = { ...span, domain: 'test-pump', ...(devices.length > 0 ? { devices } : {}) };
              expect(rounded(await sealed.group(group)), JSON.stringify(group)).toEqual(
                rounded(await plain.group(group)),
              );
            }
          }
        } finally {
          await plain.close();
          await sealed.close();
        }
      }),
      { numRuns: 8, endOnFailure: true },
    );
  }, 240_000);

  it('writes each point of a day once, by device and time, and leaves the running day alone', async () => {
    const folder = tempFolder();
    const store = await openStore(folder);
    const at = (device: string, ms: number, flow: number) =>
      reading(device, T0 + ms, { flow }, { receivedAt: T0 + ms });
    await append(store, [at('p-2', 5, 1), at('p-1', 9, 2), at('p-1', 5, 3), at('p-1', DAY_MS, 4)], 1);
    await append(store, [at('p-1', 5, 3), reading('p-1', T0 + 9, { flow: 7 }, { receivedAt: T0 + 100 })], 2);
    await store.maintain(T0 + DAY_MS + HOUR_MS);
    expect(existsSync(join(folder, 'test-pump'))).toBe(false);
    await store.maintain(T0 + DAY_MS + 2 * HOUR_MS);
    const file = join(folder, 'test-pump/raw/2026-11-24.parquet');
    expect((await parquetRows(file)).map(({ device, ts, flow }) => [device, Number(ts) - T0, flow])).toEqual([
      ['p-1', 5, 3],
      ['p-1', 9, 7],
      ['p-2', 5, 1],
    ]);
    expect(readdirSync(join(folder, 'test-pump/raw'))).toEqual(['2026-11-24.parquet']);
    expect(await store.count()).toBe(4);
    const minute = await parquetRows(join(folder, 'test-pump/minute/2026-11-24.parquet'));
    // Minutes of one reading first, then those of several.
    expect(minute).toMatchObject([
      { device: 'p-2', ts: BigInt(T0), flow_count: 1n, volume_count: 0n, volume_growth: null, mode_last: null },
      { device: 'p-1', ts: BigInt(T0), flow_count: 2n, flow_min: 3, flow_max: 7, flow_mean: 5, flow_last: 7 },
    ]);
  });

  it('rolls up a day that is more than it takes at a time', async () => {
    const store = await openStore();
    const [devices, readings] = [4, 30_000];
    for (let device = 1; device <= devices; device++) {
      const rows = Array.from({ length: readings }, (_, index) =>
        reading(`p-${device}`, T0 + index * 2000 + device, { flow: (index * device) % 100, volume: index % 1000 }),
      );
      await append(store, rows, device);
    }
    const span = { from: T0, to: T0 + DAY_MS, pointsMax: 24 };
    const group = { domain: 'test-pump', fields: ['flow', 'volume'], ...span };
    const answers = async () => [
      rounded(await store.group(group)),
      rounded(await store.group({ ...group, devices: ['p-2'], pointsMax: 24 * 60 })),
      rounded(await store.range({ ...rangeQuery('p-4'), ...span })),
    ];
    const before = await answers();
    await store.maintain(T0 + 2 * DAY_MS);
    expect(await store.count()).toBe(devices * readings);
    expect(await answers()).toEqual(before);
  });

  it('waits for a sealed day to be quiet, then takes in what came late', async () => {
    const folder = tempFolder();
    const store = await openStore(folder);
    await append(store, [reading('p-1', T0, { flow: 1 })], 1);
    await store.maintain(LATER);
    const file = join(folder, 'test-pump/raw/2026-11-24.parquet');
    const before = statSync(file).mtimeMs;
    await append(store, [reading('p-1', T0 + 1, { flow: 2 }, { receivedAt: LATER })], 2);
    await store.maintain(LATER + MINUTE_MS);
    expect(statSync(file).mtimeMs).toBe(before);
    expect((await store.range(rangeQuery('p-1'))).ts).toEqual([T0, T0 + 1]);
    await store.maintain(LATER + 11 * MINUTE_MS);
    expect(await parquetRows(file)).toHaveLength(2);
    expect((await store.range(rangeQuery('p-1'))).ts).toEqual([T0, T0 + 1]);
  });

  it('goes on after a crash that left files behind, and takes none of them for readings', async () => {
    const folder = tempFolder();
    const store = await openStore(folder);
    await append(store, [reading('p-1', T0, { flow: 1 }), reading('p-1', T0 + DAY_MS, { flow: 2 })], 1);
    await store.maintain(LATER);
    await store.close();
    const raw = join(folder, 'test-pump/raw');
    writeFileSync(join(raw, '2026-11-24.parquet.new'), 'half');
    writeFileSync(join(raw, '2026-11-20.parquet'), 'never recorded');
    const again = await openStore(folder);
    expect(readdirSync(raw).sort()).toEqual(['2026-11-24.parquet', '2026-11-25.parquet']);
    expect((await again.range(rangeQuery('p-1', { to: LATER }))).ts).toEqual([T0, T0 + DAY_MS]);
  });

  it('a file that is gone or spoilt fails the queries that need it, by name, and no others', async () => {
    const folder = tempFolder();
    const store = await openStore(folder);
    await append(store, [reading('p-1', T0, { flow: 1 }), reading('p-1', T0 + DAY_MS, { flow: 2 })], 1);
    await store.maintain(LATER);
    await store.close();
    const spoilt = join(folder, 'test-pump/raw/2026-11-24.parquet');
    for (const spoil of [() => writeFileSync(spoilt, 'nonsense'), () => rmSync(spoilt)]) {
      spoil();
      const again = await openStore(folder);
      await expect(again.range(rangeQuery('p-1'))).rejects.toMatchObject({
        code: 'STORE_DAMAGED',
        message: expect.stringContaining('raw/2026-11-24.parquet'),
      });
      expect((await again.range(rangeQuery('p-1', { from: T0 + DAY_MS, to: LATER }))).ts).toEqual([T0 + DAY_MS]);
      await append(again, [reading('p-1', LATER, { flow: 3 })], 2);
      await again.close();
    }
  });
});

describe('retention', () => {
  const kept = (more: Partial<Retention>): DuckDbStoreOptions => ({
    retention: () => ({ raw: 10, minute: 10, hour: 10, day: 10, ...more }),
  });
  const daily = (days: number) =>
    Array.from({ length: days }, (_, day) => reading('p-1', T0 + day * DAY_MS, { flow: day, volume: day }));

  it('drops whole days, the finest first, and counts the messages that go', async () => {
    const folder = tempFolder();
    const store = await openStore(folder, kept({ raw: 2, minute: 4, hour: 6 }));
    const days = daily(8).map(({ ts }) => ({ domain: 'test-pump', day: ts, messages: 1 }));
    expect(store.keptSince('test-pump')).toBe(Number.NEGATIVE_INFINITY);
    await store.append(daily(8), { group: 1, tally: NO_TALLY }, days);
    const now = T0 + 8 * DAY_MS + 3 * HOUR_MS;
    await store.maintain(now);
    await store.maintain(now);
    expect(store.keptSince('test-pump')).toBe(T0 + 6 * DAY_MS);
    expect(await store.dropped()).toBe(6);
    expect(readdirSync(join(folder, 'test-pump/raw'))).toEqual(['2026-11-30.parquet', '2026-12-01.parquet']);
    const asked = rangeQuery('p-1', { to: T0 + 8 * DAY_MS, pointsMax: 100 });
    // Two days of readings; what is older is gone one by one, and still told by the hour and the day.
    expect((await store.range({ ...asked, from: T0 + 6 * DAY_MS })).resolution).toBe('raw');
    expect(await store.count()).toBe(2);
    await store.close();
    const again = await openStore(folder, kept({ raw: 2, minute: 4, hour: 6 }));
    expect(await again.dropped()).toBe(6);
  });

  it('leaves roll-ups behind when readings go', async () => {
    const store = await openStore(tempFolder(), kept({ raw: 2 }));
    await append(store, daily(4), 1);
    await store.maintain(T0 + 3 * DAY_MS + 3 * HOUR_MS);
    await store.maintain(T0 + 5 * DAY_MS + 3 * HOUR_MS);
    const result = await store.range(
      rangeQuery('p-1', { to: T0 + 4 * DAY_MS, pointsMax: 4, fields: ['flow', 'volume'] }),
    );
    expect(result).toMatchObject({ intervalMs: DAY_MS, resolution: 'day', ts: daily(4).map(({ ts }) => ts) });
    expect(result.fields).toMatchObject({ flow: { mean: [0, 1, 2, 3] }, volume: { sum: [0, 1, 1, 1] } });
    const fine = await store.range(rangeQuery('p-1', { to: T0 + DAY_MS, pointsMax: 1000 }));
    expect(fine).toMatchObject({ ts: [T0], fields: { flow: { count: [1], mean: [0] } } });
  });

  it('is by system', async () => {
    const store = await openStore(tempFolder(), {
      retention: (domain) => ({ raw: domain === 'test-pump' ? 1 : 9, minute: 9, hour: 9, day: 9 }),
    });
    await store.maintain(LATER);
    expect(store.keptSince('test-gauge')).toBeLessThan(store.keptSince('test-pump'));
  });
});

describe('a copy', () => {
  it('is a store of its own, as of one moment, though readings come in meanwhile', async () => {
    const store = await openStore();
    const flows = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => reading('p-1', T0 + (from + i) * HOUR_MS, { flow: from + i }));
    await append(store, flows(0, 60), 1);
    await store.maintain(T0 + 30 * HOUR_MS);
    const folder = tempFolder();
    const copying = store.snapshot(folder);
    for (let group = 2; group < 10; group++) await append(store, flows(60 + group, 1), group);
    const position = await copying;
    await store.maintain(LATER + 10 * DAY_MS);
    const copy = await openStore(folder);
    expect(await copy.position()).toEqual(position);
    const asked = rangeQuery('p-1', { to: LATER });
    const { ts } = await copy.range(asked);
    expect(ts).toEqual((await store.range(asked)).ts.slice(0, ts.length));
    expect(ts).toHaveLength(60 + Math.max(0, position.group - 1));
  });
});

it('an export of days that are sealed and days that are not is one file', async () => {
  const store = await openStore();
  const rows = Array.from({ length: 50 }, (_, i) => reading(`p-${i % 2}`, T0 + i * HOUR_MS, { volume: i }));
  await append(store, rows, 1);
  await store.maintain(T0 + 30 * HOUR_MS);
  const query: ExportQuery = {
    ...{ domain: 'test-pump', fields: ['volume'], from: T0, to: LATER },
    ...{ resolution: 'day', format: 'parquet' },
  };
  const path = join(tempFolder(), 'days.parquet');
  expect(await store.export(query, path)).toEqual({ rows: 6 });
  const summary = (await parquetRows(path)).map((row) => [row['device'], row['volume_count'], row['volume_growth']]);
  expect(summary).toEqual([
    ['p-0', 12n, 22],
    ['p-0', 12n, 22],
    ['p-0', 1n, 0],
    ['p-1', 12n, 22],
    ['p-1', 12n, 22],
    ['p-1', 1n, 0],
  ]);
});

it('a field that the model got since is empty in the days before it, and fails nothing', async () => {
  const folder = tempFolder();
  const store = await openStore(folder);
  await append(store, [reading('p-1', T0, { flow: 1 })], 1);
  await store.maintain(LATER);
  await store.close();
  const before = contractModels[0];
  if (!before) throw new Error('no model');
  const wider = {
    ...before,
    telemetry: before.telemetry.extend({ lid: number({ unit: '', min: 0, max: 9, counter: true }) }),
  };
  const again = await DuckDbStore.open(folder, [wider]);
  onTestFinished(() => again.close());
  await append(again, [reading('p-1', LATER, { lid: 2 })], 2);
  for (const pointsMax of [1000, 12, 1]) {
    const result = await again.range(rangeQuery('p-1', { to: LATER + DAY_MS, fields: ['lid', 'flow'], pointsMax }));
    expect(result.fields['lid']?.max?.filter((value) => value !== null)).toEqual([2]);
    expect(result.fields['flow']?.max?.filter((value) => value !== null)).toEqual([1]);
    const lid = await again.range(rangeQuery('p-1', { to: T0 + DAY_MS, fields: ['lid'], pointsMax }));
    expect(lid.ts).toEqual([]);
  }
});

it('what comes for a day whose readings are dropped does not take the place of its roll-ups', async () => {
  const folder = tempFolder();
  const keeping = (raw: number): DuckDbStoreOptions => ({
    retention: () => ({ raw, minute: 900, hour: 900, day: 900 }),
  });
  const store = await openStore(folder, keeping(2));
  const minutes = Array.from({ length: 100 }, (_, i) => reading('p-1', T0 + i * MINUTE_MS, { flow: i }));
  await append(store, minutes, 1);
  await store.maintain(T0 + 10 * DAY_MS);
  await store.close();
  const again = await openStore(folder, keeping(400));
  await append(again, [reading('p-1', T0 + 30_000, { flow: 7 })], 2);
  await again.maintain(T0 + 11 * DAY_MS);
  const day = await again.range(rangeQuery('p-1', { to: T0 + DAY_MS, pointsMax: 1 }));
  expect(day.fields['flow']?.count).toEqual([100]);
});

it('a day that is appended to while it is sealed keeps what came meanwhile', async () => {
  const store = await openStore();
  for (let round = 0; round < 6; round++) {
    const device = `p-${round}`;
    const rows = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => reading(device, T0 + round * DAY_MS + from + i, { flow: i }));
    await append(store, rows(0, 100), 2 * round + 1);
    const sealing = store.maintain(LATER + round * DAY_MS);
    await append(store, rows(1000, 3000), 2 * round + 2);
    await sealing;
    const query = rangeQuery(device, { from: T0 + round * DAY_MS, to: T0 + (round + 1) * DAY_MS, pointsMax: 1 });
    expect((await store.range(query)).fields['flow']?.count).toEqual([3100]);
  }
});

it('an append that failed and came again leaves each point once, also after a restart', async () => {
  const folder = tempFolder();
  const store = await openStore(folder);
  await append(store, [reading('p-1', T0, { flow: 1 })], 1);
  const twice = [reading('p-1', T0, { flow: 2 }, { receivedAt: T0 + 500 })];
  const wrong = { group: 2, tally: { ...NO_TALLY, accepted: 0.5 } };
  await expect(store.append(twice, wrong, [])).rejects.toThrow();
  await append(store, twice, 2);
  await store.close();
  const again = await openStore(folder);
  expect(await again.range(rangeQuery('p-1'))).toMatchObject({ ts: [T0], fields: { flow: { mean: [2] } } });
});
