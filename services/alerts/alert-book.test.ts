/** An alert's life on disk, and the checkpoint that writes it together with where the rules stand. */
import { join } from 'node:path';
import { openState, type StateDb } from '@haechi/storage';
import { CompiledQuery, sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { loadCheckpoint, saveCheckpoint, strayTwins } from '../rules/checkpoint.ts';
import type { DeviceState, RuleTransition } from '../rules/engine.ts';
import type { RuleState } from '../rules/step.ts';
import { AlertBook, type AlertQuery, alertId, listing, orphanedAlerts, type Retention } from './alert-book.ts';

async function openBook(folder = tempFolder(), retention?: Retention): Promise<{ book: AlertBook; db: StateDb }> {
  const db = await openState(join(folder, 'state.sqlite'));
  onTestFinished(() => db.destroy());
  return { book: new AlertBook(db, retention), db };
}

function transition(more: Partial<RuleTransition> = {}): RuleTransition {
  const what = { rule: 'river-stage', domain: 'flood', device: 'gauge-1', district: 'mapo', field: 'level' };
  return { ...what, transition: 'raised', stage: 'caution', at: 1000, raisedAt: 1000, value: 2.5, limit: 2, ...more };
}

const ID = alertId(transition());
const escalated = transition({ transition: 'escalated', stage: 'serious', at: 2000, value: 9, limit: 8 });
const deEscalated = transition({ transition: 'de-escalated', stage: 'alert', at: 3000, value: 6, limit: 5 });
const cleared = transition({ transition: 'cleared', stage: 'alert', at: 4000, value: 0, limit: 5 });

function save(db: StateDb, transitions: RuleTransition[], group = 1, devices: [string, DeviceState][] = []) {
  return saveCheckpoint(db, { group, startedAt: 500, devices: new Map(devices) }, transitions);
}

const rank1: RuleState = { rank: 1, stage: 'caution', raisedAt: 10, changedAt: 15, pending: [0, 7], releasing: [3, 0] };
const state = (level: number): DeviceState => ({
  twin: { ts: 10, deviceTs: 10, receivedAt: 20, heardAt: 30, values: { level, open: true, mode: 'on' }, online: false },
  rules: {
    'river-stage': { rank: 1, stage: 'caution', raisedAt: 10, changedAt: 15, pending: [0, 7], releasing: [3, 0] },
  },
});

describe('an alert', () => {
  it('is raised, goes up and down and is cleared, every step in its log', async () => {
    const { book, db } = await openBook();
    const [raised] = await save(db, [transition()]);
    expect(raised).toMatchObject({
      id: ID,
      stage: 'caution',
      peakStage: 'caution',
      value: 2.5,
      limit: 2,
      clearedAt: null,
    });
    const [changed] = await save(db, [escalated, deEscalated], 2);
    expect(changed).toMatchObject({
      id: ID,
      stage: 'alert',
      peakStage: 'serious',
      value: 6,
      changedAt: 3000,
      raisedAt: 1000,
    });
    await save(db, [cleared], 3);
    const alert = await book.get(ID);
    expect(alert).toMatchObject({ stage: 'alert', peakStage: 'serious', value: 6, clearedAt: 4000 });
    expect(alert?.events.map(({ what, stage, at, value }) => [what, stage, at, value])).toEqual([
      ['raised', 'caution', 1000, 2.5],
      ['escalated', 'serious', 2000, 9],
      ['de-escalated', 'alert', 3000, 6],
      ['cleared', 'alert', 4000, 0],
    ]);
    expect(alert?.changeSeq).toBe(alert?.events.at(-1)?.seq);
  });

  it('is not doubled, and not changed, by the same transitions a second time', async () => {
    const { book, db } = await openBook();
    const all = [transition(), escalated, deEscalated, cleared];
    await save(db, all);
    const before = await book.get(ID);
    expect(await save(db, all)).toEqual([]);
    expect(await save(db, [transition()])).toEqual([]);
    expect(await book.get(ID)).toEqual(before);
    expect(await book.list({ state: 'all', limit: 10 })).toHaveLength(1);
  });

  it('keeps values of every kind', async () => {
    const { book, db } = await openBook();
    const values = [true, 'tripped', 0, null];
    await save(
      db,
      values.map((value, index) => transition({ device: `d${index}`, value, field: null, limit: null })),
    );
    const listed = await book.list({ state: 'open', limit: 10 });
    expect(new Set(listed.map(({ value }) => value))).toEqual(new Set(values));
  });

  it('numbers every change of any alert, growing', async () => {
    const { db } = await openBook();
    const other = transition({ device: 'gauge-2' });
    const changes = [...(await save(db, [transition(), other])), ...(await save(db, [escalated], 2))];
    const seqs = changes.map(({ changeSeq }) => changeSeq);
    expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
  });
});

describe('acknowledging', () => {
  it('says who and when, and a second time changes nothing', async () => {
    const { book, db } = await openBook();
    await save(db, [transition()]);
    const first = await book.acknowledge(ID, 'kim', 'on my way', 1500);
    expect(first).toMatchObject({ acknowledgedAt: 1500, acknowledgedBy: 'kim', stage: 'caution' });
    expect(await book.acknowledge(ID, 'lee', null, 1600)).toEqual(first);
    const events = (await book.get(ID))?.events;
    expect(events?.filter(({ what }) => what === 'acknowledged')).toMatchObject([
      { actor: 'kim', comment: 'on my way', at: 1500 },
    ]);
  });

  it('is undone when the alert gets worse, and by nothing else', async () => {
    const { book, db } = await openBook();
    await save(db, [transition()]);
    await book.acknowledge(ID, 'kim', null, 1500);
    const [worse] = await save(db, [escalated], 2);
    expect(worse).toMatchObject({ acknowledgedAt: null, acknowledgedBy: null });
    await book.acknowledge(ID, 'kim', null, 2500);
    const [better] = await save(db, [deEscalated], 3);
    expect(better?.acknowledgedBy).toBe('kim');
    const [gone] = await save(db, [cleared], 4);
    expect(gone).toMatchObject({ acknowledgedBy: 'kim', clearedAt: 4000 });
  });

  it('knows only alerts that there are', async () => {
    const { book } = await openBook();
    await expect(book.acknowledge('none', 'kim', null, 1)).rejects.toMatchObject({ code: 'ALERT_UNKNOWN' });
    expect(await book.get('none')).toBeUndefined();
  });
});

describe('the list', () => {
  it('comes newest first, in pages that neither miss nor double one, also among alerts of one moment', async () => {
    const { book, db } = await openBook();
    const all = Array.from({ length: 25 }, (_, index) => {
      const at = 1000 + Math.floor(index / 5);
      return transition({ device: `d${index}`, at, raisedAt: at });
    });
    await save(db, all);
    const seen: { id: string; raisedAt: number }[] = [];
    for (;;) {
      const page = await book.list({ state: 'open', limit: 4, before: seen.at(-1) });
      if (page.length === 0) break;
      seen.push(...page);
    }
    expect(new Set(seen.map(({ id }) => id)).size).toBe(25);
    expect(seen).toHaveLength(25);
    const times = seen.map(({ raisedAt }) => raisedAt);
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  it('is open until an alert is both cleared and seen', async () => {
    const { book, db } = await openBook();
    const open = async () => (await book.list({ state: 'open', limit: 10 })).length;
    await save(db, [transition()]);
    await save(db, [transition({ ...cleared, stage: 'caution' })], 2);
    expect(await open()).toBe(1);
    await book.acknowledge(ID, 'kim', null, 5000);
    expect(await open()).toBe(0);
    expect(await book.list({ state: 'all', limit: 10 })).toHaveLength(1);
  });

  it('is of a system, a district or a device', async () => {
    const { book, db } = await openBook();
    await save(db, [
      transition(),
      transition({ device: 'g2', district: 'jongno' }),
      transition({ domain: 'fleet', device: 'bus' }),
    ]);
    const devices = async (query: object) =>
      (await book.list({ state: 'all', limit: 10, ...query })).map(({ device }) => device).sort();
    expect(await devices({ domain: 'flood' })).toEqual(['g2', 'gauge-1']);
    expect(await devices({ district: 'mapo' })).toEqual(['bus', 'gauge-1']);
    expect(await devices({ device: 'g2' })).toEqual(['g2']);
    expect(await devices({ domain: 'fleet', district: 'jongno' })).toEqual([]);
  });
});

describe('the checkpoint', () => {
  it('gives back where the rules stand, the newest of each device', async () => {
    const folder = tempFolder();
    const { db } = await openBook(folder);
    expect(await loadCheckpoint(db)).toEqual({ group: 0, startedAt: 0, devices: new Map() });
    const many = Array.from({ length: 450 }, (_, index): [string, DeviceState] => [`d${index}`, state(index)]);
    await save(db, [transition()], 7, many);
    await save(db, [], 9, [['d3', state(333)]]);
    await db.destroy();

    const again = await openBook(folder);
    const { group, startedAt, devices } = await loadCheckpoint(again.db);
    expect({ group, startedAt, size: devices.size }).toEqual({ group: 9, startedAt: 500, size: 450 });
    expect(devices.get('d3')).toEqual(state(333));
    expect(devices.get('d449')).toEqual(state(449));
    expect((await again.book.get(ID))?.stage).toBe('caution');
  });

  it('writes state, cursor and alerts together or not at all', async () => {
    const { book, db } = await openBook();
    await save(db, [transition()], 1, [['d1', state(1)]]);
    const before = { checkpoint: await loadCheckpoint(db), alert: await book.get(ID) };
    await sql`CREATE TRIGGER full BEFORE INSERT ON alert_log BEGIN SELECT RAISE(ABORT, 'disk full'); END`.execute(db);
    await expect(save(db, [escalated], 2, [['d1', state(2)]])).rejects.toThrow('disk full');
    expect({ checkpoint: await loadCheckpoint(db), alert: await book.get(ID) }).toEqual(before);
    await sql`DROP TRIGGER full`.execute(db);
    expect(await save(db, [escalated], 2, [['d1', state(2)]])).toMatchObject([{ stage: 'serious' }]);
  });
});

describe('the plan of a list', () => {
  it.each<[string, Partial<AlertQuery>]>([
    ['alerts_raised', { state: 'all' }],
    ['alerts_raised', { state: 'all', domain: 'flood', district: 'mapo' }],
    ['alerts_open', { state: 'open' }],
    ['alerts_open', { state: 'open', domain: 'flood' }],
    ['alerts_device', { state: 'all', device: 'gauge-1' }],
    ['alerts_device', { state: 'open', device: 'gauge-1' }],
  ])('walks %s and sorts nothing: %j', async (index, query) => {
    const { db } = await openBook();
    for (const before of [undefined, { raisedAt: 1, id: 'x' }]) {
      const compiled = listing(db, { state: 'all', limit: 50, before, ...query }).compile();
      const explain = CompiledQuery.raw(`EXPLAIN QUERY PLAN ${compiled.sql}`, [...compiled.parameters]);
      const plan = (await db.executeQuery<{ detail: string }>(explain)).rows.map(({ detail }) => detail);
      expect(plan).toEqual([expect.stringContaining(`USING INDEX ${index}`)]);
      if (before) expect(plan[0]).toContain('(raised_at,id)<(?,?)');
    }
  });
});

describe('what is over', () => {
  const DAY = 86_400_000;
  const NOW = 1000 * DAY;

  /** Alert `n` of `count` is raised on day `n` and stands; the ways it goes on are the caller's. */
  async function alertsOfDays(db: StateDb, book: AlertBook, days: number[], { clear = true, see = true } = {}) {
    for (const day of days) {
      const alert = transition({ device: `d${day}`, at: day * DAY, raisedAt: day * DAY });
      const end = { ...alert, transition: 'cleared', at: (day + 1) * DAY } as const;
      await save(db, clear ? [alert, end] : [alert]);
      if (see) await book.acknowledge(alertId(alert), 'kim', null, day * DAY + 5);
    }
  }

  const left = async (book: AlertBook) =>
    (await book.list({ state: 'all', limit: 1000 })).map(({ device }) => device).reverse();

  it('goes with its log after 400 days, and what stands or nobody has seen stays', async () => {
    const { book, db } = await openBook();
    await alertsOfDays(db, book, [1, 2, 598, 599, 600, 900]);
    await alertsOfDays(db, book, [3], { clear: false });
    await alertsOfDays(db, book, [4], { see: false });
    expect(await book.prune(NOW)).toBe(3);
    expect(await left(book)).toEqual(['d3', 'd4', 'd599', 'd600', 'd900']);
    expect(await db.selectFrom('alert_log').select('seq').execute()).toHaveLength(2 + 2 + 3 * 3);
    expect(await book.prune(NOW)).toBe(0);
  });

  it('goes beyond the number that is kept: the oldest first, what nobody has seen last, what stands never', async () => {
    const { book, db } = await openBook(tempFolder(), { ageMaxMs: 400 * DAY, rowsMax: 4 });
    await alertsOfDays(db, book, [900, 901], { clear: false });
    await alertsOfDays(db, book, [902, 903, 904], { see: false });
    await alertsOfDays(db, book, [905, 906, 907]);
    await book.prune(NOW);
    expect(await left(book)).toEqual(['d900', 'd901', 'd903', 'd904']);
    await alertsOfDays(db, book, [908, 909, 910, 911, 912], { clear: false });
    await book.prune(NOW);
    expect(await left(book)).toEqual(['d900', 'd901', 'd908', 'd909', 'd910', 'd911', 'd912']);
  });

  it('goes in small steps, however long its log', async () => {
    const { book, db } = await openBook();
    await alertsOfDays(db, book, [1]);
    const swings = Array.from({ length: 900 }, (_, n) =>
      transition({ ...escalated, device: 'd1', raisedAt: DAY, at: DAY + n }),
    );
    await save(db, [...swings, transition({ ...cleared, device: 'd1', raisedAt: DAY, at: 3 * DAY })]);
    await book.acknowledge(alertId(transition({ device: 'd1', raisedAt: DAY })), 'kim', null, 3 * DAY);
    await sql`CREATE TABLE steps (n)`.execute(db);
    await sql`CREATE TRIGGER counted AFTER DELETE ON alert_log BEGIN INSERT INTO steps VALUES (1); END`.execute(db);
    await sql`CREATE TRIGGER bounded BEFORE DELETE ON alert_log WHEN (SELECT count(*) FROM steps) >= 500
      BEGIN SELECT RAISE(ABORT, 'too much in one transaction'); END`.execute(db);
    await expect(book.prune(NOW)).rejects.toThrow('too much in one transaction');
    // What the steps before that one did is done.
    expect(await db.selectFrom('alert_log').select('seq').execute()).toHaveLength(905 - 400);
    await sql`DROP TRIGGER bounded`.execute(db);
    expect(await book.prune(NOW)).toBe(1);
    expect(await db.selectFrom('alert_log').select('seq').execute()).toEqual([]);
  });

  it('stays where the pruning is broken off', async () => {
    const { book, db } = await openBook();
    await alertsOfDays(db, book, [1]);
    expect(await book.prune(NOW, AbortSignal.abort())).toBe(0);
    expect(await left(book)).toEqual(['d1']);
  });
});

describe('what has nothing behind it', () => {
  it('is cleared, with the reason in its log, no earlier than it last changed', async () => {
    const { book, db } = await openBook();
    const other = transition({ device: 'gauge-2', at: 9000, raisedAt: 9000 });
    await save(db, [transition(), escalated, other, transition({ device: 'gauge-3' })]);
    const standing = ({ device }: { device: string }) =>
      device === 'gauge-3' ? { ...rank1, raisedAt: 1000 } : undefined;
    const orphans = await orphanedAlerts(db, { standing, now: 5000 });
    await save(db, orphans);
    await save(
      db,
      orphans.map((orphan) => ({ ...orphan, at: orphan.at + 1 })),
    );
    expect(await book.get(ID)).toMatchObject({ stage: 'serious', clearedAt: 5000, value: 9 });
    expect((await book.get(ID))?.events.map(({ what }) => what)).toEqual(['raised', 'escalated', 'cleared']);
    expect((await book.get(ID))?.events.at(-1)?.comment).toContain('no longer judged');
    expect(await book.get(alertId(other))).toMatchObject({ stage: 'caution', clearedAt: 9001 });
    expect((await book.list({ state: 'all', device: 'gauge-3', limit: 1 }))[0]?.clearedAt).toBeNull();
    expect(await orphanedAlerts(db, { standing, now: 6000 })).toEqual([]);
  });

  it('is no alert raised at another time than the one that stands', async () => {
    const { db } = await openBook();
    await save(db, [transition()]);
    const standing = () => ({ ...rank1, raisedAt: 999 });
    expect(await orphanedAlerts(db, { standing, now: 0 })).toMatchObject([{ transition: 'cleared', at: 1001 }]);
  });

  it('is kept of no device that is not registered', async () => {
    const { db } = await openBook();
    const many = Array.from({ length: 450 }, (_, index): [string, DeviceState] => [`d${index}`, state(index)]);
    await save(db, [], 1, many);
    const gone = await strayTwins(db, { has: (id) => id === 'd7' });
    expect(gone).toHaveLength(449);
    await saveCheckpoint(db, { group: 1, startedAt: 1, devices: new Map() }, [], gone);
    expect([...(await loadCheckpoint(db)).devices.keys()]).toEqual(['d7']);
  });
});
