/** The rules' reader on a real state database that can be made to fail. */
import { join } from 'node:path';
import { type Alert, type Device, silentLog } from '@haechi/core';
import { loadDomains } from '@haechi/domains';
import { type DecodedGroup, GroupFeed, type RecordKind } from '@haechi/ingest';
import { AlertBook, type CompiledRule, loadCheckpoint, loadRules } from '@haechi/services';
import { openState, type StateDb } from '@haechi/storage';
import { sql } from 'kysely';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { eventually } from '../../tests/support/eventually.ts';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { RulesReader } from './rules-reader.ts';

const T0 = Date.parse('2026-11-24T00:00:00Z');
const shipped = (await loadDomains()).flatMap(({ model, rulesFile }) => loadRules(model, rulesFile));

const underpass = {
  ...{ id: 'up-1', domain: 'flood', kind: 'underpass', name: 'U', intervalS: 30, attributes: {} },
  ...{ district: 'mapo', latitude: 37.5, longitude: 127, parent: null },
};

interface StartOptions {
  /** The state database of a run before. */
  db?: StateDb;
  rules?: CompiledRule[];
  device?: Device;
  kind?: RecordKind;
}

/** Group `n` holds one reading, of `n` seconds after the start. */
async function start(
  depths: number[],
  { db: given, rules = shipped, device = underpass, kind = 'message' }: StartOptions = {},
) {
  const db = given ?? (await openState(join(tempFolder(), 'state.sqlite')));
  if (!given) onTestFinished(() => db.destroy());
  const groups = depths.map((waterDepth, index): DecodedGroup => {
    const at = T0 + (index + 1) * 1000;
    const reading = { device: 'up-1', domain: 'flood', ts: at, receivedAt: at, values: { waterDepth } };
    const record = { kind, receivedAt: at, topic: '', readings: [reading], deadLetters: [] };
    return { group: index + 1, accepted: index + 1, records: [record] };
  });
  const feed = new GroupFeed({
    decode: (group) => groups[group - 1] ?? { group, accepted: 0, records: [] },
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
  const kept = await loadCheckpoint(db);
  reader.engine.restoreStart(kept.startedAt);
  reader.engine.setDevice(device, kept.devices.get(device.id));
  return { db, feed, reader, alerts, checkpoints, troubles, after: kept.group };
}

const breakDown = sql`CREATE TRIGGER broken BEFORE INSERT ON cursors BEGIN SELECT RAISE(ABORT, 'disk full'); END`;
const refuseAlerts = sql`CREATE TRIGGER broken BEFORE INSERT ON alert_log BEGIN SELECT RAISE(ABORT, 'disk full'); END`;
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

  it('never moves on without an alert that it could not write, though the state database comes back while it is stopped', async () => {
    // Deep enough for so long that the last of them raises the alert.
    const depths = Array(13).fill(12);
    const first = await start(depths);
    const { db, feed, reader, troubles } = first;
    await refuseAlerts.execute(db);
    const running = reader.run(0);
    feed.push(13);
    await eventually(() => troubles.length > 0);
    // Mended after the attempt that the stop lets it make, and before anything that it might do after that.
    const mended = vi.spyOn(troubles, 'push').mockImplementation(() => {
      void mend.execute(db);
      return 0;
    });
    feed.close();
    reader.stop();
    await running;
    expect(mended).toHaveBeenCalledTimes(1);
    expect(first.alerts).toEqual([]);
    expect(first.checkpoints).toEqual([]);

    const second = await start(depths, { db });
    const again = second.reader.run(second.after);
    second.feed.push(13);
    await second.reader.settled(13);
    second.feed.close();
    await again;
    expect(second.alerts).toMatchObject([{ rule: 'underpass-flooded', stage: 'alert' }]);
  });

  it('writes what it took before a failure and what came during it, in one go', async () => {
    const { db, feed, reader, alerts, troubles } = await start([12]);
    await refuseAlerts.execute(db);
    const running = reader.run(0);
    feed.push(1);
    reader.tick(T0 + 12_000, 1);
    await eventually(() => troubles.length > 0);
    reader.engine.setDevice({ ...underpass, kind: 'rain-gauge' });
    await mend.execute(db);
    feed.close();
    await running;
    expect(alerts).toMatchObject([{ rule: 'underpass-flooded', stage: 'alert' }]);
    expect(alerts[0]?.clearedAt).not.toBeNull();
    expect((await loadCheckpoint(db)).devices.get('up-1')?.rules).toEqual({});
  });

  it('stops before a group that it cannot have any more, and leaves it to the next start', async () => {
    const { db, feed, reader, checkpoints } = await start([0, 0]);
    const { get } = feed;
    vi.spyOn(feed, 'get').mockImplementation(async (group) => (group === 2 ? undefined : await get.call(feed, group)));
    feed.push(2);
    feed.close();
    await reader.run(0);
    expect(checkpoints).toEqual([1]);
    expect((await loadCheckpoint(db)).group).toBe(1);
  });
});

