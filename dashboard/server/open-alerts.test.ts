import type { Alert, Stage } from '@haechi/core';
import { describe, expect, it } from 'vitest';
import { OpenAlerts, SHOWN_MAX } from './open-alerts.ts';

function alert(index: number, more: Partial<Alert> = {}): Alert {
  const what = { rule: 'r', domain: 'flood', device: 'd', district: 'mapo', field: null, value: null, limit: null };
  const times = { raisedAt: index, changedAt: index, acknowledgedAt: null, acknowledgedBy: null, clearedAt: null };
  return { id: `a-${index}`, ...what, stage: 'alert', peakStage: 'alert', ...times, changeSeq: index, ...more };
}

const many = (count: number, more: Partial<Alert> = {}, from = 1) =>
  Array.from({ length: count }, (_, index) => alert(from + index, more));
const ids = (alerts: readonly Alert[]) => alerts.map(({ id }) => id);

describe('open alerts', () => {
  it('are shown up to a bound, the worst and newest, and all are counted', () => {
    const open = new OpenAlerts();
    for (const one of many(10, { stage: 'serious' })) open.set(one);
    for (const one of many(60_000, {}, 11)) open.set(one);
    for (const one of many(10, { stage: 'attention' }, 60_011)) open.set(one);
    const shown = open.list();
    expect(shown).toHaveLength(SHOWN_MAX);
    expect(open.count).toBe(60_020);
    expect(new Set(ids(shown))).toEqual(
      new Set(ids([...many(10), ...many(SHOWN_MAX - 10, {}, 60_011 - SHOWN_MAX + 10)])),
    );
  });

  it('that stand come before those that have gone by themselves', () => {
    const open = new OpenAlerts();
    for (const one of many(2 * SHOWN_MAX, { stage: 'serious', clearedAt: 1 }, 2)) open.set(one);
    open.set(alert(1, { stage: 'attention' }));
    expect(ids(open.list())).toContain('a-1');
  });

  it('that are not shown are known again: an older word is dropped, a later one counts them once', () => {
    const open = new OpenAlerts();
    for (const one of many(SHOWN_MAX + 1)) open.set(one);
    expect(ids(open.list())).not.toContain('a-1');
    expect(open.set(alert(1))).toBe(false);
    expect(open.set(alert(1, { changeSeq: 99_999, stage: 'serious' as Stage }))).toBe(true);
    expect(ids(open.list())).toContain('a-1');
    expect(open.count).toBe(SHOWN_MAX + 1);
    open.set(alert(2, { changeSeq: 100_000, clearedAt: 1, acknowledgedAt: 1 }));
    expect(open.count).toBe(SHOWN_MAX);
  });

  it('come up from the book once there is room, and none that is newer here or gone', () => {
    const open = new OpenAlerts();
    const book = many(SHOWN_MAX + 100);
    for (const one of book) open.set(one);
    open.list();
    expect(open.wanting).toBe(false);
    expect(open.fill(book)).toEqual([]);
    const closed = { clearedAt: 1, acknowledgedAt: 1 };
    for (const { id, changeSeq } of open.list().slice(0, 2600))
      open.set(alert(0, { id, changeSeq: changeSeq + 100_000, ...closed }));
    expect(open.wanting).toBe(true);
    expect(open.fill([alert(3, { changeSeq: 2 }), ...book.slice(-2)])).toEqual([]);
    expect(ids(open.fill(book)).sort()).toEqual(ids(many(100)).sort());
    expect(open.count).toBe(SHOWN_MAX - 2500);
    expect(open.wanting).toBe(false);
  });

  it('are counted up to a bound', () => {
    const open = new OpenAlerts();
    for (const one of many(120_000)) open.set(one);
    open.list();
    expect(open.count).toBe(100_000 + SHOWN_MAX);
  });
});
