import { choice, defineDomain, flag, number, text, type Value } from '@haechi/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeNativeJson, READINGS_PER_PAYLOAD_MAX } from './native-json.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const model = defineDomain({
  id: 'probe',
  icon: 'bulb',
  order: 1,
  telemetry: {
    level: number({ unit: 'm', min: -5, max: 60 }),
    mode: choice(['on', 'off']),
    open: flag(),
    note: text(10),
  },
  kinds: {},
});
const limits = { futureMaxMs: 300_000, pastMaxMs: 3660 * 86_400_000 };

const decodeBytes = (bytes: Uint8Array) => decodeNativeJson(bytes, model, NOW, limits);
const decode = (payload: unknown) => decodeBytes(Buffer.from(JSON.stringify(payload)));
const decodeText = (json: string) => decodeBytes(Buffer.from(json));
const reasons = (result: ReturnType<typeof decode>) => result.refusals.map(({ reason }) => reason);

describe('the forms', () => {
  it('takes an object with time, number and values', () => {
    expect(decode({ ts: NOW - 1000, seq: 17, values: { level: 2.5, mode: 'on' } })).toEqual({
      readings: [{ ts: NOW - 1000, seq: 17, values: { level: 2.5, mode: 'on' } }],
      refusals: [],
    });
  });

  it('takes an array, in its order', () => {
    const { readings } = decode([{ ts: NOW - 2, values: { level: 1 } }, { level: 2 }, { ts: NOW - 1, open: true }]);
    expect(readings.map(({ ts, values }) => [ts - NOW, values])).toEqual([
      [-2, { level: 1 }],
      [0, { level: 2 }],
      [-1, { open: true }],
    ]);
  });

  it('takes bare values, measured when they came', () => {
    expect(decode({ level: -5, note: 'ok' }).readings).toEqual([
      { ts: NOW, seq: undefined, values: { level: -5, note: 'ok' } },
    ]);
  });

  it.each([
    ['epoch milliseconds', NOW - 60_000],
    ['a fraction of a millisecond', NOW - 60_000.3],
    ['UTC', '2026-11-24T11:59:00Z'],
    ['small letters and a space', '2026-11-24 11:59:00z'],
    ['an offset', '2026-11-24T20:59:00.000+09:00'],
    ['a negative offset', '2026-11-24T06:29:00-05:30'],
  ])('takes a time as %s', (_, ts) => {
    expect(decode({ ts, level: 1 }).readings[0]?.ts).toBe(NOW - 60_000);
  });

  it('takes null for no time', () => {
    expect(decode({ ts: null, level: 1 }).readings[0]?.ts).toBe(NOW);
  });
});