describe('at its start', () => {
  /** A run that ends with an alert standing. */
  async function standing() {
    const { db, feed, reader } = await start([12]);
    const running = reader.run(0);
    feed.push(1);
    reader.tick(T0 + 12_000, 1);
    await reader.settled(1);
    feed.close();
    await running;
    expect(await open(db)).toEqual(['underpass-flooded']);
    return db;
  }

  const open = async (db: StateDb) =>
    (await new AlertBook(db).list({ state: 'all', limit: 10 }))
      .filter(({ clearedAt }) => clearedAt === null)
      .map(({ rule }) => rule);

  it.each<[string, StartOptions]>([
    ['whose rule is gone', { rules: [] }],
    ['whose device is another kind now', { device: { ...underpass, kind: 'rain-gauge' } }],
    ['whose device is in another system now', { device: { ...underpass, domain: 'fleet', kind: 'bus' } }],
    ['whose device is not registered any more', { device: { ...underpass, id: 'up-2' } }],
  ])('clears the alert %s, before it reads, and once', async (_, change) => {
    const db = await standing();
    for (const cleared of [1, 0]) {
      const { reader, feed, alerts, after } = await start([12], { db, ...change });
      const running = reader.run(after);
      await reader.settled(after);
      expect(alerts).toHaveLength(cleared);
      expect(await open(db)).toEqual([]);
      feed.close();
      await running;
    }
    expect([...(await loadCheckpoint(db)).devices.keys()]).toEqual(change.device?.id === 'up-2' ? [] : ['up-1']);
    const back = await start([12], { db });
    expect(back.reader.engine.state('up-1')?.rules['underpass-flooded']?.rank ?? 0).toBe(0);
  });

  it('leaves what stands as it is', async () => {
    const db = await standing();
    const { reader, feed, alerts, after } = await start([12], { db });
    feed.close();
    await reader.run(after);
    expect({ alerts, open: await open(db) }).toEqual({ alerts: [], open: ['underpass-flooded'] });
  });

  it('deletes alerts that are long over, and again every hour', async () => {
    const db = await standing();
    const addOld = async () => {
      const at = T0 - 500 * 86_400_000;
      const plain = { ...{ rule: 'r', domain: 'flood', device: 'd', district: 'mapo' }, field: null, value_json: null };
      const stage = { stage: 'alert', peak_stage: 'alert', limit_value: null, change_seq: 0 } as const;
      const times = { raised_at: at, changed_at: at, cleared_at: at, acknowledged_at: at, acknowledged_by: 'kim' };
      await db
        .insertInto('alerts')
        .values({ id: 'old', ...plain, ...stage, ...times })
        .execute();
    };
    const ids = async () => (await db.selectFrom('alerts').select('rule').execute()).map(({ rule }) => rule);
    const now = performance.now.bind(performance);
    let laterMs = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now() + laterMs);
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    await addOld();
    const { reader, feed, after } = await start([12], { db });
    const running = reader.run(after);
    await eventually(async () => (await ids()).length === 1);
    await addOld();
    await reader.settled(after);
    expect(await ids()).toHaveLength(2);
    laterMs = 3_600_000;
    feed.nudge();
    await eventually(async () => (await ids()).length === 1);
    feed.close();
    await running;
  });
});

it.each(['import', 'replay'] as const)(
  'the past told later raises nothing and is nobody’s present state: %s',
  async (kind) => {
    const { feed, reader, alerts, checkpoints, after } = await start(
      Array.from({ length: 60 }, () => 30),
      { kind },
    );
    feed.push(60);
    feed.close();
    await reader.run(after);
    expect(checkpoints.at(-1)).toBe(60);
    expect(alerts).toEqual([]);
    expect(reader.engine.state('up-1')?.twin.values ?? {}).toEqual({});
  },
);
