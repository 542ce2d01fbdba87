/** The worker behind a real journal: what was acknowledged is stored and judged, also after a crash and a restart. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createMetrics, type Device, silentLog, VirtualClock } from '@haechi/core';
import { Journal, type JournalRecord } from '@haechi/ingest';
import { AlertBook, type RuleTransition } from '@haechi/services';
import { openState } from '@haechi/storage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../tests/support/eventually.ts';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import type { LiveValues } from './messages.ts';
import { Pipeline, READERS } from './pipeline.ts';

const T0 = Date.parse('2026-11-24T00:00:00Z');
const place = { district: 'mapo', latitude: 37.5, longitude: 127, parent: null };
const underpass: Device = {
  id: 'up-1',
  domain: 'flood',
  kind: 'underpass',
  name: 'U',
  intervalS: 30,
  attributes: {},
  ...place,
};

async function openJournal(data: string): Promise<Journal> {
  const options = {
    folder: join(data, 'journal'),
    sizeMax: 1e8,
    readers: READERS,
    log: silentLog(),
    metrics: createMetrics(),
  };
  const journal = await Journal.open(options);
  onTestFinished(() => journal.close());
  return journal;
}

function append(journal: Journal, atS: number, payload: unknown, device = 'up-1'): Promise<void> {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const topic = `city/mapo/flood/${device}/telemetry`;
  return new Promise((resolve, reject) => {
    const record = { kind: 'message', receivedAt: T0 + atS * 1000, topic, payload: Buffer.from(text) } as const;
    journal.append(record, (error) => (error ? reject(error) : resolve()));
  });
}

async function startPipeline(data: string, journal: Journal, atS = 0, startRecord?: JournalRecord) {
  const clock = new VirtualClock(T0 + atS * 1000);
  const live: LiveValues[] = [];
  const told: RuleTransition[] = [];
  const stored = { readings: 0, deadLetters: 0 };
  const { pipeline, ready } = await Pipeline.start({
    setup: {
      dataFolder: data,
      store: 'duckdb',
      influx: { url: '', token: '', org: '', bucket: '' },
      futureMaxMs: 300_000,
      pastMaxMs: 86_400_000,
      deadLettersMax: 1000,
      retention: {},
      keeps: true,
      logLevel: 'silent',
      devices: [underpass],
    },
    journal,
    ...(startRecord ? { startRecord } : {}),
    clock,
    log: silentLog(),
    onLive: (devices, _alerts, transitions) => {
      live.push(...devices);
      told.push(...transitions);
    },
    onStored: ({ readings, deadLetters }) => {
      stored.readings += readings;
      stored.deadLetters += deadLetters;
    },
    onFailure: (error) => {
      throw error;
    },
  });
  onTestFinished(() => pipeline.close());
  return {
    pipeline,
    ready,
    clock,
    live,
    stored,
    told: () => told.map(({ transition, stage }) => `${transition} ${stage}`),
  };
}

const query = {
  domain: 'flood',
  device: 'up-1',
  fields: ['waterDepth'],
  from: T0,
  to: T0 + 1e7,
  pointsMax: 4000,
  gapMs: 1e7,
};

async function depths(pipeline: Pipeline): Promise<unknown[]> {
  return (await pipeline.ask('range', query)).fields['waterDepth']?.mean ?? [];
}

describe('a message', () => {
  it('is stored and judged; its alert comes by the clock though nothing more arrives', async () => {
    const data = tempFolder();
    const journal = await openJournal(data);
    const { pipeline, clock, live, stored, told } = await startPipeline(data, journal);
    await append(journal, 0, { waterDepth: 4 });
    await append(journal, 1, '{"waterDepth":');
    await pipeline.settled();
    await eventually(() => stored.readings === 1 && stored.deadLetters === 1);
    expect(await depths(pipeline)).toEqual([4]);
    await eventually(() => live.length > 0);
    expect(live).toMatchObject([{ id: 'up-1', ts: T0, values: { waterDepth: 4 } }]);
    expect(told()).toEqual([]);
    clock.advanceTo(T0 + 10_000);
    await eventually(() => told().length > 0);
    expect(told()).toEqual(['raised attention']);
  });
});

describe('after a crash', () => {
  it('what the journal holds is stored and judged once, by both readers, from where each was', async () => {
    const data = tempFolder();
    const journal = await openJournal(data);
    // Nobody read these: the platform died after they were acknowledged.
    for (let at = 0; at < 200; at++) await append(journal, at, { waterDepth: at < 100 ? 12 : 0 });
    expect(journal.head).toBe(200);
    const { pipeline, told, stored } = await startPipeline(data, journal, 200);
    await pipeline.settled();
    expect(told()).toEqual(['raised alert', 'cleared alert']);
    await eventually(() => stored.readings === 200);
    expect(await depths(pipeline)).toHaveLength(200);
    await eventually(() => Math.min(...Object.values(journal.cursors())) === 200);
  });

  it('goes on where it stopped: nothing twice, nothing lost, alerts as they stood', async () => {
    const data = tempFolder();
    const journal = await openJournal(data);
    const first = await startPipeline(data, journal);
    for (let at = 0; at <= 20; at += 5) await append(journal, at, { waterDepth: 6 });
    await first.pipeline.settled();
    expect(first.told()).toEqual(['raised caution']);
    await first.pipeline.close();
    for (let at = 25; at <= 40; at += 5) await append(journal, at, { waterDepth: 11 });

    const second = await startPipeline(data, journal, 40);
    expect(second.ready.cursors).toEqual({ store: 5, rules: 5 });
    expect(second.ready.devices).toMatchObject([{ id: 'up-1', ts: T0 + 20_000, values: { waterDepth: 6 } }]);
    await second.pipeline.settled();
    expect(second.told()).toEqual(['escalated alert']);
    await eventually(() => second.stored.readings === 4);
    expect(await depths(second.pipeline)).toHaveLength(9);
    await second.pipeline.close();

    const db = await openState(join(data, 'state.sqlite'));
    onTestFinished(() => db.destroy());
    const alerts = await new AlertBook(db).list({ state: 'all', limit: 10 });
    expect(alerts).toMatchObject([{ device: 'up-1', rule: 'underpass-flooded', stage: 'alert', peakStage: 'alert' }]);
  });

  it('goes on with its numbering where the journal was lost', async () => {
    const data = tempFolder();
    const journal = await openJournal(data);
    const first = await startPipeline(data, journal);
    for (let at = 0; at < 3; at++) await append(journal, at, { waterDepth: at });
    await first.pipeline.close();

    const emptied = await openJournal(join(data, 'elsewhere'));
    const second = await startPipeline(data, emptied);
    await append(emptied, 10, { waterDepth: 9 });
    await second.pipeline.settled();
    expect(emptied.head).toBe(4);
    await eventually(() => second.stored.readings === 1);
    expect(await depths(second.pipeline)).toEqual([0, 1, 2, 9]);
  });
});

it('a history that cannot be told is an error to who asked, and to nobody else', async () => {
  const data = tempFolder();
  const { pipeline } = await startPipeline(data, await openJournal(data));
  await expect(pipeline.ask('range', { ...query, domain: 'tram' })).rejects.toThrow('no table for the system tram');
  expect(await depths(pipeline)).toEqual([]);
});

it('goes on where the store is a new one and the journal has cleared what it never had', async () => {
  const data = tempFolder();
  const before = await openJournal(data);
  const first = await startPipeline(data, before);
  for (let at = 0; at < 10; at++) await append(before, at, { waterDepth: 1 });
  await eventually(() => Math.min(...Object.values(before.cursors())) === 10);
  await first.pipeline.close();
  await before.close();
  rmSync(join(data, 'telemetry'), { recursive: true });

  const journal = await openJournal(data);
  const { pipeline, ready, stored } = await startPipeline(data, journal, 20);
  expect(ready.cursors.store).toBeGreaterThan(0);
  await append(journal, 20, { waterDepth: 2 });
  await eventually(() => stored.readings > 0);
  expect((await depths(pipeline)).at(-1)).toBe(2);
});

it('marks its start before any timer fires: a silence over the time away raises nothing', async () => {
  const data = tempFolder();
  const before = await openJournal(data);
  const first = await startPipeline(data, before);
  await append(before, 0, { waterDepth: 1 });
  await first.pipeline.settled();
  await first.pipeline.close();
  await before.close();

  const journal = await openJournal(data);
  const away = 7200;
  const startRecord = { kind: 'start', receivedAt: T0 + away * 1000, topic: '', payload: new Uint8Array() } as const;
  const { pipeline, clock, told } = await startPipeline(data, journal, away, startRecord);
  await pipeline.settled();
  clock.advanceTo(T0 + (away + 60) * 1000);
  await pipeline.settled();
  expect(told()).toEqual([]);
  clock.advanceTo(T0 + (away + 600) * 1000);
  await eventually(() => told().length > 0);
});

it('a store that is a new one begins its ledger where it begins, and balances', async () => {
  const data = tempFolder();
  const journal = await openJournal(data);
  const first = await startPipeline(data, journal);
  for (let at = 0; at < 5; at++) await append(journal, at, { waterDepth: at });
  await eventually(() => first.pipeline.ledger.pending === 0);
  expect(first.pipeline.ledger).toMatchObject({ accepted: 5, stored: 5, unaccounted: 0 });
  await first.pipeline.close();

  rmSync(join(data, 'telemetry'), { recursive: true });
  const second = await startPipeline(data, journal);
  for (let at = 5; at < 8; at++) await append(journal, at, { waterDepth: at });
  await eventually(() => second.pipeline.ledger.pending === 0 && second.pipeline.ledger.stored >= 3);
  const { accepted, stored, duplicate, unaccounted } = second.pipeline.ledger;
  expect({ unaccounted, sum: stored + duplicate }).toEqual({ unaccounted: 0, sum: accepted });
});
