/** The rules' reader on a real state database that can be made to fail. */
import { join } from 'node:path';
import type { Alert } from '@haechi/core';
import { silentLog } from '@haechi/core';
import { loadDomains } from '@haechi/domains';
import { type DecodedGroup, GroupFeed } from '@haechi/ingest';
import { AlertBook, loadCheckpoint, loadRules } from '@haechi/services';
import { openState } from '@haechi/storage';
import { sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../tests/support/eventually.ts';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { RulesReader } from './rules-reader.ts';

const T0 = Date.parse('2026-11-24T00:00:00Z');
const rules = (await loadDomains()).flatMap(({ model, rulesFile }) => loadRules(model, rulesFile));

/** Group `n` holds one reading, of `n` seconds after the start. */
async function start(depths: number[]) {
  const db = await openState(join(tempFolder(), 'state.sqlite'));
  onTestFinished(() => db.destroy());
  const groups = depths.map((waterDepth, index): DecodedGroup => {
    const at = T0 + (index + 1) * 1000;
    const reading = { device: 'up-1', domain: 'flood', ts: at, receivedAt: at, values: { waterDepth } };
    return { group: index + 1, records: [{ receivedAt: at, start: false, readings: [reading], deadLetters: [] }] };
  });
  const feed = new GroupFeed({
    decode: (group) => groups[group - 1] ?? { group, records: [] },
    fetch: async () => new Uint8Array(),
  });
  const alerts: Alert[] = [];
  const checkpoints: number[] = [];
  const troubles: (string | null)[] = [];
  const reader = new RulesReader({
    feed,
    rules,
    db,
    log: silentLog(),
    onLive: (_devices, changed) => alerts.push(...changed),
    onCheckpoint: (group) => checkpoints.push(group),
    onTrouble: (trouble) => troubles.push(trouble),
  });
  const place = { district: 'mapo', latitude: 37.5, longitude: 127, parent: null };
  reader.engine.setDevice({
    id: 'up-1',
    domain: 'flood',
    kind: 'underpass',
    name: 'U',
    intervalS: 30,
    attributes: {},
    ...place,
  });
  return { db, feed, reader, alerts, checkpoints, troubles };
}

const breakDown = sql`CREATE TRIGGER broken BEFORE INSERT ON cursors BEGIN SELECT RAISE(ABORT, 'disk full'); END`;
const mend = sql`DROP TRIGGER broken`;

describe('the reader', () => {
  it('lets the clock run only as far as it has read', async () => {
    const { feed, reader, alerts } = await start([4, 4, 1, 1]);
    const running = reader.run(0);
    feed.push(2);
    // At 12 s the alert would be due, had the third group not been written before that.
    reader.tick(T0 + 12_000, 4);
    await reader.settled(2);
    expect(alerts).toEqual([]);
    feed.push(4);
    await reader.settled(4);
    feed.close();
    await running;
    expect(alerts).toEqual([]);
  });

  it('keeps an alert through a state database that fails, says so, and says when it is over', async () => {
    const { db, feed, reader, alerts, checkpoints, troubles } = await start([12, 12]);
    await breakDown.execute(db);
    const running = reader.run(0);
    feed.push(2);
    reader.tick(T0 + 12_000, 2);
    await eventually(() => troubles.length > 0);
    expect(troubles[0]).toContain('disk full');
    expect({ alerts, checkpoints }).toEqual({ alerts: [], checkpoints: [] });
    await mend.execute(db);
    await eventually(() => alerts.length > 0);
    expect(alerts).toMatchObject([{ rule: 'underpass-flooded', stage: 'alert' }]);
    expect(troubles.at(-1)).toBeNull();
    feed.close();
    await running;
    expect(checkpoints.at(-1)).toBe(2);
    expect((await loadCheckpoint(db)).group).toBe(2);
  });

  it('gives up when it is stopped, and claims nothing that is not written', async () => {
    const { db, feed, reader, checkpoints, troubles } = await start([12, 12]);
    await breakDown.execute(db);
    const running = reader.run(0);
    feed.push(2);
    reader.tick(T0 + 12_000, 2);
    await eventually(() => troubles.length > 0);
    feed.close();
    reader.stop();
    await running;
    expect(checkpoints).toEqual([]);
    await mend.execute(db);
    expect(await loadCheckpoint(db)).toEqual({ group: 0, startedAt: 0, devices: new Map() });
    expect(await new AlertBook(db).list({ state: 'all', limit: 1 })).toEqual([]);
  });
});
