import { join } from 'node:path';
import { createMetrics, type Device, silentLog, VirtualClock } from '@haechi/core';
import { loadDomains } from '@haechi/domains';
import { Journal, type JournalRecord, readGroup } from '@haechi/ingest';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { Importer, type ImporterOptions } from './importer.ts';

const NOW = Date.parse('2026-11-24T00:00:00Z');
const models = new Map((await loadDomains()).map(({ id, model }) => [id, model]));

function gauge(id: string): Device {
  const place = { district: 'riverside', latitude: 37.5, longitude: 127, parent: null };
  return { id, domain: 'flood', kind: 'river-gauge', name: id, intervalS: 60, attributes: {}, ...place };
}

async function start(more: Partial<ImporterOptions> = {}) {
  const options = { folder: join(tempFolder(), 'journal'), sizeMax: 1e9, readers: ['store'] };
  const journal = await Journal.open({ ...options, log: silentLog(), metrics: createMetrics() });
  onTestFinished(() => journal.close());
  const devices = new Map(['g-1', 'g-2'].map((id) => [id, gauge(id)]));
  const importer = new Importer({
    registry: devices,
    models,
    journal,
    journalSizeMax: 1e9,
    clock: new VirtualClock(NOW),
    limits: { futureMaxMs: 300_000, pastMaxMs: 3660 * 86_400_000 },
    keptSince: async () => ({ flood: NOW - 400 * 86_400_000 }),
    ...more,
  });
  const records = async (): Promise<JournalRecord[]> => {
    const all: JournalRecord[] = [];
    for (let group = journal.oldest; group <= journal.head; group++)
      all.push(...readGroup((await journal.read(group)) ?? Buffer.alloc(0)));
    return all;
  };
  return { importer, journal, records };
}

const line = (device: string, ts: number | string, values: object = { level: 1 }) =>
  JSON.stringify({ device, ts, values });

describe('an import', () => {
  it('is in the journal when it is answered: a payload a device, its lines in their order, and no message counted', async () => {
    const { importer, journal, records } = await start();
    const times = [NOW - 3000, NOW - 1000, NOW - 2000];
    const lines = times.flatMap((ts) => [line('g-1', ts), line('g-2', ts)]);
    expect(await importer.take(lines)).toEqual({ accepted: 6, refused: [] });
    const found = await records();
    expect(found.map(({ kind, topic }) => [kind, topic])).toEqual([
      ['import', 'city/riverside/flood/g-1/telemetry'],
      ['import', 'city/riverside/flood/g-2/telemetry'],
    ]);
    const payload = JSON.parse(Buffer.from(found[0]?.payload ?? []).toString()) as object[];
    expect(payload).toEqual(times.map((ts) => ({ ts, values: { level: 1 } })));
    expect(journal.accepted).toBe(0);
  });

  it('splits what is too much for one payload', async () => {
    const { importer, records } = await start();
    const lines = Array.from({ length: 2500 }, (_, index) => line('g-1', NOW - 1000 * index));
    expect(await importer.take(lines)).toMatchObject({ accepted: 2500 });
    const sizes = (await records()).map(
      ({ payload }) => (JSON.parse(Buffer.from(payload).toString()) as unknown[]).length,
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(2500);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
  });

  it('refuses a line whole, with its number and why, and takes the others', async () => {
    const { importer, records } = await start();
    const cases: [string, RegExp][] = [
      ['{', /^not JSON/],
      ['[]', /^line: /],
      [JSON.stringify({ device: 'g-1', values: { level: 1 } }), /^ts: /],
      [JSON.stringify({ device: 'g-1', ts: NOW }), /^values: /],
      [JSON.stringify({ device: 'g-1', ts: NOW, values: {}, seq: 1 }), /seq/],
      [line('g-9', NOW), /^device g-9 is not registered$/],
      [line('g-1', NOW, { depth: 1 }), /^field-unknown: depth/],
      [line('g-1', NOW, { level: 1, turbidity: 'much' }), /^value-invalid: turbidity/],
      [line('g-1', NOW, { level: 1e9 }), /^out-of-range: level/],
      [line('g-1', NOW, {}), /^empty/],
      [line('g-1', 'yesterday'), /^ts-invalid/],
      [line('g-1', '2026-11-01T00:00:00'), /^ts-invalid/],
      [line('g-1', NOW + 3_600_000), /^ts-out-of-range/],
      [line('g-1', '2025-01-01T00:00:00Z'), /^older than what is kept: flood keeps readings since 2025-10-20/],
    ];
    const { accepted, refused } = await importer.take([...cases.map(([text]) => text), line('g-1', NOW - 1)]);
    expect(accepted).toBe(1);
    expect(refused.map((one) => one.line)).toEqual(cases.map((_, index) => index + 1));
    for (const [index, [text, reason]] of cases.entries()) expect(refused[index]?.reason, text).toMatch(reason);
    expect(await records()).toHaveLength(1);
  });

  it('leaves the journal’s room to the devices', async () => {
    const { importer, journal } = await start({ journalSizeMax: 200_000 });
    const lines = Array.from({ length: 2000 }, (_, index) => line('g-1', NOW - 1000 * index));
    await importer.take(lines);
    expect(journal.size).toBeGreaterThan(50_000);
    await expect(importer.take(lines)).rejects.toMatchObject({ code: 'BUSY' });
    await journal.moveCursor('store', journal.head);
  });

  it('answers only so many at once', async () => {
    const asked = Promise.withResolvers<Record<string, number>>();
    const { importer } = await start({ keptSince: () => asked.promise });
    const waiting = Array.from({ length: 8 }, (_, index) => importer.take([line('g-1', NOW - index)]));
    await expect(importer.take([line('g-2', NOW)])).rejects.toMatchObject({ code: 'BUSY' });
    asked.resolve({});
    for (const result of await Promise.all(waiting)) expect(result.accepted).toBe(1);
    expect(await importer.take([line('g-2', NOW)])).toMatchObject({ accepted: 1 });
  });

  it('fails as the journal does', async () => {
    const { importer, journal } = await start();
    await journal.close();
    await expect(importer.take([line('g-1', NOW)])).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
