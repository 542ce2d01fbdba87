/** A backup taken while a city reports, brought back, and started: it goes on exactly where it was. */
import { execFile } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlertResource, HistoryResource } from '../dashboard/server/contract.ts';
import { packArchive } from '../platform/backup/archive.ts';
import { parseManifest } from '../platform/backup/manifest.ts';
import { restore, unpack } from '../platform/backup/restore.ts';
import { haechi, PASSWORD, type StartedPlatform, startPlatform } from './support/platform.ts';
import { ReportingGauges, settledLedger } from './support/reporting-gauges.ts';
import { tempFolder } from './support/temp-folder.ts';

const GAUGES = 6;
const ENV = { HAECHI_LOG_LEVEL: 'error' };

let place: string;
let data: string;
let archive: string;
/** Readings of each gauge that were acknowledged before the backup was asked for. */
let before: Map<string, number>;
let gauges: ReportingGauges;

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'haechi-backup-'));
  data = join(place, 'data');
  archive = join(place, 'live.tar');
  const platform = await startPlatform(data, { env: ENV });
  gauges = await ReportingGauges.connect(platform, { count: GAUGES });
  gauges.start();
  await sleep(1500);
  before = new Map([...gauges.sent].map(([id, sent]) => [id, sent.length]));
  const taken = await haechi(['backup', '--out', archive, '--url', platform.url, '--password', PASSWORD]);
  expect(taken).toMatchObject({ code: 0 });
  expect(taken.stdout).toContain('messages acknowledged up to it');
  await sleep(300);
  await gauges.stop();
  await gauges.expectAllThere(platform); // the backup has disturbed nobody
  expect(await platform.end()).toBe(0);
}, 120_000);
afterAll(() => rmSync(place, { recursive: true, force: true }));

const working = (folder: string) => (existsSync(join(folder, 'work')) ? readdirSync(join(folder, 'work')) : []);

async function historyOf(platform: StartedPlatform, id: string) {
  const sent = gauges.sent.get(id) ?? [];
  const [from, to] = [sent[0]?.ts ?? 0, (sent.at(-1)?.ts ?? 0) + 1];
  const path = `/devices/${id}/history?fields=level&from=${from}&to=${to}&points=4000`;
  const { ts, fields } = await platform.api.get<HistoryResource>(path);
  return ts.flatMap((at, row) => {
    const level = fields['level']?.mean?.[row];
    return typeof level === 'number' ? [{ ts: at, level }] : [];
  });
}

describe('a backup of a platform that runs', () => {
  it('is found whole, part by part', async () => {
    const { code, stdout, stderr } = await haechi(['verify', archive]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    for (const part of ['archive', 'state', 'readings', 'journal', 'ledger', 'key'])
      expect(stdout).toMatch(new RegExp(`^ok +${part}`, 'm'));
    expect(stdout).toContain('is whole');
    expect(readdirSync(place).filter((name) => name.startsWith('.haechi'))).toEqual([]);
    expect(working(data)).toEqual([]);
    // Secrets are in it.
    expect(statSync(archive).mode & 0o077).toBe(0);
  });

  it('restores to a platform that has every reading up to it once, its alerts, and goes on', {
    timeout: 90_000,
  }, async () => {
    const restored = join(tempFolder(), 'restored');
    const brought = await haechi(['restore', archive, '--data', restored]);
    expect(brought).toMatchObject({ code: 0 });
    expect(brought.stdout).toContain(`${restored} is as it was at`);
    const platform = await startPlatform(restored, { env: ENV });
    try {
      const ledger = await settledLedger(platform);
      let stored = 0;
      for (const [id, sent] of gauges.sent) {
        const found = await historyOf(platform, id);
        expect(found, id).toEqual(sent.slice(0, found.length));
        expect(found.length, id).toBeGreaterThanOrEqual(before.get(id) ?? Number.NaN);
        stored += found.length;
        const { items } = await platform.api.get<{ items: AlertResource[] }>(
          `/alerts?state=all&device=${id}&limit=500`,
        );
        const raised = found.filter(({ level }, index) => level >= 2.5 && (found[index - 1]?.level ?? 0) < 2.5);
        const alerts = items.filter(({ rule }) => rule === 'river-stage').map(({ raisedAt }) => raisedAt);
        expect(alerts.sort(), id).toEqual(raised.map(({ ts }) => ts));
      }
      expect(ledger).toMatchObject({ accepted: stored, stored });
      expect(stored).toBeLessThan(gauges.acknowledged);
      // People and devices are those of then.
      expect(await platform.api.get<{ items: object[] }>('/device-map')).toMatchObject({ items: { length: GAUGES } });
    } finally {
      await platform.end();
    }
  });

  it('is found damaged where one byte is another, and where it is cut', async () => {
    const folder = tempFolder();
    const bytes = readFileSync(archive);
    const damaged = join(folder, 'damaged.tar');
    const flipped = Buffer.from(bytes);
    const at = bytes.indexOf('SQLite format 3') + 5000;
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    writeFileSync(damaged, flipped);
    const verified = await haechi(['verify', damaged]);
    expect(verified.code).toBe(1);
    expect(verified.stderr).toContain('state.sqlite is damaged: its sha256 is another [BACKUP_INVALID]');

    writeFileSync(damaged, bytes.subarray(0, bytes.length - 20_000));
    expect(await haechi(['verify', damaged])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('BACKUP_INVALID'),
    });
    const target = join(folder, 'target');
    const brought = await haechi(['restore', damaged, '--data', target]);
    expect(brought).toMatchObject({ code: 1, stderr: expect.stringContaining('BACKUP_INVALID') });
    // Nothing half done is left.
    expect(readdirSync(folder)).toEqual(['damaged.tar']);
  });
});

