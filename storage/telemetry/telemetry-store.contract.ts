/** What every telemetry store promises, whatever is behind it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { choice, defineDomain, flag, number, type Reading, text, type Values } from '@haechi/core';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import type { ExportQuery, RangeQuery, TelemetryStore } from './telemetry-store.ts';
import { append, groupOf, NO_TALLY } from './test-append.ts';
import { parquetRows } from './test-parquet.ts';

/** One field of every type, in a system with a dash in its name. */
export const contractModel = defineDomain({
  id: 'test-pump',
  icon: 'engine',
  order: 1,
  telemetry: {
    flow: number({ unit: 'L/s', min: -1e15, max: 1e15 }),
    pressure: number({ unit: 'kPa', min: -1e15, max: 1e15 }),
    volume: number({ unit: 'm³', min: 0, max: 1e9, counter: true }),
    mode: choice(['idle', 'run', 'fault']),
    locked: flag(),
    note: text(200),
  },
  kinds: {},
});
const otherModel = defineDomain({
  id: 'test-gauge',
  icon: 'ruler',
  order: 2,
  telemetry: { level: number({ unit: 'm', min: -10, max: 100 }), flow: choice(['in', 'out']) },
  kinds: {},
});
export const contractModels = [contractModel, otherModel];

export const T0 = Date.parse('2026-11-24T00:00:00Z');
const ALL_FIELDS = ['flow', 'pressure', 'mode', 'locked', 'note'];

export function reading(device: string, ts: number, values: Values, more: Partial<Reading> = {}): Reading {
  return { domain: 'test-pump', device, ts, receivedAt: ts + 100, values, ...more };
}

export function rangeQuery(device: string, more: Partial<RangeQuery> = {}): RangeQuery {
  const whole = { from: T0, to: T0 + 1_000_000, pointsMax: 1000, gapMs: 1e9 };
  return { domain: 'test-pump', device, fields: ['flow'], ...whole, ...more };
}

