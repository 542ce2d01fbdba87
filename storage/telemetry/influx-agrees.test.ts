/** InfluxDB and DuckDB agree over days, too: on what is new to them, on groups and growth, and in the files they write. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reading } from '@haechi/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Influxd, influxdInstalled } from '../../tests/support/influxd-process.ts';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { DuckDbStore } from './duckdb-store.ts';
import { InfluxStore } from './influx-store.ts';
import { contractModels, rangeQuery, reading, T0 } from './telemetry-store.contract.ts';
import type { ExportQuery, RangeResult } from './telemetry-store.ts';
import { append } from './test-append.ts';

const SPAN_S = 3 * 86_400;
const FIELDS = ['flow', 'volume', 'mode'];

/** Numbers are counted up in another order, and a counter's fall is told to a few of its last bits. */
const DIGITS = 9;

const values = fc
  .record(
    {
      flow: fc.double({ noNaN: true, min: -1e6, max: 1e6 }).map((value) => value + 0),
      volume: fc.nat(1000),
      mode: fc.constantFrom('idle', 'run', 'fault'),
    },
    { requiredKeys: [] },
  )
  .filter((given) => Object.keys(given).length > 0);
const entry = fc.record({ device: fc.nat(2), atS: fc.nat(SPAN_S), values, again: fc.boolean() });
const batches = fc.array(fc.array(entry, { minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 4 });
const query = fc.record({
  fromS: fc.nat(SPAN_S),
  lengthS: fc.constantFrom(30, 3600, 86_400, 86_400, SPAN_S, SPAN_S),
  pointsMax: fc.constantFrom(1, 2, 7, 24, 72, 500),
  fields: fc.subarray(FIELDS, { minLength: 1 }),
  devices: fc.subarray([0, 1, 2], { minLength: 1 }),
});
const file = fc.record({
  /** The last of them is after all readings. */
  fromS: fc.constantFrom(0, 0, 86_400, SPAN_S * 2),
  resolution: fc.constantFrom('raw', 'minute', 'hour', 'day'),
  fields: fc.subarray(FIELDS, { minLength: 1 }),
});

function rounded(value: unknown): unknown {
  if (typeof value === 'number') return value === 0 ? 0 : Number(value.toPrecision(DIGITS));
  if (Array.isArray(value)) return value.map(rounded);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, rounded(inner)]));
}

/** Of a result that has no row, the columns are told or not. */
const shown = (result: RangeResult) => (result.ts.length === 0 ? { ...result, fields: {} } : rounded(result));

const cells = (path: string) =>
  readFileSync(path, 'utf8')
    .trim()
    .split(/\r?\n/)
    .map((line) =>
      line.split(',').map((cell) => (cell === '' || Number.isNaN(Number(cell)) ? cell : rounded(Number(cell)))),
    );

describe.skipIf(!influxdInstalled)('DuckDB and InfluxDB, over days,', () => {
  let influxd: Influxd;
  beforeAll(async () => {
    influxd = await Influxd.start();
    await influxd.run('CREATE DATABASE agree');
  });
  afterAll(() => influxd.remove());

  it('find the same readings new, and answer and write the same', async () => {
    const settings = { url: influxd.url, token: '', org: '', bucket: 'agree', folder: tempFolder() };
    const duckdb = await DuckDbStore.open(tempFolder(), contractModels);
    const influx = await InfluxStore.open(settings, contractModels);
    const folder = tempFolder();
    let run = 0;
    let group = 0;
    try {
      await fc.assert(
        fc.asyncProperty(
          batches,
          fc.array(query, { minLength: 1, maxLength: 4 }),
          file,
          fc.boolean(),
          async (all, queries, { fromS, ...asked }, sealed) => {
            run++;
            const name = (device: number) => `pump-${run}-${device}`;
            let receivedAt = T0 + SPAN_S * 1000;
            for (const batch of all) {
              const readings = batch.flatMap(({ device, atS, values: given, again }): Reading[] => {
                const sent = reading(name(device), T0 + atS * 1000, given, { receivedAt: ++receivedAt });
                return again ? [sent, { ...sent, receivedAt: ++receivedAt }] : [sent];
              });
              const unseen = await duckdb.unseen(readings);
              expect(await influx.unseen(readings)).toEqual(unseen);
              group++;
              await append(duckdb, unseen, group);
              await append(influx, unseen, group);
              const resent = readings.map((one) => ({ ...one, receivedAt: receivedAt + 1 }));
              expect(await influx.unseen(resent)).toEqual(await duckdb.unseen(resent));
            }
            if (sealed) await duckdb.maintain(T0 + SPAN_S * 2000);
            for (const { fromS: start, lengthS, devices, fields, pointsMax } of queries) {
              const span = { from: T0 + start * 1000, to: T0 + (start + lengthS) * 1000, fields, pointsMax };
              const one = rangeQuery(name(devices[0] ?? 0), { ...span, gapMs: 1e12 });
              expect(shown(await influx.range(one))).toEqual(shown(await duckdb.range(one)));
              const numbers = fields.filter((field) => field !== 'mode');
              const many = { ...span, fields: numbers, domain: 'test-pump', devices: devices.map(name) };
              expect(shown(await influx.group(many))).toEqual(shown(await duckdb.group(many)));
            }
            const written: ExportQuery = {
              ...asked,
              domain: 'test-pump',
              devices: [0, 1, 2].map(name),
              from: T0 + fromS * 1000,
              to: T0 + (fromS + SPAN_S) * 1000,
              format: 'csv',
            };
            const paths = [join(folder, 'duckdb.csv'), join(folder, 'influx.csv')] as const;
            expect(await influx.export(written, paths[1])).toEqual(await duckdb.export(written, paths[0]));
            expect(cells(paths[1])).toEqual(cells(paths[0]));
          },
        ),
        { numRuns: 40 },
      );
    } finally {
      await duckdb.close();
      await influx.close();
    }
  }, 180_000);
});
