/** From a rule file to rules that run: what is taken, and what an author is told. */
import { describe, expect, it } from 'vitest';
import { compileRules } from './compile.ts';
import { limitsOf } from './limits.ts';
import { duration, parseRules } from './schema.ts';
import { probe, probeDevice, rulesOf, timeline } from './test-timeline.ts';

const parse = (text: string) => parseRules(text, 'domains/probe/rules.yaml');
const RULE = '{ id: high, kinds: [gauge], stage: alert, when: level > 1.0, source: a test }';

describe('a duration', () => {
  it.each([
    ['90s', 90_000],
    ['15min', 900_000],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    ['250ms', 250],
    ['0s', 0],
  ])('%s', (text, ms) => {
    expect(duration.parse(text)).toBe(ms);
  });

  it.each(['90', '15 min', '-5s', 's', '1.s', '32d', '5m', ''])('is not %s', (text) => {
    expect(duration.safeParse(text).success).toBe(false);
  });
});

describe('a rule file that is wrong names file, line and reason', () => {
  it.each([
    ['not YAML', 'rules: [\n  }', /^domains\/probe\/rules\.yaml:2: /],
    ['no list', 'level > 3', /:1: the file holds one list, under rules:/],
    ['another key', `rules: []\nrule: []`, /:1: the file holds one list/],
    [
      'no source',
      `rules:\n  - ${RULE}\n  - { id: b, kinds: [gauge], stage: alert, when: open }`,
      /:3: rule 2, source: /,
    ],
    [
      'no such stage',
      `rules:\n\n  - { id: a, kinds: [gauge], stage: bad, when: open, source: a test }`,
      /:3: rule 1, stage: /,
    ],
    [
      'a bad duration',
      `rules:\n  - { id: a, kinds: [gauge], stage: alert, when: open, for: 5m, source: a test }`,
      /:2: rule 1, for: a duration/,
    ],
    [
      'an unknown key',
      `rules:\n  - { id: a, kinds: [gauge], stage: alert, when: open, unless: x, source: a test }`,
      /:2: rule 1, form: .*unless/,
    ],
    [
      'no name',
      `rules:\n  - { id: "A b", kinds: [gauge], stage: alert, when: open, source: a test }`,
      /:2: rule 1, id: /,
    ],
    ['a rule that is none', 'rules:\n  - high', /:2: rule 1, form: /],
    ['two of one name', `rules:\n  - ${RULE}\n  - ${RULE}`, /:3: a second rule high$/],
    [
      'a deadband below zero',
      'rules:\n  - { id: a, kinds: [gauge], field: level, ladder: { deadband: -1, limits: { alert: 3 } }, source: a test }',
      /:2: rule 1, ladder\.deadband: /,
    ],
  ])('%s', (_, text, message) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: 'RULE_INVALID', message: expect.stringMatching(message) }),
    );
  });
});

describe('a rule that cannot run names itself, its part and the reason', () => {
  it.each([
    ['id: a, stage: alert, when: level >', /rule a, when: /],
    ['id: a, stage: alert, when: levle > 3.0', /rule a, when: .*levle/],
    ['id: a, stage: alert, when: mode > 3.0', /rule a, when: /],
    ['id: a, stage: alert, when: level + 1.0', /rule a, when: gives double, bool is needed/],
    ['id: a, stage: alert, when: open, clear: level', /rule a, clear: gives double/],
    ['id: a, stage: alert, when: open, limit: mode', /rule a, limit: gives string, double is needed/],
    ['id: a, stage: alert, field: nope, when: open', /rule a, field: probe has no field nope/],
    ['id: a, field: mode, ladder: { deadband: 0, limits: { alert: 3 } }', /rule a, field: a ladder stands on a number/],
    ['id: a, field: level, ladder: { deadband: 0, limits: {} }', /rule a, ladder\.limits: no stage has a limit/],
    [
      'id: a, field: level, ladder: { deadband: 0, limits: { alert: open } }',
      /rule a, ladder\.limits\.alert: gives bool/,
    ],
  ])('%s', (rule, message) => {
    expect(() => rulesOf(rule)).toThrow(
      expect.objectContaining({ code: 'RULE_INVALID', message: expect.stringMatching(message) }),
    );
    expect(() => rulesOf(rule)).toThrow('domains/probe/rules.yaml');
  });

  it('a kind that the system does not have', () => {
    const text = 'rules: [{ id: a, kinds: [gauge, tram], stage: alert, when: open, source: a test }]';
    expect(() => compileRules(probe, parse(text))).toThrow('rule a, kinds: probe has no kind tram');
  });
});

describe('an expression', () => {
  it.each([
    ['level > 2', 3],
    ['level * 2 > 5', 3],
    ['2 * level > 5', 3],
    ['level - 1 > 1', 3],
    ['level / 2 > 1', 3],
    ['level >= device.limit', 3],
    ['level > device.limit * 0.9', 3],
    ['level > 1.0 ? true : false', 3],
    ['device.kind == "gauge" && device.id == "g-1" && level > 2.0', 3],
    ['level in [3.0, 4.0]', 3],
  ])('may be written %s', (when, level) => {
    const { say, transitions } = timeline(
      [`id: a, stage: alert, when: '${when}'`],
      [probeDevice('g-1', { attributes: { limit: 3 } })],
    );
    say(0, { level: 0 });
    expect(transitions()).toEqual([]);
    say(10, { level });
    expect(transitions()).toHaveLength(1);
  });

  it('tells which fields it rests on, wherever they stand in it', () => {
    const [rule] = rulesOf(
      'id: a, stage: alert, when: "open ? [level].exists(x, x > 3.0) : power > 1.0", clear: mode == "off"',
    );
    expect([...(rule?.inputs ?? [])].sort()).toEqual(['level', 'mode', 'open', 'power']);
  });

  it('does not take an attribute of the device for a field', () => {
    const [rule] = rulesOf('id: a, stage: alert, when: device.power > 3.0');
    expect(rule?.inputs).toEqual([]);
  });
});

describe('fixed limits of a device', () => {
  const rules = rulesOf(
    'id: river, field: level, ladder: { deadband: 0, limits: { alert: device.alertM, attention: 2 } }',
    'id: low, field: power, ladder: { direction: falling, deadband: 0, limits: { caution: 100 } }',
    'id: part, field: power, stage: alert, when: power < 5.0, limit: 0.5 * device.ratedW',
    'id: moving, field: power, stage: alert, when: power > level, limit: level * 2.0',
    'id: silent, stage: alert, absent: { intervals: 3 }',
  );

  it('are those that no reading moves, the lowest stage first', () => {
    const device = probeDevice('g-1', { attributes: { alertM: 5, ratedW: 60 } });
    expect(limitsOf(rules, device)).toEqual([
      { field: 'level', rule: 'river', stage: 'attention', value: 2, direction: 'rising' },
      { field: 'level', rule: 'river', stage: 'alert', value: 5, direction: 'rising' },
      { field: 'power', rule: 'low', stage: 'caution', value: 100, direction: 'falling' },
      { field: 'power', rule: 'part', stage: 'alert', value: 30, direction: 'none' },
    ]);
  });

  it('are none where an attribute is missing or the kind is another', () => {
    expect(limitsOf(rules, probeDevice()).map(({ rule, stage }) => `${rule} ${stage}`)).toEqual([
      'river attention',
      'low caution',
    ]);
    expect(limitsOf(rules, probeDevice('x', { kind: 'other' }))).toEqual([]);
  });
});
