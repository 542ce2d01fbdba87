import { spawn } from 'node:child_process';
import { choice, defineDomain, flag, number, type Reading, type Values } from '@haechi/core';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { DuckDbStore } from './duckdb-store.ts';
import type { RangeQuery } from './telemetry-store.ts';
import { append, groupOf } from './test-append.ts';

const T0 = Date.parse('2026-11-24T00:00:00Z');
const metre = number({ unit: 'm', min: -100, max: 100 });

function modelOf(telemetry: Parameters<typeof defineDomain>[0]['telemetry'], id = 'flood-watch') {
  return defineDomain({ id, icon: 'ripple', order: 1, telemetry, kinds: {} });
}
const flood = modelOf({ level: metre, open: flag(), mode: choice(['on', 'off']) });

async function openStore(folder = tempFolder(), models = [flood]): Promise<DuckDbStore> {
  const store = await DuckDbStore.open(folder, models);
  onTestFinished(() => store.close().catch(() => undefined)); // where the test has closed it
  return store;
}

function reading(atS: number, values: Values, more: Partial<Reading> = {}): Reading {
  const ts = T0 + atS * 1000;
  return { device: 'g-1', domain: 'flood-watch', ts, receivedAt: ts, values, ...more };
}

const query = (more: Partial<RangeQuery> = {}): RangeQuery => ({
  domain: 'flood-watch',
  device: 'g-1',
  fields: ['level'],
  from: T0,
  to: T0 + 1_000_000,
  pointsMax: 1000,
  gapMs: 1_000_000,
  ...more,
});

/** Seconds and values of a field, as stored. */
async function points(store: DuckDbStore, field = 'level', more: Partial<RangeQuery> = {}) {
  const { ts, fields } = await store.range(query({ fields: [field], ...more }));
  const columns = fields[field];
  return ts.map((at, row) => [(at - T0) / 1000, (columns?.mean ?? columns?.last)?.[row]]);
}

