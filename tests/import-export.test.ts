/** History in and out of a platform that runs, by the commands. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import type { AlertResource, PlatformResource } from '../dashboard/server/contract.ts';
import { ApiClient } from '../platform/api-client.ts';
import { eventually } from './support/eventually.ts';
import { haechi, PASSWORD, type StartedPlatform, startPlatform } from './support/platform.ts';
import { tempFolder } from './support/temp-folder.ts';

const DAY_MS = 86_400_000;
/** A past that the store still keeps, whenever this runs. */
const FROM = Math.floor(Date.now() / DAY_MS) * DAY_MS - 30 * DAY_MS;
const ROWS = 5000;
const GAUGES = 10;

const MAPPING = {
  city: { name: { en: 'Town', ko: '마을' }, timeZone: 'Asia/Seoul' },
  time: { column: 'time' },
  missing: ['', 'NA'],
  devices: [
    {
      each: 'gauge',
      id: 'gauge-{}',
      domain: 'flood',
      kind: 'river-gauge',
      district: 'riverside',
      name: 'Gauge {}',
      latitude: 37.5,
      longitude: 127,
      intervalS: 60,
      attributes: { attentionM: 1, cautionM: 2, alertM: 3, seriousM: 4 },
      fields: { level: { column: 'level_m' }, turbidity: { column: 'turbidity' } },
    },
  ],
};

let place: string;
let file: string;
let mapping: string;
let platform: StartedPlatform;

const flags = () => ['--url', platform.url, '--password', PASSWORD];
const importing = (...more: string[]) => haechi(['import', file, '--map', mapping, ...flags(), ...more]);
const exporting = (out: string, ...more: string[]) =>
  haechi(['export', '--domain', 'flood', '--from', at(0), '--to', at(31), '--out', out, ...flags(), ...more]);
const at = (day: number) => new Date(FROM + day * DAY_MS).toISOString();

/** Row `n`: one gauge after the other, a minute between two readings of one. */
function rowOf(n: number) {
  const ts = FROM + Math.floor(n / GAUGES) * 60_000;
  return {
    time: new Date(ts).toISOString(),
    gauge: n % GAUGES,
    level_m: (1 + (n % 700) / 200).toFixed(3),
    turbidity: n % 50,
  };
}

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'haechi-import-'));
  file = join(place, 'history.csv');
  mapping = join(place, 'mapping.yaml');
  const rows = Array.from({ length: ROWS }, (_, n) => Object.values(rowOf(n)).join(','));
  rows.splice(100, 0, `${at(1)},3,lots,1`, `yesterday,3,1.0,1`, `${at(1)},3,999,1`, `${at(1)},3,NA,`);
  writeFileSync(file, `time,gauge,level_m,turbidity\n${rows.join('\n')}\n`);
  writeFileSync(mapping, String(parseDocument(JSON.stringify(MAPPING))));
  platform = await startPlatform(join(place, 'data'), { env: { HAECHI_LOG_LEVEL: 'error' } });
}, 60_000);
afterAll(async () => {
  await platform.end();
  rmSync(place, { recursive: true, force: true });
});

const stored = async () => {
  const { journal, readingsStored, troubles } = await platform.api.get<PlatformResource>('/platform');
  expect(troubles).toEqual([]);
  expect(journal.cursors['store']).toBe(journal.head);
  return readingsStored;
};
const working = () => (existsSync(join(place, 'data', 'work')) ? readdirSync(join(place, 'data', 'work')).length : 0);