describe('what is set aside', () => {
  it('keeps the good values beside bad ones, each bad one with its reason', () => {
    const result = decodeText(
      '{"values": {"level": 1.5, "mode": "half", "open": 1, "nope": 3, "note": "far too long"}}',
    );
    expect(result.readings[0]?.values).toEqual({ level: 1.5 });
    expect(Object.fromEntries(result.refusals.map(({ reason, detail }) => [detail.split(' ')[0], reason]))).toEqual({
      mode: 'value-invalid',
      open: 'value-invalid',
      note: 'out-of-range',
      nope: 'field-unknown',
    });
  });

  it.each([
    ['above', '{"level": 60.1}', 'out-of-range'],
    ['below', '{"level": -5.1}', 'out-of-range'],
    ['beyond a double', '{"level": 1e999}', 'value-invalid'],
    ['NaN in words', '{"level": "NaN"}', 'value-invalid'],
    ['a number in words', '{"level": "2.5"}', 'value-invalid'],
    ['null', '{"level": null}', 'value-invalid'],
    ['an object', '{"level": {}}', 'value-invalid'],
    ['no field at all', '{}', 'empty'],
    ['empty values', '{"values": {}}', 'empty'],
    ['an empty array', '[]', 'empty'],
    ['values that are none', '{"values": [1]}', 'not-an-object'],
    ['a number', '7', 'not-an-object'],
    ['null', 'null', 'not-an-object'],
    ['a bare NaN', '{"level": NaN}', 'json-malformed'],
    ['Infinity', '{"level": Infinity}', 'json-malformed'],
    ['nothing', '', 'json-malformed'],
    ['half a payload', '{"level": 1', 'json-malformed'],
    ['a prototype', '{"__proto__": {"level": 3}}', 'field-unknown'],
    ['a time without an offset', '{"ts": "2026-11-24T12:00:00", "level": 1}', 'ts-invalid'],
    ['a day alone', '{"ts": "2026-11-24", "level": 1}', 'ts-invalid'],
    ['a 31st of November', '{"ts": "2026-11-31T00:00:00Z", "level": 1}', 'ts-invalid'],
    ['a 29th of February in 2025', '{"ts": "2025-02-29T00:00:00Z", "level": 1}', 'ts-invalid'],
    ['a time that is a flag', '{"ts": true, "level": 1}', 'ts-invalid'],
    ['another century', '{"ts": "1926-11-24T12:00:00Z", "level": 1}', 'ts-out-of-range'],
    ['the far future', '{"ts": 9e15, "level": 1}', 'ts-out-of-range'],
  ])('%s', (_, json, reason) => {
    const result = decodeText(json);
    expect(result.readings).toEqual([]);
    expect(reasons(result)).toEqual([reason]);
  });

  it('takes the 29th of February where there is one', () => {
    const ts = Date.parse('2024-02-29T23:30:00+09:00');
    expect(decode({ ts: '2024-02-29T23:30:00+09:00', level: 1 }).readings[0]?.ts).toBe(ts);
  });

  it('says so where seconds were sent for milliseconds', () => {
    const { refusals } = decode({ ts: NOW / 1000, level: 1 });
    expect(refusals).toMatchObject([{ reason: 'ts-out-of-range', detail: expect.stringContaining('seconds') }]);
  });

  it('takes a clock that is a little ahead, and no more', () => {
    expect(decode({ ts: NOW + limits.futureMaxMs, level: 1 }).readings).toHaveLength(1);
    expect(reasons(decode({ ts: NOW + limits.futureMaxMs + 1, level: 1 }))).toEqual(['ts-out-of-range']);
  });

  it('names the entry of an array, and keeps its neighbours', () => {
    const { readings, refusals } = decode([{ level: 1 }, { level: 'x' }, { level: 3 }]);
    expect(readings.map(({ values }) => values['level'])).toEqual([1, 3]);
    expect(refusals[0]?.detail).toMatch(/^\[1\]: level/);
  });

  it('keeps a reading whose number is none', () => {
    const result = decode({ seq: -1, level: 1 });
    expect(result.readings).toEqual([{ ts: NOW, seq: undefined, values: { level: 1 } }]);
    expect(reasons(result)).toEqual(['seq-invalid']);
  });

  it('takes so many readings and no more', () => {
    expect(decode(Array(READINGS_PER_PAYLOAD_MAX).fill({ level: 1 })).readings).toHaveLength(READINGS_PER_PAYLOAD_MAX);
    expect(reasons(decode(Array(READINGS_PER_PAYLOAD_MAX + 1).fill({ level: 1 })))).toEqual(['too-many-readings']);
  });

  it('is not UTF-8', () => {
    const { refusals } = decodeBytes(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]));
    expect(refusals).toMatchObject([{ reason: 'json-malformed', detail: expect.stringContaining('UTF-8') }]);
  });

  it.each(['[', '[[', '{"level":', '{"values":', '{"ts":'])('nests deeper than any stack: %s…', (opening) => {
    const depth = 20_000;
    const closing = opening.startsWith('{') ? '}' : ']'.repeat(opening.length);
    const nested = `${opening}${'['.repeat(depth)}${']'.repeat(depth)}${closing}`;
    const result = decodeText(nested);
    expect(result.readings).toEqual([]);
    expect(result.refusals).toHaveLength(1);
    expect(result.refusals[0]?.detail.length).toBeLessThan(300);
  });
});

describe('whatever comes', () => {
  const ok = (result: ReturnType<typeof decode>) => {
    expect(result.readings.length + result.refusals.length).toBeGreaterThan(0);
    for (const { ts, values } of result.readings) {
      expect(Number.isSafeInteger(ts)).toBe(true);
      expect(Object.keys(values).length).toBeGreaterThan(0);
      expect(model.telemetry.safeParse(values).success).toBe(true);
    }
  };

  it('never throws, and gives only what the model allows: any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => ok(decodeBytes(bytes))));
  });

  it('never throws, and gives only what the model allows: any JSON', () => {
    const odd = fc.constantFrom('ts', 'seq', 'values', 'level', 'mode', 'open', '__proto__', 'constructor', 'toString');
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ depthSize: 'small' }, fc.jsonValue(), fc.array(tie('tree')), fc.dictionary(odd, tie('tree'))),
    }));
    fc.assert(
      fc.property(tree, (payload) => ok(decode(payload))),
      { numRuns: 500 },
    );
  });

  it('keeps good values exactly', () => {
    const good = fc
      .record(
        {
          level: fc.double({ min: -5, max: 60, noNaN: true }).map((value) => value + 0),
          mode: fc.constantFrom('on', 'off'),
          open: fc.boolean(),
          note: fc.string({ unit: 'binary', maxLength: 5 }),
        },
        { requiredKeys: [] },
      )
      .filter((values) => Object.keys(values).length > 0) as fc.Arbitrary<Record<string, Value>>;
    const time = fc.integer({ min: NOW - limits.pastMaxMs, max: NOW + limits.futureMaxMs });
    fc.assert(
      fc.property(good, time, fc.nat(), (values, ts, seq) => {
        expect(decode({ ts, seq, values })).toEqual({ readings: [{ ts, seq, values }], refusals: [] });
      }),
    );
  });
});
