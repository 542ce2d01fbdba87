/** What InfluxQL cannot say in one statement: many devices, counters that begin again, files longer than an answer. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reading } from '@haechi/core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Influxd, influxdInstalled } from '../../tests/support/influxd-process.ts';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { InfluxStore } from './influx-store.ts';
import { contractModels, rangeQuery, reading, T0 } from './telemetry-store.contract.ts';
import type { ExportQuery } from './telemetry-store.ts';
import { append } from './test-append.ts';
import { parquetRows } from './test-parquet.ts';

describe.skipIf(!influxdInstalled)('InfluxDB and its history:', () => {
  let influxd: Influxd;
  let databases = 0;
  beforeAll(async () => {
    influxd = await Influxd.start();
  });
  afterAll(() => influxd.remove());

  async function open(): Promise<InfluxStore> {
    const settings = { url: influxd.url, token: '', org: '', bucket: `history${++databases}`, folder: tempFolder() };
    await influxd.run(`CREATE DATABASE ${settings.bucket}`);
    const store = await InfluxStore.open(settings, contractModels);
    onTestFinished(() => store.close());
    return store;
  }

  it('hundreds of devices by name are one series, and are the same as all devices', async () => {
    const store = await open();
    const devices = Array.from({ length: 350 }, (_, i) => `light_with-a-Long-name-${i}`);
    const readings = devices.flatMap((device, i) =>
      [0, 1, 2, 3].map((step) =>
        reading(device, T0 + step * 500, { flow: i + step, volume: step === 3 ? i : 1000 + step * i, mode: 'run' }),
      ),
    );
    await append(store, readings, 1);
    const query = { domain: 'test-pump', fields: ['flow', 'volume', 'mode'], from: T0, to: T0 + 2000, pointsMax: 2 };
    const named = await store.group({ ...query, devices: devices.toReversed() });
    expect(await store.group(query)).toEqual(named);
    const last = devices.length - 1;
    const sum = (last * devices.length) / 2;
    expect(named).toEqual({
      intervalMs: 1000,
      resolution: 'raw',
      ts: [T0, T0 + 1000],
      fields: {
        flow: { count: [700, 700], min: [0, 2], mean: [last / 2 + 0.5, last / 2 + 2.5], max: [last + 1, last + 3] },
        // A step of i each, and in the end all begin again and have come to i.
        volume: {
          count: [700, 700],
          min: [1000, 0],
          mean: [1000 + last / 4, (1000 * 350 + sum * 3) / 700],
          max: [1000 + last, 1000 + 2 * last],
          sum: [sum, 2 * sum],
        },
        mode: { count: [700, 700] },
      },
    });
    const peak = await store.group({ ...query, fields: ['volume'], figures: ['max'] });
    expect(peak.fields).toEqual({ volume: { max: [1000 + last, 1000 + 2 * last] } });
  });

  it('a counter that begins again thousands of times has grown by all of it', async () => {
    const store = await open();
    const values = Array.from({ length: 24_000 }, (_, i) => (i % 2 === 0 ? 100 : 3));
    await append(
      store,
      values.map((volume, i) => reading('p1', T0 + i * 10, { volume })),
      1,
    );
    const query = rangeQuery('p1', { fields: ['volume'], to: T0 + 240_000, pointsMax: 4 });
    const { fields, intervalMs } = await store.range({ ...query, to: T0 + 200_000 });
    expect(intervalMs).toBe(50_000);
    // Up by 97 and then down to 3, again and again; until the first reading nothing is known.
    expect(fields['volume']?.sum).toEqual([2500 * 100 - 97, 2500 * 100, 2500 * 100, 2500 * 100]);
    expect((await store.range({ ...query, pointsMax: 1 })).fields['volume']?.sum).toEqual([12_000 * 100 - 97]);
  });

  describe('a file', () => {
    const lengthy = Array.from({ length: 5000 }, (_, i) => reading('b', T0 + i * 1000, { flow: i, volume: i * 2 }));
    const others: Reading[] = [
      reading('a', T0 + 1, { flow: 1, note: 'ü,"' }),
      reading('c', T0 + 2, { mode: 'run' }),
      reading('C', T0 + 3, { flow: 3 }),
    ];
    const all: ExportQuery = {
      domain: 'test-pump',
      from: T0,
      to: T0 + 3_600_000 * 2,
      format: 'csv',
      resolution: 'raw',
    };

    it('has every reading of every device, by device and then time, and leaves nothing beside it', async () => {
      const store = await open();
      await append(store, [...lengthy.toReversed(), ...others], 1);
      const path = join(tempFolder(), 'all.csv');
      expect(await store.export(all, path)).toEqual({ rows: 5003 });
      const lines = readFileSync(path, 'utf8').trim().split('\n');
      expect(lines[0]).toBe('device,ts,received_at,flow,pressure,volume,mode,locked,note');
      expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(['C', 'a', ...lengthy.map(() => 'b'), 'c']);
      expect(lines[2]).toBe(`a,${new Date(T0 + 1).toISOString()},${new Date(T0 + 101).toISOString()},1.0,,,,,"ü,"""`);
      expect(lines[5002]).toBe(
        `b,${new Date(T0 + 4_999_000).toISOString()},${new Date(T0 + 4_999_100).toISOString()},4999.0,,9998.0,,,`,
      );
      expect(existsSync(`${path}.collected`)).toBe(false);
      // Rows without any of the fields asked for are left out.
      const flows: ExportQuery = { ...all, fields: ['flow'], devices: ['c', 'a'] };
      expect(await store.export(flows, path)).toEqual({ rows: 1 });
    });

    it('of roll-ups has the growth within each of them', async () => {
      const store = await open();
      await append(store, [...lengthy, ...others], 1);
      const path = join(tempFolder(), 'hours.parquet');
      const hours: ExportQuery = { ...all, fields: ['volume', 'mode'], format: 'parquet', resolution: 'hour' };
      expect(await store.export(hours, path)).toEqual({ rows: 3 });
      const none = { volume_min: null, volume_max: null, volume_mean: null, volume_last: null, volume_first: null };
      const run = { mode_count: 0n, mode_last: null };
      expect(await parquetRows(path)).toEqual([
        { device: 'b', ts: BigInt(T0), ...run, volume_count: 3600n, ...bounds(0, 7198), volume_growth: 7198 },
        {
          device: 'b',
          ts: BigInt(T0 + 3_600_000),
          ...run,
          volume_count: 1400n,
          ...bounds(7200, 9998),
          volume_growth: 2798,
        },
        {
          device: 'c',
          ts: BigInt(T0),
          mode_count: 1n,
          mode_last: 'run',
          volume_count: 0n,
          ...none,
          volume_growth: null,
        },
      ]);
      const minutes: ExportQuery = { ...hours, from: T0 - 1e12, to: T0 + 1e12, resolution: 'minute' };
      expect(await store.export(minutes, path)).toEqual({ rows: 85 });
    });

    it('that cannot be had leaves nothing behind', async () => {
      const store = await open();
      await append(store, others, 1);
      const path = join(tempFolder(), 'none.csv');
      await influxd.stop('SIGKILL');
      onTestFinished(() => influxd.stop().then(() => influxd.startAgain()));
      await expect(store.export(all, path)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
      expect([path, `${path}.collected`].filter(existsSync)).toEqual([]);
      await expect(store.export({ ...all, fields: ['unheard-of'] }, path)).rejects.toMatchObject({
        code: 'EXPORT_FAILED',
      });
    });
  });
});

function bounds(first: number, last: number) {
  return {
    volume_min: first,
    volume_max: last,
    volume_mean: (first + last) / 2,
    volume_last: last,
    volume_first: first,
  };
}