describe('a backup of a platform with InfluxDB', () => {
  it('says that the readings are not in it, also while the server is away', { timeout: 60_000 }, async () => {
    const folder = tempFolder();
    const out = join(folder, 'influx.tar');
    const env = { ...ENV, HAECHI_LOG_LEVEL: 'silent', HAECHI_STORE: 'influxdb', INFLUX_URL: 'http://127.0.0.1:9' };
    const platform = await startPlatform(join(folder, 'data'), { env });
    const taken = await haechi(['backup', '--out', out, '--url', platform.url, '--password', PASSWORD]);
    await platform.end();
    expect(taken, taken.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('NOT in it') });
    const verified = await haechi(['verify', out]);
    expect(verified.stdout).toMatch(/^ok +readings on an InfluxDB server/m);
    expect(verified.code).toBe(0);
    const cold = await haechi(['backup', '--out', join(folder, 'cold.tar'), '--data', join(folder, 'data')], env);
    expect(cold, cold.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('NOT in it') });
  });
});

describe('a data folder at rest', () => {
  it('is backed up without a platform, and found whole itself', async () => {
    const out = join(tempFolder(), 'cold.tar');
    const taken = await haechi(['backup', '--data', data, '--out', out], ENV);
    expect(taken).toMatchObject({ code: 0 });
    expect(working(data)).toEqual([]);
    expect(await haechi(['verify', out])).toMatchObject({ code: 0 });
    const itself = await haechi(['verify', data]);
    expect(itself).toMatchObject({ code: 0 });
    expect(itself.stdout).toContain(`${gauges.acknowledged} accepted: ${gauges.acknowledged} stored`);
    const brought = join(tempFolder(), 'again');
    expect(await haechi(['restore', out, '--data', brought])).toMatchObject({ code: 0 });
    expect(await haechi(['verify', brought])).toMatchObject({ code: 0 });
  });

  it('is found damaged, with the part that is', async () => {
    const folder = tempFolder();
    await restore({ archive, data: join(folder, 'data'), replace: false, now: new Date() });
    const state = join(folder, 'data', 'state.sqlite');
    const bytes = readFileSync(state);
    bytes.fill(0xff, 8192, 12_288);
    writeFileSync(state, bytes);
    rmSync(join(folder, 'data', 'device-secrets.key'));
    const { code, stdout, stderr } = await haechi(['verify', join(folder, 'data')]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^WRONG +state/m);
    expect(stdout).toMatch(/^WRONG +key/m);
    expect(stdout).toMatch(/^ok +readings/m);
    expect(stderr).toContain('is not whole');
  });

  it('is replaced only when told to, and never while a platform runs on it', { timeout: 60_000 }, async () => {
    const target = join(tempFolder(), 'data');
    const platform = await startPlatform(target, { env: ENV });
    const refused = await haechi(['restore', archive, '--data', target]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('is not empty') });
    const locked = await haechi(['restore', archive, '--data', target, '--replace']);
    expect(locked).toMatchObject({ code: 1, stderr: expect.stringContaining('[DATA_LOCKED]') });
    expect(await haechi(['verify', target])).toMatchObject({ code: 1, stdout: expect.stringContaining('in use') });
    // Where one runs on the folder it is asked, and so the password is.
    const asked = await haechi(['backup', '--data', target, '--url', platform.url, '--password', 'a wrong one'], ENV);
    expect(asked).toMatchObject({ code: 1, stderr: expect.stringContaining('User name or password is wrong') });
    await platform.end();

    const replaced = await haechi(['restore', archive, '--data', target, '--replace']);
    expect(replaced).toMatchObject({ code: 0 });
    const aside = readdirSync(join(target, '..')).find((name) => name.startsWith('data.before-restore-'));
    expect(replaced.stdout).toContain(aside);
    expect(await haechi(['verify', join(target, '..', aside ?? '')])).toMatchObject({ code: 0 });
  });
});