/** @param place makes a new place for a store to live in, and gives what opens the store there, as often as it is called. */
export function telemetryStoreContract(name: string, place: () => Promise<() => Promise<TelemetryStore>>): void {
  let count = 0;
  const newDevice = () => `Pump_${process.pid}-${Date.now().toString(36)}-${++count}`;

  async function start() {
    const open = await place();
    let store = await open();
    onTestFinished(() => store.close());
    return {
      device: newDevice(),
      get store() {
        return store;
      },
      async reopen() {
        await store.close();
        store = await open();
      },
    };
  }

  describe(`${name} keeps the contract of a telemetry store:`, () => {
    it('what was written is read back, in the types it had', async () => {
      const { store, device } = await start();
      await append(
        store,
        [
          reading(device, T0, { flow: 1.25, mode: 'run', locked: true, note: 'as new' }, { seq: 7 }),
          reading(device, T0 + 1000, { flow: -3, locked: false, note: '' }),
          reading(device, T0 + 2000, { pressure: 1e21 / 3e7 }),
        ],
        1,
      );
      expect(await store.range(rangeQuery(device, { fields: ALL_FIELDS }))).toEqual({
        intervalMs: 0,
        resolution: 'raw',
        ts: [T0, T0 + 1000, T0 + 2000],
        fields: {
          flow: { min: [1.25, -3, null], mean: [1.25, -3, null], max: [1.25, -3, null] },
          pressure: { min: [null, null, 1e21 / 3e7], mean: [null, null, 1e21 / 3e7], max: [null, null, 1e21 / 3e7] },
          mode: { last: ['run', null, null] },
          locked: { last: [true, false, null] },
          note: { last: ['as new', '', null] },
        },
      });
      expect(await store.count()).toBeGreaterThanOrEqual(3);
    });

    it('rows are those with at least one of the fields asked for', async () => {
      const { store, device } = await start();
      await append(store, [reading(device, T0, { flow: 1 }), reading(device, T0 + 1, { mode: 'idle' })], 1);
      expect((await store.range(rangeQuery(device))).ts).toEqual([T0]);
      expect((await store.range(rangeQuery(device, { fields: ['mode'] }))).ts).toEqual([T0 + 1]);
      expect((await store.range(rangeQuery(device, { fields: ['mode', 'flow', 'unheard-of'] }))).ts).toHaveLength(2);
    });

    it('writing a group twice changes nothing', async () => {
      const { store, device } = await start();
      const readings = Array.from({ length: 50 }, (_, i) => reading(device, T0 + i * 1000, { flow: i, note: `n${i}` }));
      const queries = [{}, { fields: ALL_FIELDS }, { pointsMax: 7 }].map((more) => rangeQuery(device, more));
      await append(store, readings, 1);
      const before = await Promise.all(queries.map((query) => store.range(query)));
      await append(store, readings, 1);
      await append(store, readings.slice(20), 2);
      expect(await Promise.all(queries.map((query) => store.range(query)))).toEqual(before);
    });

    it('late and out-of-order readings stand where they belong in time', async () => {
      const { store, device } = await start();
      await append(
        store,
        [5, 2, 9].map((i) => reading(device, T0 + i, { flow: i })),
        1,
      );
      await append(
        store,
        [7, 1].map((i) => reading(device, T0 + i, { flow: i }, { receivedAt: T0 + 1000 })),
        2,
      );
      const { ts, fields } = await store.range(rangeQuery(device));
      expect(ts).toEqual([1, 2, 5, 7, 9].map((i) => T0 + i));
      expect(fields['flow']?.mean).toEqual([1, 2, 5, 7, 9]);
    });

    it('two readings of one device and time with different fields are one row', async () => {
      const { store, device } = await start();
      await append(store, [reading(device, T0, { flow: 4 }), reading(device, T0, { mode: 'run' })], 1);
      await append(store, [reading(device, T0, { locked: true }, { receivedAt: T0 + 500 })], 2);
      const { ts, fields } = await store.range(rangeQuery(device, { fields: ['flow', 'mode', 'locked'] }));
      expect(ts).toEqual([T0]);
      expect(fields).toMatchObject({ flow: { mean: [4] }, mode: { last: ['run'] }, locked: { last: [true] } });
    });

    it('of two values for one point the one received last counts', async () => {
      const { store, device } = await start();
      await append(store, [reading(device, T0, { flow: 1, note: 'first' })], 1);
      await append(store, [reading(device, T0, { flow: 2 }, { receivedAt: T0 + 200 })], 2);
      const { fields } = await store.range(rangeQuery(device, { fields: ['flow', 'note'] }));
      expect(fields).toMatchObject({ flow: { mean: [2] }, note: { last: ['first'] } });
    });

    it('in one millisecond, the one that stands later in the journal counts', async () => {
      const { store, device } = await start();
      await append(
        store,
        [1, 2, 3].map((flow) => reading(device, T0, { flow })),
        1,
      );
      expect((await store.range(rangeQuery(device))).fields['flow']?.mean).toEqual([3]);
      await append(store, [reading(device, T0, { flow: 4 })], 2);
      expect((await store.range(rangeQuery(device))).fields['flow']?.mean).toEqual([4]);
    });

    it('from is inclusive, to is not, and other devices and systems stay out', async () => {
      const { store, device } = await start();
      const other = newDevice();
      await append(
        store,
        [
          ...[-1, 0, 9, 10].map((i) => reading(device, T0 + i, { flow: i })),
          reading(other, T0 + 5, { flow: 55 }),
          reading(device, T0 + 6, { flow: 'in', level: 2 }, { domain: 'test-gauge' }),
        ],
        1,
      );
      expect((await store.range(rangeQuery(device, { to: T0 + 10 }))).ts).toEqual([T0, T0 + 9]);
      const gauge = await store.range(rangeQuery(device, { domain: 'test-gauge', fields: ['flow', 'level'] }));
      expect(gauge).toMatchObject({ ts: [T0 + 6], fields: { flow: { last: ['in'] }, level: { max: [2] } } });
    });

    it('more readings than asked for come as equal intervals that begin at from', async () => {
      const { store, device } = await start();
      const from = T0 + 137;
      const values = (i: number): Values => ({ flow: i, ...(i % 2 ? { mode: i % 3 ? 'run' : 'idle' } : {}) });
      await append(
        store,
        Array.from({ length: 100 }, (_, i) => reading(device, from + i * 10, values(i))),
        1,
      );
      const query = rangeQuery(device, { from, to: from + 1000, pointsMax: 4, fields: ['flow', 'mode', 'note'] });
      expect(await store.range(query)).toEqual({
        intervalMs: 250,
        ts: [0, 250, 500, 750].map((ms) => from + ms),
        resolution: 'raw',
        fields: {
          flow: {
            count: [25, 25, 25, 25],
            min: [0, 25, 50, 75],
            mean: [12, 37, 62, 87],
            max: [24, 49, 74, 99],
            last: [24, 49, 74, 99],
          },
          mode: { count: [12, 13, 12, 13], last: ['run', 'run', 'run', 'idle'] },
          note: { count: [0, 0, 0, 0], last: [null, null, null, null] },
        },
      });
      expect((await store.range({ ...query, pointsMax: 100 })).intervalMs).toBe(0);
    });

    it('any time that JavaScript can say may be asked for', async () => {
      const { store, device } = await start();
      await append(
        store,
        [1, 2, 6].map((flow) => reading(device, T0 + flow, { flow })),
        1,
      );
      const ever = { from: -8.64e15, to: 8.64e15 };
      const flow = { count: [3], min: [1], mean: [3], max: [6], last: [6] };
      for (const query of [ever, { ...ever, from: 0 }, { ...ever, from: -1 }, { ...ever, from: T0 + 0.5 }]) {
        expect((await store.range(rangeQuery(device, { ...query, pointsMax: 1 }))).fields).toEqual({ flow });
        expect((await store.range(rangeQuery(device, query))).fields['flow']?.max).toEqual([1, 2, 6]);
      }
      for (const query of [
        { ...ever, from: 8e15 },
        { ...ever, to: -8e15 },
      ]) {
        expect((await store.range(rangeQuery(device, query))).ts).toEqual([]);
      }
    });

    it('a gap is a row of nulls', async () => {
      const { store, device } = await start();
      await append(
        store,
        [0, 1, 2, 60, 61].map((i) => reading(device, T0 + i * 1000, { flow: i })),
        1,
      );
      const { ts, fields } = await store.range(rangeQuery(device, { gapMs: 5000 }));
      expect(ts).toEqual([0, 1, 2, 7, 60, 61].map((i) => T0 + i * 1000));
      expect(fields['flow']?.mean).toEqual([0, 1, 2, null, 60, 61]);
    });

    it('no readings, no fields, an unknown device: empty, not an error', async () => {
      const { store, device } = await start();
      expect((await store.range(rangeQuery(device, { fields: ALL_FIELDS }))).ts).toEqual([]);
      await append(store, [reading(device, T0, { flow: 1 })], 1);
      const queries = [{ fields: [] }, { fields: ['unheard-of'] }, { from: T0 + 1 }, { fields: ['pressure'] }];
      for (const query of queries) expect((await store.range(rangeQuery(device, query))).ts).toEqual([]);
      expect((await store.range(rangeQuery('Nobody-1'))).ts).toEqual([]);
      await expect(store.range(rangeQuery(device, { domain: 'no-such' }))).rejects.toMatchObject({
        code: 'DOMAIN_INVALID',
      });
    });

    it('text comes back as it was, whatever is in it', async () => {
      const { store, device } = await start();
      const nasty = [
        ' ',
        'a b',
        'a,b=c',
        '"',
        "'",
        '\\',
        '\\\\',
        'a\\',
        '\\"',
        '\n',
        'a\r\nb\tc',
        '# no',
        '가로등 7호 🚦',
        'e\u0301',
      ];
      const random = fc.sample(fc.string({ unit: 'grapheme', maxLength: 40 }), { numRuns: 200, seed: 7 });
      const notes = [...nasty, ...random];
      await append(
        store,
        notes.map((note, i) => reading(device, T0 + i, { note })),
        1,
      );
      expect((await store.range(rangeQuery(device, { fields: ['note'] }))).fields['note']?.last).toEqual(notes);
    });

    it('any device id the grammar allows is a device of its own', async () => {
      const { store } = await start();
      const tag = newDevice().slice(-20);
      const ids = ['a', 'A', '0', 'a-b', 'a_b', 'a--', `${'Z'.repeat(40)}_`].map((id) => `${id}${tag}`);
      await append(
        store,
        ids.map((id, i) => reading(id, T0, { flow: i })),
        1,
      );
      for (const [i, id] of ids.entries()) {
        expect((await store.range(rangeQuery(id))).fields['flow']?.mean).toEqual([i]);
      }
    });

    it('the cursor moves with every append and survives reopening, and so do the readings', async () => {
      const place = await start();
      const { device } = place;
      expect(await groupOf(place.store)).toBe(0);
      await append(place.store, [reading(device, T0, { flow: 1 })], 3);
      expect(await groupOf(place.store)).toBe(3);
      await append(place.store, [], 8);
      const count = await place.store.count();
      await place.reopen();
      expect(await groupOf(place.store)).toBe(8);
      expect(await place.store.count()).toBe(count);
      expect((await place.store.range(rangeQuery(device))).ts).toEqual([T0]);
      await append(place.store, [reading(device, T0 + 1, { flow: 2 })], 9);
      expect((await place.store.range(rangeQuery(device))).ts).toEqual([T0, T0 + 1]);
      expect(await groupOf(place.store)).toBe(9);
    });

    it('the position holds the tally, and survives reopening', async () => {
      const place = await start();
      const tally = { accepted: 10, stored: 4, duplicate: 3, deadLettered: 2, expired: 1 };
      expect(await place.store.position()).toEqual({ group: 0, tally: NO_TALLY });
      await place.store.append([], { group: 2, tally }, []);
      expect(await place.store.position()).toEqual({ group: 2, tally });
      await place.reopen();
      expect(await place.store.position()).toEqual({ group: 2, tally });
    });

    it('says which readings are new to it: not those that are stored, or stand twice in the list', async () => {
      const place = await start();
      const { device } = place;
      const other = newDevice();
      const at = (index: number, values: Values, id = device) => reading(id, T0 + index, values);
      const stored = [at(1, { flow: 1, mode: 'run' }), at(5, { flow: 5, note: '' }), at(7, { locked: false })];
      await append(place.store, stored, 1);
      const unseen = async (...readings: Reading[]) => {
        const found = await place.store.unseen(readings);
        return readings.map((one) => found.includes(one));
      };
      for (const reopened of [false, true]) {
        if (reopened) await place.reopen();
        expect(await unseen(...stored)).toEqual([false, false, false]);
        expect(await unseen(at(8, { flow: 1 }), at(8, { flow: 1 }), at(9, { flow: 1 }))).toEqual([true, false, true]);
        // Late, a further field, another value, a part of what is there, another device at the same time.
        expect(
          await unseen(
            at(3, { flow: 1 }),
            at(1, { pressure: 2 }),
            at(5, { flow: 6 }),
            at(1, { mode: 'run' }),
            at(5, { flow: 5, note: '' }, other),
            at(7, { locked: true }),
          ),
        ).toEqual([true, true, true, false, true, true]);
        // There and back: the last one received counts, so each of them changes what is shown.
        expect(await unseen(at(5, { flow: 6 }), at(5, { flow: 5 }), at(5, { flow: 5 }))).toEqual([true, true, false]);
        expect(await unseen()).toEqual([]);
      }
    });

    it('many devices are one series, each reading as heavy as any other', async () => {
      const { store, device } = await start();
      const other = newDevice();
      const third = newDevice();
      await append(
        store,
        [
          ...[0, 1, 2, 3].map((i) => reading(device, T0 + i * 1000, { flow: i, mode: 'run' })),
          ...[0, 2].map((i) => reading(other, T0 + i * 1000, { flow: 10 + i })),
          reading(third, T0, { flow: 1000 }),
        ],
        1,
      );
      const query = { domain: 'test-pump', fields: ['flow'], from: T0, to: T0 + 4000, pointsMax: 2 };
      const two = await store.group({ ...query, devices: [device, other] });
      expect(two).toEqual({
        intervalMs: 2000,
        resolution: 'raw',
        ts: [T0, T0 + 2000],
        fields: { flow: { count: [3, 3], min: [0, 2], mean: [11 / 3, 17 / 3], max: [10, 12] } },
      });
      const some = await store.group({ ...query, devices: [other, device], figures: ['mean'] });
      expect(some.fields).toEqual({ flow: { mean: [11 / 3, 17 / 3] } });
      expect((await store.group({ ...query, devices: [third] })).fields['flow']?.max).toEqual([1000]);
      expect((await store.group({ ...query, devices: [] })).ts).toEqual([]);
      const names = [device, other, ...Array.from({ length: 5000 }, (_, index) => `Nobody-${index}`)];
      expect(await store.group({ ...query, devices: names })).toEqual(two);
    });

    it('a counter’s growth is told, over a reset and over the edges of intervals, device by device', async () => {
      const { store, device } = await start();
      const other = newDevice();
      const volumes = [100, 103, 110, 4, 9];
      await append(
        store,
        [
          ...volumes.map((volume, i) => reading(device, T0 + i * 1000, { volume })),
          ...[7, 8, 8, 8, 10].map((volume, i) => reading(other, T0 + i * 1000, { volume })),
        ],
        1,
      );
      const query = { fields: ['volume'], from: T0, to: T0 + 6000 };
      expect((await store.range(rangeQuery(device, { ...query, pointsMax: 3 }))).fields['volume']?.sum).toEqual([
        3, 11, 5,
      ]);
      expect((await store.range(rangeQuery(device, { ...query, pointsMax: 1 }))).fields['volume']?.sum).toEqual([19]);
      const group = { ...query, domain: 'test-pump', devices: [device, other], pointsMax: 3 };
      expect((await store.group(group)).fields['volume']?.sum).toEqual([4, 11, 7]);
    });

    it('from a minute on, intervals are round, and begin where the clock shows a round time', async () => {
      const { store, device } = await start();
      const minutes = Array.from({ length: 240 }, (_, i) => reading(device, T0 + i * 60_000 + 7000, { flow: i }));
      await append(store, minutes, 1);
      const query = rangeQuery(device, { from: T0 + 90_000, to: T0 + 4 * 3_600_000, pointsMax: 20 });
      const { intervalMs, resolution, ts, fields } = await store.range(query);
      expect({ intervalMs, resolution }).toEqual({ intervalMs: 900_000, resolution: 'minute' });
      expect(ts).toEqual(Array.from({ length: 16 }, (_, i) => T0 + i * 900_000));
      expect(fields['flow']?.min?.slice(0, 3)).toEqual([2, 15, 30]);
      expect(fields['flow']?.count?.slice(0, 3)).toEqual([13, 15, 15]);
      const hourly = await store.range({ ...query, pointsMax: 5 });
      expect(hourly).toMatchObject({ intervalMs: 3_600_000, resolution: 'hour' });
      expect((await store.range({ ...query, to: T0 + 86_400_000, pointsMax: 1 })).resolution).toBe('day');
    });

    it.each(['csv', 'parquet'] as const)('writes readings into a file: %s', async (format) => {
      const { store, device } = await start();
      const other = newDevice();
      await append(
        store,
        [reading(other, T0, { flow: 9 }), reading(device, T0 + 5, { flow: 2.5, note: 'a "b", c' })],
        1,
      );
      await append(store, [reading(device, T0, { flow: 1, locked: true }), reading(device, T0 + 5, { flow: 2.5 })], 2);
      const path = join(tempFolder(), `out.${format}`);
      const query: ExportQuery = { domain: 'test-pump', from: T0, to: T0 + 1000, format, resolution: 'raw' };
      const fields = ['flow', 'locked', 'note'];
      expect(await store.export({ ...query, devices: [device], fields }, path)).toEqual({ rows: 2 });
      const received = new Date(T0 + 100).toISOString();
      if (format === 'csv') {
        expect(readFileSync(path, 'utf8').trim().split(/\r?\n/)).toEqual([
          'device,ts,received_at,flow,locked,note',
          `${device},${new Date(T0).toISOString()},${received},1.0,true,`,
          `${device},${new Date(T0 + 5).toISOString()},${new Date(T0 + 105).toISOString()},2.5,,"a ""b"", c"`,
        ]);
      } else {
        expect(await parquetRows(path)).toEqual([
          { device, ts: BigInt(T0), received_at: BigInt(T0 + 100), flow: 1, locked: true, note: null },
          { device, ts: BigInt(T0 + 5), received_at: BigInt(T0 + 105), flow: 2.5, locked: null, note: 'a "b", c' },
        ]);
      }
      const rolled = join(tempFolder(), 'rolled.parquet');
      const hourly: ExportQuery = {
        ...query,
        devices: [device],
        fields: ['flow'],
        resolution: 'hour',
        format: 'parquet',
      };
      expect(await store.export(hourly, rolled)).toEqual({ rows: 1 });
      expect(await parquetRows(rolled)).toEqual([
        { device, ts: BigInt(T0), flow_count: 2n, flow_min: 1, flow_max: 2.5, flow_mean: 1.75, flow_last: 2.5 },
      ]);
      await expect(store.export(query, join(tempFolder(), 'no/such/folder.csv'))).rejects.toMatchObject({
        code: 'EXPORT_FAILED',
      });
    });

    it('10,000 readings in one append are all there, once; and 10,000 more', async () => {
      const { store, device } = await start();
      const rows = Array.from({ length: 10_000 }, (_, i) =>
        reading(device, T0 + i, { flow: i, pressure: i / 3, locked: i % 2 === 0 }),
      );
      await append(store, rows, 1);
      const { ts, fields } = await store.range(rangeQuery(device, { pointsMax: 20_000, fields: ['flow', 'locked'] }));
      expect(ts).toEqual(rows.map((row) => row.ts));
      expect(fields['flow']?.mean).toEqual(rows.map((_, i) => i));
      const more = rows.map((row) => ({ ...row, ts: row.ts + rows.length }));
      await append(store, more, 2);
      const all = await store.range(rangeQuery(device, { pointsMax: 20_000 }));
      expect(all.ts).toEqual([...rows, ...more].map((row) => row.ts));
    });
  });
}
