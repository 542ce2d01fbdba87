import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AlertResource } from '../contract.ts';
import { STAGES } from '../core.ts';
import { matches, readFilters, writeFilters } from './filters.ts';
import { fillMessage } from './message.ts';
import { compareAlerts, holdOrder } from './ordering.ts';

const make = (over: Partial<AlertResource>): AlertResource => ({
  id: 'a',
  rule: 'r',
  domain: 'd',
  device: 'x',
  district: 'q',
  stage: 'caution',
  peakStage: 'caution',
  field: null,
  value: null,
  limit: null,
  raisedAt: 0,
  changedAt: 0,
  acknowledgedAt: null,
  acknowledgedBy: null,
  clearedAt: null,
  changeSeq: 1,
  ...over,
});

const anyAlert = fc
  .record({
    id: fc.string({ minLength: 1, maxLength: 3 }),
    stage: fc.constantFrom(...STAGES),
    raisedAt: fc.integer({ min: 0, max: 5 }),
    acknowledgedAt: fc.constantFrom(null, 1),
    clearedAt: fc.constantFrom(null, 1),
  })
  .map(make);

describe('the order of alerts', () => {
  it('puts an unacknowledged attention before an acknowledged serious', () => {
    const sorted = [make({ id: 's', stage: 'serious', acknowledgedAt: 1 }), make({ id: 'a', stage: 'attention' })];
    expect(sorted.sort(compareAlerts).map((alert) => alert.id)).toEqual(['a', 's']);
  });

  it('puts the worst first, and of one stage the newest', () => {
    const sorted = [
      make({ id: 'old', stage: 'alert', raisedAt: 1 }),
      make({ id: 'new', stage: 'alert', raisedAt: 2 }),
      make({ id: 'worst', stage: 'serious', raisedAt: 0 }),
      make({ id: 'gone', stage: 'serious', raisedAt: 3, clearedAt: 4 }),
    ];
    expect(sorted.sort(compareAlerts).map((alert) => alert.id)).toEqual(['worst', 'new', 'old', 'gone']);
  });

  it('is the same whatever order the alerts came in', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyAlert, { selector: (alert) => alert.id }), (alerts) => {
        const once = [...alerts].sort(compareAlerts).map((alert) => alert.id);
        const again = [...alerts]
          .reverse()
          .sort(compareAlerts)
          .map((alert) => alert.id);
        expect(again).toEqual(once);
      }),
    );
  });
});

describe('holding the order', () => {
  it('moves no row under the pointer and keeps the new ones waiting', () => {
    expect(holdOrder(['b', 'c'], ['a', 'c', 'b', 'd'])).toEqual({ ids: ['b', 'c'], waiting: ['a', 'd'] });
  });
  it('keeps a row that has left the list until the pointer leaves', () => {
    expect(holdOrder(['b', 'c'], ['c']).ids).toEqual(['b', 'c']);
  });
  it('shows the true order when nothing is held', () => {
    expect(holdOrder(null, ['c', 'a'])).toEqual({ ids: ['c', 'a'], waiting: [] });
  });
});

describe('filters', () => {
  it('come back from the address as they went in', () => {
    const anyFilters = fc.record({
      stages: fc.subarray([...STAGES]),
      domain: fc.option(fc.constantFrom('flood', 'fleet')),
      district: fc.option(fc.constantFrom('north', 'south')),
      device: fc.option(fc.constantFrom('SL-1')),
      state: fc.constantFrom('open' as const, 'all' as const),
    });
    fc.assert(
      fc.property(anyFilters, (filters) => {
        expect(readFilters(writeFilters(filters))).toEqual(filters);
      }),
    );
  });
  it('hide what nobody needs any more unless all is asked for', () => {
    const closed = make({ acknowledgedAt: 1, clearedAt: 2 });
    expect(matches(closed, readFilters(new URLSearchParams()))).toBe(false);
    expect(matches(closed, readFilters(new URLSearchParams('state=all')))).toBe(true);
  });
  it('narrow by stage, system, district and device together', () => {
    const alert = make({ stage: 'serious', domain: 'flood', district: 'north', device: 'g1' });
    expect(matches(alert, readFilters(new URLSearchParams('stage=alert,serious&domain=flood&device=g1')))).toBe(true);
    expect(matches(alert, readFilters(new URLSearchParams('stage=alert')))).toBe(false);
    expect(matches(alert, readFilters(new URLSearchParams('district=south')))).toBe(false);
  });
});

describe('messages', () => {
  const parts = { device: 'Lamp 7', value: '0.2 W', limit: '5 W' };
  it('fills every place, as often as it stands', () => {
    expect(fillMessage('{device}: {value} of {limit} ({device})', parts)).toBe('Lamp 7: 0.2 W of 5 W (Lamp 7)');
  });
  it('leaves what it does not know and does not fill twice', () => {
    expect(fillMessage('{other} {value}', { ...parts, value: '{limit}' })).toBe('{other} {limit}');
  });
});
