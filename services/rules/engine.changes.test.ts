/** Rules and devices that have changed since their states were kept. */
import { silentLog } from '@haechi/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CompiledRule } from './compile.ts';
import { type DeviceState, RuleEngine, type RuleTransition } from './engine.ts';
import { probeDevice, recordAt, rulesOf, T0, tell, timeline } from './test-timeline.ts';

const copy = (state: DeviceState) => JSON.parse(JSON.stringify(state)) as DeviceState;

/** An engine with other rules that goes on from `state`. */
function restart(rules: CompiledRule[], state: DeviceState | undefined, device = probeDevice()) {
  const told: RuleTransition[] = [];
  const engine = new RuleEngine({ rules, log: silentLog(), onTransition: (t) => told.push(t) });
  engine.setDevice(device, state && copy(state));
  return { engine, happened: () => told.splice(0).map(tell) };
}

const standing = (engine: RuleEngine, rule: string) => engine.standing({ domain: 'probe', rule, device: 'g-1' })?.stage;

describe('a timer', () => {
  it('rests on no field that the device never sent, though the rule as it was did not ask for it', () => {
    const { say, engine } = timeline(['id: high, stage: caution, when: level > 10.0, for: 15s']);
    say(0, { level: 11 });
    const edited = rulesOf('id: high, stage: caution, when: "level > 10.0 && power > 0.0", for: 15s');
    const { engine: next, happened } = restart(edited, engine.state('g-1'));
    next.advance(T0 + 100_000);
    next.process(recordAt(101, { power: 1 }));
    next.advance(T0 + 115_000);
    expect(happened()).toEqual([]);
    next.advance(T0 + 116_000);
    expect(happened()).toEqual(['raised caution at 116']);
  });

  it('waits for the rung that is left first, in whatever order the limits stand', () => {
    const device = probeDevice('g-1', { attributes: { low: 5, high: 2 } });
    const limits = 'limits: { attention: device.low, alert: device.high }';
    const rule = `id: odd, field: level, ladder: { deadband: 0, ${limits} }, clearFor: 10s`;
    const { say, tick, happened } = timeline([rule], [device]);
    say(0, { level: 6 });
    say(10, { level: 3 });
    tick(25);
    expect(happened()).toEqual(['raised alert at 0, 6']);
    say(30, { level: 1 });
    tick(40);
    expect(happened()).toEqual(['cleared alert at 40, 1']);
  });

  it('that changes nothing is not looked at for ever', () => {
    const [rule] = rulesOf('id: silent, stage: alert, absent: { intervals: 2 }');
    const never = {
      ...rule,
      rungs: [{ ...rule?.rungs[0], holds: () => false, released: () => false }],
    } as CompiledRule;
    const { engine, happened } = restart([never], undefined);
    for (const at of [0, 100, 200]) {
      engine.process(recordAt(at, { level: 1 }));
      engine.advance(T0 + (at + 90) * 1000);
    }
    expect(happened()).toEqual([]);
  });

  it('ends, whatever was kept and whatever is asked now', () => {
    const forms = fc.constantFrom(
      'stage: caution, when: level > 5.0, for: 15s',
      'stage: caution, when: level > 5.0 && power > 1.0, for: 5s, clearFor: 5s',
      'field: level, ladder: { deadband: 1, limits: { caution: 8, alert: 3, serious: 5 } }, for: 7s, clearFor: 9s',
      'field: power, ladder: { direction: falling, deadband: 0, limits: { caution: device.none, alert: 3 } }, for: 7s',
      'stage: caution, absent: { intervals: 1.7 }, for: 3s',
      'stage: serious, absent: { intervals: 2 }',
    );
    const words = fc.array(fc.tuple(fc.nat(40), fc.constantFrom('level', 'power'), fc.nat(10)), { maxLength: 20 });
    const spells = fc.array(fc.tuple(forms, fc.double({ min: 0.01, max: 30, noNaN: true }), words), { maxLength: 4 });
    fc.assert(
      fc.property(spells, (all) => {
        let state: DeviceState | undefined;
        let at = 0;
        for (const [form, intervalS, said] of all) {
          const { engine } = restart(rulesOf(`id: one, ${form}`), state, probeDevice('g-1', { intervalS }));
          for (const [waitS, field, value] of said) {
            at += waitS;
            engine.process(recordAt(at, { [field]: value }));
          }
          at += 1000;
          engine.advance(T0 + at * 1000);
          state = engine.state('g-1');
        }
      }),
    );
  });
});