describe('what cannot be', () => {
  const failing = async (args: string[], says: string) => {
    const { code, stderr } = await haechi(args, ENV);
    expect({ code, stderr: stderr.trim().split('\n').at(-1) }).toEqual({
      code: 1,
      stderr: expect.stringContaining(says),
    });
  };

  it('is said in one line', { timeout: 60_000 }, async () => {
    const folder = tempFolder();
    await failing(['restore', join(folder, 'none.tar'), '--data', join(folder, 'd')], 'none.tar cannot be read');
    await failing(['restore', folder, '--data', join(folder, 'd')], 'it is no file');
    await failing(['restore', archive, '--data', '/proc/haechi'], '[DATA_FOLDER]');
    await failing(['verify', join(folder, 'none')], 'there is no');
    await failing(['verify', folder], 'is no data folder of a Haechi');
    await failing(['backup', '--data', folder], 'is no data folder of a Haechi');
    await failing(['backup', '--data', data, '--out', archive], 'is there already');
    await failing(['backup', '--data', data, '--out', '/proc/haechi.tar'], '/proc/haechi.tar cannot be written');
    await failing(['backup', '--url', 'http://127.0.0.1:9', '--password', 'x'], 'cannot be reached');
    expect(working(data)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is said before anything is written, where the disk has no room', async () => {
    const folder = tempFolder();
    const manifest = parseManifest(manifestOf(readFileSync(archive)));
    const huge = { ...manifest, files: [{ path: 'huge', size: 2 ** 52, sha256: '0'.repeat(64) }] };
    writeFileSync(join(folder, 'huge'), '');
    const forged = join(folder, 'forged.tar');
    const write = async () => {
      for await (const bytes of packArchive(folder, huge)) appendFileSync(forged, bytes);
    };
    await expect(write()).rejects.toThrow('huge has changed');
    appendFileSync(forged, Buffer.alloc(1_000_000));
    await expect(unpack(forged, join(folder, 'to'))).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(existsSync(join(folder, 'to'))).toBe(false);
  });

  it('is taken back where the disk fills up on the way', async () => {
    const folder = tempFolder();
    const out = join(folder, 'out.tar');
    const main = join(import.meta.dirname, '../platform/main.ts');
    // No file may grow beyond 100 KB.
    const limited = ['--fsize=100000:100000', process.execPath, main, 'backup', '--data', data, '--out', out];
    const failed = await promisify(execFile)('prlimit', limited).catch((error: { stderr: string }) => error);
    expect(failed.stderr).toMatch(/cannot be written: .*File too large.* \[\w+\]\n$/);
    expect(existsSync(out)).toBe(false);
    expect(existsSync(`${out}.part`)).toBe(false);
    expect(working(data)).toEqual([]);
    expect(await haechi(['verify', data])).toMatchObject({ code: 0 });
  });
});

function manifestOf(bytes: Buffer): string {
  const text = bytes.subarray(512, bytes.indexOf('\n}\n') + 2);
  return text.toString();
}
