import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { readMapping } from './mapping.ts';
import { readRecording } from './recording.ts';
import { timeReader } from './time-format.ts';

const iso = (time: number | undefined) => (time === undefined ? undefined : new Date(time).toISOString());

const HEAD = 'city: { name: { en: A, ko: 가 }, timeZone: Asia/Seoul }\n';
const DEVICE = 'domain: flood, kind: river-gauge, district: mapo, name: Gauge, intervalS: 60';

function fileWith(name: string, text: string): string {
  const path = join(tempFolder(), name);
  writeFileSync(path, text);
  return path;
}
const mappingOf = (text: string) => readMapping(fileWith('mapping.yaml', text));
/** One device with the given fields; the time is in the column `t`. */
const mapped = (fields: string, more = '') =>
  mappingOf(
    `${HEAD}time: { column: t }\n${more}\ndevices: [{ id: g-1, ${DEVICE}, latitude: 1, longitude: 2, fields: { ${fields} } }]\n`,
  );
const read = (csv: string, mapping: ReturnType<typeof mapped>) =>
  readRecording(fileWith('recording.csv', csv), mapping);
const T = '2026-01-01T00:00:00Z';

describe('a time', () => {
  it.each([
    ['rfc3339', '+00:00', '2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
    ['rfc3339', '+09:00', '2026-01-02T03:04:05-05:00', '2026-01-02T08:04:05.000Z'],
    ['rfc3339', '+09:00', '2026-01-02T03:04:05.5', '2026-01-01T18:04:05.500Z'],
    ['rfc3339', '+00:00', '2026-01-02 03:04:05', '2026-01-02T03:04:05.000Z'],
    ['YYYY-MM-DD HH:mm:ss', '+09:00', '2026-01-02 03:04:05', '2026-01-01T18:04:05.000Z'],
    ['DD/MM/YY HH', '+00:00', '02/01/26 03', '2026-01-02T03:00:00.000Z'],
    ['YYYYMMDDHHmm', '+00:00', '202601020304', '2026-01-02T03:04:00.000Z'],
    ['MM.DD.YYYY', '+00:00', '01.02.2026', '2026-01-02T00:00:00.000Z'],
  ])('%s %s: %s', (format, offset, text, time) => {
    expect(iso(timeReader({ column: 't', format, offset })(text))).toBe(time);
  });

  it.each([
    ['rfc3339', ''],
    ['rfc3339', '7'],
    ['rfc3339', 'yesterday'],
    ['rfc3339', '2026-13-02T03:04:05Z'],
    ['rfc3339', '2026-02-30T03:04:05Z'],
    ['YYYY-MM-DD', '2026-02-30'],
    ['YYYY-MM-DD', '2026-1-2'],
    ['YYYY-MM-DD HH:mm', '2026-01-02 03:04:05'],
    ['MM.DD.YYYY', '01x02x2026'],
  ])('is not, as %s: %s', (format, text) => {
    expect(timeReader({ column: 't', format, offset: '+00:00' })(text)).toBeUndefined();
  });
});

describe('a mapping that is wrong names file, entry and reason', () => {
  it.each([
    ['no YAML', 'devices: [', /mapping\.yaml: /],
    ['no devices', `${HEAD}time: { column: t }\ndevices: []`, /mapping\.yaml: devices: /],
    [
      'a bad offset',
      `${HEAD}time: { column: t, offset: KST }\ndevices: []`,
      /mapping\.yaml: time\.offset: an offset is \+09:00/,
    ],
    [
      'an unknown key',
      `${HEAD}time: { column: t }\nmissings: []\ndevices: [{ id: g, ${DEVICE}, fields: {} }]`,
      /mapping\.yaml: file: .*missings/,
    ],
    [
      'a format with a part twice',
      `${HEAD}time: { column: t, format: YYYY-MM-DD MM }\ndevices: [{ id: g, ${DEVICE}, fields: {} }]`,
      /mapping\.yaml: time\.format: /,
    ],
    [
      'a format without a year',
      `${HEAD}time: { column: t, format: HH:mm }\ndevices: [{ id: g, ${DEVICE}, fields: {} }]`,
      /mapping\.yaml: time\.format: /,
    ],
  ])('%s', (_, text, message) => {
    expect(() => mappingOf(text)).toThrow(
      expect.objectContaining({ code: 'MAPPING_INVALID', message: expect.stringMatching(message) }),
    );
  });

  it('and a file that is not there', () => {
    expect(() => readMapping('/nowhere.yaml')).toThrow(expect.objectContaining({ code: 'MAPPING_INVALID' }));
  });

  it.each(['bus-route', 'stream-gauge', 'water-network-scada'])('the one for %s, which ships, is right', (name) => {
    expect(readMapping(join(import.meta.dirname, 'mappings', `${name}.yaml`)).devices.length).toBeGreaterThan(0);
  });
});

describe('values', () => {
  it('are scaled, shifted and rounded', () => {
    const mapping = mapped('level: { column: ft, scale: 0.3048, decimals: 3 }, temperature: { column: f, add: -32 }');
    const { moments } = read(`t,ft,f\n${T},10,50.5\n`, mapping);
    expect(moments[0]?.readings).toEqual([{ device: 'g-1', values: { level: 3.048, temperature: 18.5 } }]);
  });

  it('may be words that mean something, or text as it is', () => {
    const mapping = mapped(
      'open: { column: s, words: { ON: true, OFF: false, "2": half } }, note: { column: n, text: true }',
    );
    const { moments } = read(`t,s,n\n${T},ON,007\n2026-01-01T00:01:00Z,2,x\n`, mapping);
    expect(moments.map(({ readings }) => readings[0]?.values)).toEqual([
      { open: true, note: '007' },
      { open: 'half', note: 'x' },
    ]);
  });

  it('are left out where the recording has none', () => {
    const mapping = mapped('level: { column: a }, discharge: { column: b }', 'missing: ["", "-999", NaN]');
    const recording = read(`t,a,b\n${T},1,\n2026-01-01T00:01:00Z,-999,NaN\n2026-01-01T00:02:00Z,,3\n`, mapping);
    expect(recording.rows).toBe(3);
    expect(recording.moments.map(({ readings }) => readings[0]?.values)).toEqual([{ level: 1 }, { discharge: 3 }]);
  });

  it.each([
    ['no number', 'level: { column: a }', 'high', /recording\.csv:3: a is high, not a number/],
    [
      'an unknown word',
      'open: { column: a, words: { ON: true } }',
      'toString',
      /recording\.csv:3: a is toString, which the mapping does not know/,
    ],
  ])('that cannot be read stop it with file, line and column: %s', (_, fields, bad, message) => {
    const first = fields.includes('words') ? 'ON' : '1';
    expect(() => read(`t,a\n${T},${first}\n2026-01-01T00:01:00Z,${bad}\n`, mapped(fields))).toThrow(
      expect.objectContaining({ code: 'RECORDING_INVALID', message: expect.stringMatching(message) }),
    );
  });
});

describe('a recording', () => {
  it('is put in order of time, rows of one moment together', () => {
    const { moments } = read(
      `t,a\n2026-01-01T00:02:00Z,2\n${T},0\n2026-01-01T00:02:00Z,3\n`,
      mapped('level: { column: a }'),
    );
    expect(moments.map(({ ts, readings }) => [iso(ts), readings.map(({ values }) => values['level'])])).toEqual([
      ['2026-01-01T00:00:00.000Z', [0]],
      ['2026-01-01T00:02:00.000Z', [2, 3]],
    ]);
  });

  it('may hold a device for each value of a column, registered where it was seen first', () => {
    const fields = 'latitude: { column: lat }, longitude: { column: lon }';
    const each = `{ id: "bus-{}", each: v, domain: fleet, kind: bus, district: liverpool, name: "Bus {}", intervalS: 30, fields: { ${fields} } }`;
    const mapping = mappingOf(`${HEAD}time: { column: t }\ndevices: [${each}]\n`);
    const recording = read(
      `t,v,lat,lon\n${T},7,53.1,-2.9\n${T},8,53.2,-2.8\n2026-01-01T00:01:00Z,7,53.3,-2.7\n2026-01-01T00:01:00Z,9,,\n`,
      mapping,
    );
    expect(recording.devices).toMatchObject([
      { id: 'bus-7', name: 'Bus 7', latitude: 53.1, longitude: -2.9 },
      { id: 'bus-8', name: 'Bus 8', latitude: 53.2, longitude: -2.8 },
    ]);
    expect(recording.devices[0]).not.toHaveProperty('each');
    expect(recording.moments[1]?.readings).toEqual([{ device: 'bus-7', values: { latitude: 53.3, longitude: -2.7 } }]);
  });

  it.each([
    ['a column is missing', `t,b\n${T},1\n`, /has no column a; it has t, b/],
    ['a time is none', `t,a\n${T},1\nsoon,1\n`, /recording\.csv:3: t is soon, not rfc3339/],
    ['there are no rows', 't,a\n', /no rows/],
    ['a row is too short', `t,a\n${T}\n`, /cannot be read: /],
  ])('is refused where %s', (_, csv, message) => {
    expect(() => read(csv, mapped('level: { column: a }'))).toThrow(
      expect.objectContaining({ code: 'RECORDING_INVALID', message: expect.stringMatching(message) }),
    );
  });

  it('names the right line though lines before it were empty', () => {
    expect(() => read(`t,a\n${T},1\n\n\nsoon,1\n`, mapped('level: { column: a }'))).toThrow(
      /recording\.csv:5: t is soon/,
    );
  });
});