describe('an import', () => {
  it('refuses devices that are not registered, and says so of every row', async () => {
    const { code, stdout } = await importing();
    expect(code).toBe(0);
    expect(stdout).toContain(`${(ROWS + 3).toLocaleString('en')} refused`);
    const refused = parse(readFileSync(`${file}.refused.csv`), { columns: true }) as Record<string, string>[];
    expect(refused.filter((row) => row['refused_reason'] === 'device gauge-3 is not registered').length).toBe(
      ROWS / GAUGES + 1,
    );
  });

  it('brings every row into the store, raises no alert, and changes no ledger', async () => {
    const { code, stdout } = await importing('--register');
    expect(code).toBe(0);
    const total = `${(ROWS + 4).toLocaleString('en')} rows · ${ROWS.toLocaleString('en')} readings`;
    expect(stdout).toContain(total);
    expect(stdout).toContain(`${GAUGES} devices registered`);
    expect(stdout).toContain('1 rows without a value');
    const refused = parse(readFileSync(`${file}.refused.csv`), { columns: true }) as Record<string, string>[];
    expect(refused.map((row) => [row['refused_line'], row['refused_reason']])).toEqual([
      ['102', expect.stringContaining('level_m is lots, not a number')],
      ['103', expect.stringContaining('time is yesterday, not rfc3339')],
      ['104', expect.stringContaining('out-of-range: level')],
    ]);
    expect(await eventually(async () => (await stored()) === ROWS && ROWS)).toBe(ROWS);
    expect(await platform.api.get<{ items: AlertResource[] }>('/alerts?state=all')).toMatchObject({ items: [] });
    expect(await platform.api.get('/ledger')).toMatchObject({ accepted: 0, stored: 0, unaccounted: 0 });
  });

  it('changes nothing when it is repeated, also by way of a kill', { timeout: 60_000 }, async () => {
    const again = importing();
    await platform.end('SIGKILL');
    await again; // it may have ended either way
    mkdirSync(join(place, 'data', 'work', 'export-of-then'), { recursive: true });
    platform = await startPlatform(join(place, 'data'), { env: { HAECHI_LOG_LEVEL: 'error' } });
    expect(working()).toBe(0);
    expect(await importing()).toMatchObject({ code: 0 });
    await eventually(async () => (await stored()) > 0);
    const out = join(tempFolder(), 'all.csv');
    expect(await exporting(out)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${ROWS.toLocaleString('en')} rows`),
    });
  });

  it('says in one line what cannot be', async () => {
    const folder = tempFolder();
    const failing = async (args: string[], says: string) => {
      const { code, stderr } = await haechi(args);
      expect({ code, stderr: stderr.trim().split('\n').at(-1) }).toEqual({
        code: 1,
        stderr: expect.stringContaining(says),
      });
    };
    const wrong = join(folder, 'wrong.yaml');
    writeFileSync(wrong, readFileSync(mapping, 'utf8').replace('level_m', 'depth'));
    const empty = join(folder, 'empty.csv');
    writeFileSync(empty, 'time,gauge,level_m,turbidity\n');
    const torn = join(folder, 'torn.csv');
    writeFileSync(torn, 'time,gauge,level_m,turbidity\na,b\n');
    await failing(['import', join(folder, 'none.csv'), '--map', mapping, ...flags()], 'none.csv cannot be read');
    await failing(['import', file, '--map', join(folder, 'none.yaml'), ...flags()], '[MAPPING_INVALID]');
    await failing(['import', file, '--map', wrong, ...flags()], 'has no column depth');
    await failing(['import', empty, '--map', mapping, ...flags()], 'has no rows');
    await failing(['import', torn, '--map', mapping, ...flags()], '[RECORDING_INVALID]');
    await failing(
      ['import', file, '--map', mapping, '--url', platform.url, '--password', 'a wrong one'],
      'password is wrong',
    );
    await failing(
      ['import', file, '--map', mapping, '--url', 'http://127.0.0.1:9', '--password', 'x'],
      'cannot be reached',
    );
  });

  it('is the administrator’s alone, and bounded', async () => {
    const { password } = await platform.api.change<{ password: string }>('POST', '/people', {
      username: 'kim',
      displayName: 'Kim',
      role: 'operator',
    });
    await using operator = await ApiClient.signIn(platform.url, 'kim', password);
    const send = (client: ApiClient, text: string, type = 'application/x-ndjson') =>
      client.send('/import', type, Buffer.from(text));
    await expect(send(operator, '{}')).rejects.toThrow('Only an administrator');
    await expect(send(platform.api, '{}\n'.repeat(5001))).rejects.toThrow('at most 5000');
    await expect(send(platform.api, '')).rejects.toThrow('no lines');
    await expect(send(platform.api, '{}', 'application/json')).rejects.toThrow('application/x-ndjson');
    await expect(operator.download('POST', '/backup')).rejects.toThrow('Only an administrator');
  });
});

describe('an export', () => {
  it('is a CSV of RFC 4180 with every reading once, by device and time', async () => {
    const out = join(tempFolder(), 'out.csv');
    expect(await exporting(out)).toMatchObject({ code: 0 });
    const rows = parse(readFileSync(out), { columns: true }) as Record<string, string>[];
    const found = rows.map((row) => [row['device'], row['ts'], Number(row['level']), Number(row['turbidity'])]);
    const sent = Array.from({ length: ROWS }, (_, n) => rowOf(n))
      .map((row) => [`gauge-${row.gauge}`, row.time, Number(row.level_m), row.turbidity] as const)
      .sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1));
    expect(found).toEqual(sent);
    expect(working()).toBe(0);
  });

  it('takes devices, a district, fields, times and roll-ups', async () => {
    const folder = tempFolder();
    const rowsOf = async (name: string, ...more: string[]) => {
      const result = await exporting(join(folder, name), ...more);
      expect(result, result.stderr).toMatchObject({ code: 0 });
      return parse(readFileSync(join(folder, name)), { columns: true }) as Record<string, string>[];
    };
    const two = await rowsOf('two.csv', '--devices', 'gauge-1,gauge-2', '--fields', 'level');
    expect(new Set(two.map(({ device }) => device))).toEqual(new Set(['gauge-1', 'gauge-2']));
    expect(Object.keys(two[0] ?? {})).toEqual(['device', 'ts', 'received_at', 'level']);
    expect(await rowsOf('district.csv', '--district', 'riverside')).toHaveLength(ROWS);
    const hours = await rowsOf('hours.csv', '--resolution', 'hour', '--fields', 'level', '--devices', 'gauge-1');
    const counts = hours.map((row) => Number(row['level_count']));
    expect(counts.reduce((sum, count) => sum + count)).toBe(ROWS / GAUGES);
    const none = await haechi([
      ...['export', '--domain', 'flood', '--from', '2001-01-01', '--to', '2001-01-02'],
      ...['--out', join(folder, 'none.csv'), ...flags()],
    ]);
    expect(none).toMatchObject({ code: 0, stdout: expect.stringContaining(' 0 rows') });
  });

  it('is a Parquet file that others can read', async () => {
    const out = join(tempFolder(), 'out.parquet');
    expect(await exporting(out, '--format', 'parquet')).toMatchObject({ code: 0 });
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const read = await connection.runAndReadAll(`SELECT count(*), min(ts), max(level) FROM read_parquet('${out}')`);
    expect(read.getRows()[0]?.map(Number)).toEqual([ROWS, FROM, 4.495]);
    connection.closeSync();
  });

  it('says in one line what cannot be, and leaves nothing behind', { timeout: 60_000 }, async () => {
    const folder = tempFolder();
    const out = join(folder, 'out.csv');
    const failing = async (args: string[], says: string) => {
      const { code, stderr } = await exporting(out, ...args);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(says) });
    };
    await failing(['--domain', 'weather'], 'there is no system weather');
    await failing(['--devices', 'gauge-1,none'], 'flood has no device none');
    await failing(['--district', 'nowhere'], 'no devices in nowhere');
    await failing(['--district', 'riverside', '--devices', 'gauge-1'], 'not both');
    await failing(['--fields', 'level,depth'], 'has no field depth');
    await failing(['--from', at(31), '--to', at(0)], 'must be before');
    await failing(['--from', '2026-11-01T00:00:00'], 'a time like');
    await failing(['--format', 'xlsx'], 'Allowed choices are csv, parquet');
    await failing(['--out', '/proc/haechi.csv'], '/proc/haechi.csv cannot be written');
    await failing(['--password', 'a wrong one'], 'password is wrong');
    await failing(['--out', file], 'is there already');
    expect(readdirSync(folder)).toEqual([]);
    await eventually(() => working() === 0);
  });

  it('leaves no file behind where who asked is gone', async () => {
    const response = await platform.api.download('GET', `/export?domain=flood&from=${FROM}&to=${FROM + 31 * DAY_MS}`);
    response.destroy();
    await eventually(() => working() === 0);
  });
});
