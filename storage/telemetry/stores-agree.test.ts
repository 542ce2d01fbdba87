/** Whatever is asked of them, both stores give one answer: the same readings, written the same way, side by side. */
import type { Reading, Values } from '@haechi/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Influxd, influxdInstalled } from '../../tests/support/influxd-process.ts';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { DuckDbStore } from './duckdb-store.ts';
import { InfluxStore } from './influx-store.ts';
import { contractModels, rangeQuery, reading, T0 } from './telemetry-store.contract.ts';
import type { RangeResult } from './telemetry-store.ts';
import { append } from './test-append.ts';

const FIELDS = ['flow', 'pressure', 'mode', 'locked', 'note'];
const SPAN_MS = 400;

// -0 is left out: line protocol has no sign for it, and JSON takes it away on the way to the screen.
const size = fc.double({ noNaN: true, min: -1e15, max: 1e15 }).map((value) => value + 0);
const values: fc.Arbitrary<Values> = fc
  .record(
    {
      flow: size,
      pressure: fc.integer({ min: -1000, max: 1000 }),
      mode: fc.constantFrom('idle', 'run', 'fault'),
      locked: fc.boolean(),
      note: fc.string({ unit: 'grapheme', maxLength: 12 }),
    },
    { requiredKeys: [] },
  )
  .filter((given) => Object.keys(given).length > 0);

/** Times collide often, and come in any order; what is received later was written later. */
const appends = fc.array(
  fc.array(fc.record({ at: fc.nat(SPAN_MS), values, later: fc.nat(3) }), { minLength: 1, maxLength: 40 }),
  { minLength: 1, maxLength: 4 },
);
const query = fc.record({
  from: fc.integer({ min: -20, max: SPAN_MS }),
  fraction: fc.constantFrom(0, 0, 0.5, 0.75),
  length: fc.integer({ min: 1, max: SPAN_MS * 2 }),
  pointsMax: fc.integer({ min: 1, max: 60 }),
  gapMs: fc.constantFrom(5, 50, 1e6),
  fields: fc.subarray(FIELDS, { minLength: 1 }),
});

/** Sums are added up in different orders; everything else must be the same to the last bit. */
function rounded(result: RangeResult, like: RangeResult): RangeResult {
  const fields = Object.entries(result.fields).map(([name, columns]) => {
    const other = like.fields[name];
    const mean = columns.mean?.map((value, row) => {
      const theirs = other?.mean?.[row] ?? null;
      const size = Math.max(Math.abs(columns.min?.[row] ?? 0), Math.abs(columns.max?.[row] ?? 0));
      const near = value !== null && theirs !== null && Math.abs(value - theirs) <= size * 1e-12;
      return near ? theirs : value;
    });
    return [name, mean ? { ...columns, mean } : columns];
  });
  return { ...result, fields: Object.fromEntries(fields) };
}

describe.skipIf(!influxdInstalled)('DuckDB and InfluxDB', () => {
  let influxd: Influxd;
  beforeAll(async () => {
    influxd = await Influxd.start();
    await influxd.run('CREATE DATABASE agree');
  });
  afterAll(() => influxd.remove());

  it('answer the same to any query on any readings', async () => {
    const settings = { url: influxd.url, token: '', org: '', bucket: 'agree', folder: tempFolder() };
    const duckdb = await DuckDbStore.open(tempFolder(), contractModels);
    const influx = await InfluxStore.open(settings, contractModels);
    let device = '';
    let group = 0;
    let run = 0;
    try {
      await fc.assert(
        fc.asyncProperty(
          appends,
          fc.array(query, { minLength: 1, maxLength: 4 }),
          fc.boolean(),
          async (batches, queries, twice) => {
            device = `pump-${++run}`;
            let receivedAt = T0 + SPAN_MS;
            const written = batches.map((batch) =>
              batch.map((entry): Reading => {
                receivedAt += entry.later;
                return reading(device, T0 + entry.at, entry.values, { receivedAt });
              }),
            );
            group++;
            for (const store of [duckdb, influx]) {
              for (const batch of written) await append(store, batch, group);
              if (twice) for (const batch of written) await append(store, batch, group);
            }
            for (const { from, length, fraction, ...rest } of queries) {
              const asked = rangeQuery(device, { ...rest, from: T0 + from + fraction, to: T0 + from + length });
              const expected = await duckdb.range(asked);
              expect(rounded(await influx.range(asked), expected)).toEqual(expected);
            }
          },
        ),
        { numRuns: 100 },
      );
    } finally {
      await duckdb.close();
      await influx.close();
    }
  }, 120_000);
});
