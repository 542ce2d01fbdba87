/** The city's language: models, stages, alerts' states, clocks. */
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { alertState } from './alert.ts';
import { SystemClock, VirtualClock } from './clock.ts';
import { choice, defineDomain, fieldsOf, flag, number, text } from './model.ts';
import { STAGES, stageRank, worstStage } from './stage.ts';

const telemetry = {
  level: number({ unit: 'm', min: -5, max: 60, decimals: 2 }),
  energy: number({ unit: 'kWh', min: 0, max: 1e8, counter: true }),
  mode: choice(['on', 'off']),
  open: flag(),
  note: text(),
};
const gauge = { fields: ['level'], symbol: 'dot', intervalS: 60, attributes: z.object({}) } as const;
const plain = { icon: 'bulb', order: 1 };

describe('a model', () => {
  const model = defineDomain({ id: 'probe', ...plain, telemetry, kinds: { gauge } });

  it('tells its fields in their order, with what everything generic needs of them', () => {
    const none = { unit: '', min: null, max: null, decimals: 0, counter: false, choices: null };
    expect(fieldsOf(model)).toEqual([
      { ...none, name: 'level', type: 'number', unit: 'm', min: -5, max: 60, decimals: 2 },
      { ...none, name: 'energy', type: 'number', unit: 'kWh', min: 0, max: 1e8, decimals: 1, counter: true },
      { ...none, name: 'mode', type: 'choice', choices: ['on', 'off'] },
      { ...none, name: 'open', type: 'flag' },
      { ...none, name: 'note', type: 'text' },
    ]);
  });

  it('takes any of its fields and no other', () => {
    expect(model.telemetry.safeParse({ level: 1 }).success).toBe(true);
    expect(model.telemetry.safeParse({}).success).toBe(true);
    for (const bad of [{ level: 61 }, { level: Number.NaN }, { level: Infinity }, { mode: 'half' }, { other: 1 }])
      expect(model.telemetry.safeParse(bad).success).toBe(false);
  });

  it.each([
    ['an id that is no name', { id: 'Not a name', telemetry, kinds: {} }, /domain id Not a name/],
    [
      'a kind with an unknown field',
      { id: 'p', telemetry, kinds: { gauge: { ...gauge, fields: ['nope'] } } },
      /p: kind gauge names an unknown field nope/,
    ],
    ['an unknown level', { id: 'p', telemetry, kinds: { gauge: { ...gauge, level: 'nope' } } }, /nope/],
    ['an unknown activity', { id: 'p', telemetry, kinds: { gauge: { ...gauge, active: { field: 'nope' } } } }, /nope/],
  ])('is refused with %s', (_, definition, message) => {
    expect(() => defineDomain({ ...plain, ...definition } as never)).toThrow(
      expect.objectContaining({ code: 'DOMAIN_INVALID', message: expect.stringMatching(message) }),
    );
  });

  it.each([
    ['without a unit', z.number(), /p: field x has no unit/],
    ['of another kind', z.array(z.string()), /p: field x is neither number, choice, flag nor text/],
  ])('is refused with a field %s', (_, x, message) => {
    expect(() => fieldsOf(defineDomain({ id: 'p', ...plain, telemetry: { x }, kinds: {} }))).toThrow(message);
  });
});

describe('stages', () => {
  it('rise from attention to serious, and none is below', () => {
    expect([null, ...STAGES].map(stageRank)).toEqual([0, 1, 2, 3, 4]);
    expect(worstStage('alert', 'caution')).toBe('alert');
    expect(worstStage(null, 'attention')).toBe('attention');
    expect(worstStage(null, null)).toBeNull();
  });
});

describe('an alert is', () => {
  it.each([
    ['unacknowledged', null, null],
    ['acknowledged', 1, null],
    ['returned', null, 1],
    ['closed', 1, 1],
  ])('%s', (state, acknowledgedAt, clearedAt) => {
    expect(alertState({ acknowledgedAt, clearedAt })).toBe(state);
  });
});

describe('a clock', () => {
  it('of the machine never runs backwards: after a step back it goes on at half pace until it is overtaken', () => {
    const now = vi.spyOn(Date, 'now');
    try {
      const clock = new SystemClock();
      const seen = [1000, 2000, 1500, 1600, 1900, 2600, 2700].map((time) => {
        now.mockReturnValue(time);
        return clock.now();
      });
      expect(seen).toEqual([1000, 2000, 2000, 2050, 2200, 2600, 2700]);
      clock.notBefore(5000);
      expect(clock.now()).toBe(5000);
    } finally {
      now.mockRestore();
    }
  });

  it('that is virtual moves when told, forwards, in whole milliseconds', () => {
    const clock = new VirtualClock(1000);
    const seen = [500, 1500, 1500.9, 1400, 2000].map((time) => {
      clock.advanceTo(time);
      return clock.now();
    });
    expect(seen).toEqual([1000, 1500, 1500, 1500, 2000]);
  });
});
