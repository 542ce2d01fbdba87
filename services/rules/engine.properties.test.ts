/** What holds for every course of events. */
import { silentLog } from '@haechi/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DeviceState, type EngineRecord, RuleEngine, type RuleTransition } from './engine.ts';
import { probeDevice, recordAt, rulesOf, startAt, T0 } from './test-timeline.ts';

const rules = rulesOf(
  'id: high, stage: caution, field: level, when: level > 10.0, clear: level < 8.0, for: 15s, clearFor: 12s',
  'id: both, stage: alert, when: level > 5.0 && power < 500.0, for: 25s',
  'id: river, field: level, ladder: { deadband: 1, limits: { attention: 4, alert: 8, serious: 12 } }, for: 5s, clearFor: 11s',
  'id: now, field: power, ladder: { direction: falling, deadband: 50, limits: { caution: 200 } }',
  'id: silent, stage: attention, absent: { intervals: 3 }',
  'id: long-silent, stage: alert, absent: { intervals: 2 }, for: 30s',
);
const devices = [probeDevice('g-1'), probeDevice('g-2', { intervalS: 25 })];

interface Happening {
  waitS: number;
  delayS: number;
  device: string;
  values: { level?: number; power?: number };
  start: boolean;
}

/** Readings of two devices in the order they arrive: some late, some from the future, some again, some after a long silence, some after a restart. */
const course: fc.Arbitrary<EngineRecord[]> = fc
  .array(
    fc.record<Happening>({
      waitS: fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: 0, max: 12 }) },
        { weight: 1, arbitrary: fc.integer({ min: 20, max: 2000 }) },
      ),
      delayS: fc.oneof(
        { weight: 8, arbitrary: fc.constant(0) },
        { weight: 2, arbitrary: fc.integer({ min: 1, max: 40 }) },
        { weight: 1, arbitrary: fc.integer({ min: 500, max: 800 }) },
        // A clock that runs ahead.
        { weight: 2, arbitrary: fc.integer({ min: -300, max: -1 }) },
      ),
      device: fc.constantFrom('g-1', 'g-2'),
      values: fc.record(
        { level: fc.integer({ min: 0, max: 15 }), power: fc.integer({ min: 0, max: 1000 }) },
        { requiredKeys: [] },
      ),
      start: fc.nat(30).map((n) => n === 0),
    }),
    { minLength: 5, maxLength: 80 },
  )
  .map((happenings) => {
    let at = 1000;
    return happenings.map(({ waitS, delayS, device, values, start }) => {
      at += waitS;
      return start ? startAt(at) : recordAt(at - delayS, values, { device, delayS });
    });
  });

function newEngine(told: RuleTransition[]): RuleEngine {
  return new RuleEngine({ rules, log: silentLog(), onTransition: (transition) => told.push(transition) });
}

function begin(told: RuleTransition[]): RuleEngine {
  const engine = newEngine(told);
  for (const device of devices) engine.setDevice(device);
  return engine;
}

const END = T0 + 1_000_000_000;

function straight(records: EngineRecord[]): RuleTransition[] {
  const told: RuleTransition[] = [];
  const engine = begin(told);
  for (const record of records) engine.process(record);
  engine.advance(END);
  return told;
}

describe('the same records', () => {
  it('give the same transitions however often the clock is looked at between them', () => {
    fc.assert(
      fc.property(course, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (records, looks) => {
        const told: RuleTransition[] = [];
        const engine = begin(told);
        let last = T0;
        for (const record of records) {
          // A start is written before the clock is looked at for the first time after it.
          if (record.kind !== 'start')
            engine.advance(Math.floor(last + (looks.next().value ?? 0) * (record.receivedAt - last)));
          engine.process(record);
          last = record.receivedAt;
        }
        engine.advance(END);
        expect(told).toEqual(straight(records));
      }),
      { numRuns: 300 },
    );
  });

  it('give the same transitions though the platform dies and goes on from its checkpoint, at any point', () => {
    fc.assert(
      fc.property(course, fc.array(fc.nat(80), { maxLength: 6 }), (records, deaths) => {
        const told: RuleTransition[] = [];
        let engine = begin(told);
        const saved = new Map<string, string>();
        records.forEach((record, index) => {
          engine.process(record);
          for (const id of engine.takeChanged()) saved.set(id, JSON.stringify(engine.state(id)));
          if (!deaths.includes(index)) return;
          const { startedAt } = engine;
          engine = newEngine(told);
          engine.restoreStart(startedAt);
          for (const device of devices) {
            const state = saved.get(device.id);
            engine.setDevice(device, state === undefined ? undefined : (JSON.parse(state) as DeviceState));
          }
        });
        engine.advance(END);
        expect(told).toEqual(straight(records));
      }),
      { numRuns: 300 },
    );
  });
});

it('an alert is raised, goes up and down, and is cleared, in this order, never twice', () => {
  fc.assert(
    fc.property(course, (records) => {
      const standing = new Map<string, RuleTransition>();
      for (const transition of straight(records)) {
        const key = `${transition.rule}/${transition.device}`;
        const before = standing.get(key);
        if (transition.transition === 'raised') expect(before).toBeUndefined();
        else {
          expect(before?.raisedAt).toBe(transition.raisedAt);
          expect(transition.at).toBeGreaterThan(before?.at ?? Number.NaN);
        }
        if (transition.transition === 'cleared') standing.delete(key);
        else standing.set(key, transition);
      }
    }),
  );
});

it('a value that swings inside the band gives one alert', () => {
  const one = rulesOf('id: river, field: level, ladder: { deadband: 1, limits: { caution: 10 } }');
  fc.assert(
    fc.property(fc.array(fc.double({ min: 9, max: 12, noNaN: true }), { minLength: 1, maxLength: 50 }), (levels) => {
      const told: string[] = [];
      const engine = new RuleEngine({ rules: one, log: silentLog(), onTransition: (t) => told.push(t.transition) });
      engine.setDevice(probeDevice());
      [10, ...levels].forEach((level, index) => {
        engine.process(recordAt(index * 10, { level }));
      });
      expect(told).toEqual(['raised']);
    }),
  );
});

it('a value that never reaches the limit for as long as it must gives none', () => {
  const one = rulesOf('id: high, stage: caution, when: level >= 10.0, for: 25s');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 5 })), { maxLength: 30 }),
      (spells) => {
        const told: string[] = [];
        const engine = new RuleEngine({ rules: one, log: silentLog(), onTransition: (t) => told.push(t.transition) });
        engine.setDevice(probeDevice());
        let at = 0;
        for (const [high, low] of spells) {
          for (let i = 0; i < high + low; i++, at += 10) engine.process(recordAt(at, { level: i < high ? 11 : 9 }));
        }
        engine.advance(END);
        expect(told).toEqual([]);
      },
    ),
  );
});
