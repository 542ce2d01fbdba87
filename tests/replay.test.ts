/** The recordings of real stations, networks and buses, through MQTT and the live rules. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { haechi } from './support/platform.ts';
import { tempFolder } from './support/temp-folder.ts';

const RECORDINGS = process.env['HAECHI_RECORDINGS'] ?? join(import.meta.dirname, '../../shared/data');
const MAPPINGS = join(import.meta.dirname, '../platform/replay/mappings');
const atHand = existsSync(join(RECORDINGS, 'stream-gauge-2018-07.csv'));
if (!atHand)
  console.warn(`the recordings are not at hand in ${RECORDINGS}: their tests are skipped (set HAECHI_RECORDINGS)`);

interface Line {
  at: string;
  rule: string;
  device: string;
  transition: string;
  stage: string;
  value: number;
}

async function replay(recording: string, mapping: string) {
  const { code, stdout, stderr } = await haechi(['replay', recording, '--map', mapping, '--json']);
  expect(stderr).not.toMatch(/error/i);
  expect(code).toBe(0);
  return {
    lines: stdout
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line),
    summary: stderr,
  };
}

const recorded = (recording: string, mapping: string) => replay(join(RECORDINGS, recording), join(MAPPINGS, mapping));
const days = (lines: Line[]) => [...new Set(lines.map(({ at }) => at.slice(0, 10)))];

describe.skipIf(!atHand)('recordings', () => {
  it('finds the floods of July 2018 and nothing else', { timeout: 120_000 }, async () => {
    const { lines, summary } = await recorded('stream-gauge-2018-07.csv', 'stream-gauge.yaml');
    const stages = lines.filter(({ rule }) => rule === 'river-stage');
    const rising = stages.filter(({ transition }) => transition === 'raised' || transition === 'escalated');
    expect(days(rising.filter(({ stage }) => stage === 'alert'))).toEqual([
      '2018-07-22',
      '2018-07-23',
      '2018-07-24',
      '2018-07-27',
    ]);
    expect(rising.filter(({ stage }) => stage === 'serious')).toEqual([]);
    expect(rising.filter(({ at }) => at.startsWith('2018-07-17')).map(({ stage }) => stage)).toEqual(['attention']);
    expect(summary).toContain('4896 acknowledged, 0 set aside');
  });

  it('gives the same answer twice', { timeout: 120_000 }, async () => {
    const first = await recorded('bus-route14.csv', 'bus-route.yaml');
    const again = await recorded('bus-route14.csv', 'bus-route.yaml');
    expect(first.summary).toContain('1111 acknowledged, 0 set aside');
    expect(again.lines).toEqual(first.lines);
  });

  it('takes a whole network of tanks, pumps and pressures', { timeout: 180_000 }, async () => {
    const { lines, summary } = await recorded('water-network-scada.csv', 'water-network-scada.yaml');
    expect(summary).toContain('129487 acknowledged, 0 set aside');
    expect(lines.some(({ rule }) => rule === 'tank-low')).toBe(true);
  });
});

describe('a recording of one’s own', () => {
  const mapping = `
city: { name: { en: Here, ko: 여기 }, timeZone: Asia/Seoul }
time: { column: t }
devices:
  - { id: up-1, domain: flood, kind: underpass, district: d, name: Underpass, latitude: 37, longitude: 127,
      intervalS: 60, fields: { waterDepth: { column: depth } } }
`;
  function files(csv: string, map = mapping): [string, string] {
    const folder = tempFolder();
    writeFileSync(join(folder, 'r.csv'), csv);
    writeFileSync(join(folder, 'm.yaml'), map);
    return [join(folder, 'r.csv'), join(folder, 'm.yaml')];
  }
  const row = (minute: number, depth: number) => `2026-01-01T00:${String(minute).padStart(2, '0')}:00Z,${depth}\n`;

  it('raises, escalates and clears at the recording’s own times', async () => {
    const depths = [0, 4, 4, 20, 20, 20, 0, 0, 0, 0];
    const { lines } = await replay(...files(`t,depth\n${depths.map((depth, minute) => row(minute, depth)).join('')}`));
    const told = lines
      .filter(({ rule }) => rule === 'underpass-flooded')
      .map(({ at, transition, stage }) => [at, transition, stage]);
    expect(told).toEqual([
      ['2026-01-01T00:01:10.000Z', 'raised', 'attention'],
      ['2026-01-01T00:03:10.000Z', 'escalated', 'serious'],
      ['2026-01-01T00:07:00.000Z', 'cleared', 'serious'],
    ]);
  });

  it('says in one line what is wrong with a mapping or a recording', async () => {
    const wrong: [string, string, RegExp][] = [
      ['t,depth\nyesterday,1\n', mapping, /r\.csv:2: t is yesterday, not rfc3339/],
      [`t,depth\n${row(0, 1)}2026-01-01T00:01:00Z,wet\n`, mapping, /r\.csv:3: depth is wet, not a number/],
      ['t,height\n2026-01-01T00:00:00Z,1\n', mapping, /has no column depth; it has t, height/],
      [
        `t,depth\n${row(0, 1)}`,
        mapping.replace('domain: flood', 'domain: floods'),
        /up-1.*no kind underpass in floods/,
      ],
      [
        `t,depth\n${row(0, 1)}`,
        mapping.replace('intervalS: 60', 'intervalS: often'),
        /m\.yaml: devices\.0\.intervalS: /,
      ],
    ];
    for (const [csv, map, message] of wrong) {
      const [recording, mapped] = files(csv, map);
      const { code, stderr } = await haechi(['replay', recording, '--map', mapped]);
      expect(stderr).toMatch(message);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(code).toBe(1);
    }
  });
});