describe('an edited rule', () => {
  const LADDER = 'id: river, field: level, ladder: { deadband: 1, limits: { attention: 2, alert: 5 } }, clearFor: 10s';

  it('leaves its alert on the stage where it stands, wherever among the rungs that is now', () => {
    const { say, engine } = timeline([LADDER]);
    say(0, { level: 6 });
    const edited = rulesOf(LADDER.replace('alert: 5', 'caution: 4, alert: 5, serious: 8'));
    const { engine: next, happened } = restart(edited, engine.state('g-1'));
    expect(standing(next, 'river')).toBe('alert');
    next.process(recordAt(10, { level: 9 }));
    next.process(recordAt(20, { level: 2.5 }));
    next.process(recordAt(30, { level: 2.5 }));
    expect(happened()).toEqual(['escalated serious at 10, 9', 'de-escalated attention at 30, 2.5']);
  });

  it.each([
    ['without that stage', LADDER.replace(', alert: 5', '')],
    ['under another name', LADDER.replace('id: river', 'id: stream')],
    ['on a field that the device never sent', LADDER.replace('field: level', 'field: power')],
  ])('%s has nothing that stands, and begins anew', (_, text) => {
    const { say, engine } = timeline([LADDER]);
    say(0, { level: 6 });
    const { engine: next } = restart(rulesOf(text), engine.state('g-1'));
    for (const rule of ['river', 'stream']) expect(standing(next, rule)).toBeUndefined();
    // Else the old state would be back with the old rule, when its alert has long been cleared.
    expect([...next.takeChanged()]).toEqual(['g-1']);
    expect(next.state('g-1')?.rules['river']?.rank ?? 0).toBe(0);
  });

  it('that comes back raises nothing at the time of its old alerts', () => {
    const { say, engine } = timeline([LADDER]);
    say(0, { level: 6 });
    const { engine: without } = restart(rulesOf('id: other, stage: alert, when: level < 0.0'), engine.state('g-1'));
    const { engine: back, happened } = restart(rulesOf(LADDER), without.state('g-1'));
    back.process(recordAt(0, { level: 7 }));
    expect(happened()).toEqual(['raised alert at 0.001, 7']);
  });

  it('takes over what version 0.1.0 kept, which knew no stages', () => {
    const { say, engine } = timeline([LADDER]);
    say(0, { level: 6 });
    const { twin, rules } = copy(engine.state('g-1') as DeviceState);
    const { stage: _, ...river } = rules['river'] ?? { stage: null };
    const old = { twin, rules: { river } } as unknown as DeviceState;
    expect(standing(restart(rulesOf(LADDER), old).engine, 'river')).toBe('alert');
    const longer = rulesOf(LADDER.replace('alert: 5', 'alert: 5, serious: 8'));
    expect(standing(restart(longer, old).engine, 'river')).toBeUndefined();
  });
});

describe('a device that is registered anew', () => {
  const HIGH = 'id: high, stage: caution, field: level, when: level > 10.0';

  it('as another kind, or in another system, ends its alerts, for nothing will judge them', () => {
    for (const other of [{ kind: 'pump' }, { domain: 'elsewhere' }]) {
      const { engine, say, tick, transitions } = timeline([HIGH]);
      say(0, { level: 11 });
      tick(7);
      engine.setDevice(probeDevice('g-1', { district: 'jongno', ...other }));
      expect(transitions()).toMatchObject([
        { transition: 'raised', at: T0 },
        {
          ...{ transition: 'cleared', rule: 'high', domain: 'probe', district: 'mapo', stage: 'caution' },
          ...{ at: T0 + 7000, raisedAt: T0, value: null, limit: null },
          comment: expect.stringContaining('no longer judged'),
        },
      ]);
      engine.setDevice(probeDevice());
      expect(transitions()).toEqual([]);
      say(0, { level: 12 }, { delayS: 8 });
      expect(transitions()).toMatchObject([{ transition: 'raised', raisedAt: T0 + 1 }]);
    }
  });

  it('and where its rules have not changed keeps them', () => {
    const { engine, say, happened } = timeline([HIGH]);
    say(0, { level: 11 });
    engine.setDevice(probeDevice('g-1', { name: 'renamed' }));
    say(10, { level: 1 });
    expect(happened()).toEqual(['raised caution at 0, 11', 'cleared caution at 10, 1']);
  });

  it('in another system is known there by nothing that it said before, nor by what was still under way', () => {
    const { engine, say } = timeline([HIGH]);
    say(0, { level: 11 });
    engine.setDevice(probeDevice('g-1', { domain: 'elsewhere' }));
    say(10, { level: 12 });
    expect(engine.twin('g-1')).toMatchObject({ ts: 0, heardAt: T0, values: {} });
    const { engine: next } = restart(rulesOf(HIGH), engine.state('g-1'));
    expect(next.twin('g-1')?.values).toEqual({});
  });
});