describe('readings', () => {
  it('come back in order of time, whatever order they came in', async () => {
    const store = await openStore();
    await append(store, [reading(30, { level: 3 }), reading(10, { level: 1 })], 1);
    await append(store, [reading(20, { level: 2 }, { receivedAt: T0 + 99_000 })], 2);
    expect(await points(store)).toEqual([
      [10, 1],
      [20, 2],
      [30, 3],
    ]);
  });

  it('of every type come back, and null where a reading has none', async () => {
    const store = await openStore();
    await append(store, [reading(1, { level: 1.5, open: true }), reading(2, { mode: 'off', open: false })], 1);
    expect(await store.range(query({ fields: ['level', 'open', 'mode', 'unknown'] }))).toEqual({
      intervalMs: 0,
      resolution: 'raw',
      ts: [T0 + 1000, T0 + 2000],
      fields: {
        level: { min: [1.5, null], mean: [1.5, null], max: [1.5, null] },
        open: { last: [true, false] },
        mode: { last: [null, 'off'] },
      },
    });
  });

  it('that are there twice show once; of two at one moment the one received last counts, field by field', async () => {
    const store = await openStore();
    const twice = reading(10, { level: 1, mode: 'on' });
    await append(store, [twice, twice], 1);
    await append(store, [twice], 2);
    expect(await points(store)).toEqual([[10, 1]]);
    await append(store, [reading(10, { level: 7 }, { receivedAt: T0 + 50_000 })], 3);
    await append(store, [reading(10, { level: 5 }, { receivedAt: T0 + 40_000 })], 4);
    expect(await points(store)).toEqual([[10, 7]]);
    expect(await points(store, 'mode')).toEqual([[10, 'on']]);
  });

  it('are of one device, from the first moment and up to the last', async () => {
    const store = await openStore();
    await append(
      store,
      [reading(0, { level: 0 }), reading(10, { level: 1 }), reading(10, { level: 9 }, { device: 'g-2' })],
      1,
    );
    expect(await points(store, 'level', { from: T0, to: T0 + 10_000 })).toEqual([[0, 0]]);
    expect(await points(store, 'level', { device: 'g-2' })).toEqual([[10, 9]]);
    expect(await points(store, 'level', { device: "'; DROP TABLE flood_watch; --" })).toEqual([]);
    expect(await store.count()).toBe(3);
  });

  it('neither get lost nor doubled, however they are grouped and repeated', async () => {
    const any = fc.record({ at: fc.nat(30), level: fc.integer({ min: -100, max: 100 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(any, { maxLength: 8 }), { minLength: 1, maxLength: 6 }), async (groups) => {
        const store = await openStore();
        const expected = new Map<number, number>();
        let received = 0;
        for (const [index, group] of groups.entries()) {
          const rows = group.map(({ at, level }) => {
            expected.set(at, level);
            return reading(at, { level }, { receivedAt: T0 + ++received });
          });
          await append(store, rows, index + 1);
          if (index % 2) await append(store, rows, index + 1);
        }
        expect(await points(store)).toEqual([...expected].sort(([a], [b]) => a - b));
        await store.close();
      }),
      { numRuns: 15 },
    );
  });
});

describe('more readings than asked for', () => {
  it('are gathered into equal intervals with least, mean and most', async () => {
    const store = await openStore();
    const rows = Array.from({ length: 1000 }, (_, at) => reading(at, { level: at % 10, open: at % 20 < 10 }));
    await append(store, rows, 1);
    const result = await store.range(query({ fields: ['level', 'open'], pointsMax: 100 }));
    expect(result.intervalMs).toBe(10_000);
    expect(result.ts).toEqual(Array.from({ length: 100 }, (_, index) => T0 + index * 10_000));
    expect(result.fields['level']?.min?.every((value) => value === 0)).toBe(true);
    expect(result.fields['level']?.mean?.every((value) => value === 4.5)).toBe(true);
    expect(result.fields['level']?.max?.every((value) => value === 9)).toBe(true);
    expect(result.fields['open']?.last?.slice(0, 3)).toEqual([true, false, true]);
  });

  it.each([[0.25], [-3000], [1234]])('never exceed what was asked for, also from %s ms on', async (shift) => {
    const store = await openStore();
    await append(
      store,
      Array.from({ length: 300 }, (_, at) => reading(at, { level: 1 })),
      1,
    );
    const { ts } = await store.range(query({ from: T0 + shift, to: T0 + 300_000, pointsMax: 50 }));
    expect(ts.length).toBeLessThanOrEqual(50);
    expect(ts.length).toBeGreaterThan(40);
    expect(ts.every(Number.isInteger)).toBe(true);
  });
});

it('a gap is a row of nulls, one gap after the last reading before it', async () => {
  const store = await openStore();
  await append(
    store,
    [0, 10, 20, 100, 110].map((at) => reading(at, { level: at })),
    1,
  );
  expect(await points(store, 'level', { gapMs: 25_000 })).toEqual([
    [0, 0],
    [10, 10],
    [20, 20],
    [45, null],
    [100, 100],
    [110, 110],
  ]);
});

describe('the cursor', () => {
  it('is committed with the readings, or neither', async () => {
    const folder = tempFolder();
    const store = await openStore(folder);
    expect(await groupOf(store)).toBe(0);
    await append(store, [reading(1, { level: 1 })], 41);
    await append(store, [], 42);
    const foreign = reading(3, { level: 3 }, { domain: 'tram' });
    await expect(append(store, [reading(2, { level: 2 }), foreign], 43)).rejects.toMatchObject({
      code: 'DOMAIN_INVALID',
    });
    await store.close();
    const again = await openStore(folder);
    expect(await groupOf(again)).toBe(42);
    expect(await points(again)).toEqual([[1, 1]]);
  });

  it('and every reading up to it outlive a kill in the middle of writing', async () => {
    const folder = tempFolder();
    const child = spawn(process.execPath, [`${import.meta.dirname}/test-writer.ts`, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let told = '';
    child.stdout.on('data', (chunk) => {
      told += chunk;
      if (told.split('\n').length > 20) child.kill('SIGKILL');
    });
    await new Promise((resolve) => child.once('exit', resolve));
    const committed = Number(told.slice(0, told.lastIndexOf('\n')).split('\n').at(-1));
    expect(committed).toBeGreaterThanOrEqual(20);

    const store = await openStore(folder);
    const cursor = await groupOf(store);
    expect(cursor).toBeGreaterThanOrEqual(committed);
    expect(await store.count()).toBe(cursor * 100);
  });
});

describe('a model that changed', () => {
  it('gains a column wherever it stands in the model, and every value stays in its own', async () => {
    const folder = tempFolder();
    const before = await openStore(folder, [modelOf({ level: metre, depth: metre })]);
    await append(before, [reading(1, { level: 1, depth: 2 })], 1);
    await before.close();
    const after = await openStore(folder, [modelOf({ width: metre, depth: metre, open: flag(), level: metre })]);
    await append(after, [reading(2, { level: 10, depth: 20, width: 30, open: true })], 2);
    expect(await points(after, 'level')).toEqual([
      [1, 1],
      [2, 10],
    ]);
    expect(await points(after, 'depth')).toEqual([
      [1, 2],
      [2, 20],
    ]);
    expect(await points(after, 'width')).toEqual([[2, 30]]);
    expect(await points(after, 'open')).toEqual([[2, true]]);
  });

  it('loses a column, which stays empty from then on', async () => {
    const folder = tempFolder();
    const before = await openStore(folder, [modelOf({ level: metre, mode: choice(['on', 'off']), depth: metre })]);
    await append(before, [reading(1, { level: 1, mode: 'on', depth: 2 })], 1);
    await before.close();
    const after = await openStore(folder, [modelOf({ level: metre, depth: metre })]);
    await append(after, [reading(2, { level: 10, depth: 20 })], 2);
    expect(await points(after, 'depth')).toEqual([
      [1, 2],
      [2, 20],
    ]);
  });

  it('cannot make a number a word: it says so at the start, not at the first reading', async () => {
    const folder = tempFolder();
    await (await openStore(folder, [modelOf({ level: metre })])).close();
    const opening = DuckDbStore.open(folder, [modelOf({ level: choice(['low', 'high']) })]);
    await expect(opening).rejects.toMatchObject({ code: 'DATA_FOLDER', message: expect.stringContaining('level') });
  });
});

it('a folder in use by another process, or none at all, is told', async () => {
  await expect(DuckDbStore.open('/dev/null/telemetry', [flood])).rejects.toMatchObject({ code: 'DATA_FOLDER' });
});
