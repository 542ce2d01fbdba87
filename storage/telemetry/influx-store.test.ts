/** InfluxDB away, wrongly set, or saying no: a real server that is stopped, killed, and filled by somebody else. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { defineDomain, number, type Reading } from '@haechi/core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Influxd, influxdInstalled } from '../../tests/support/influxd-process.ts';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { InfluxStore, type InfluxStoreSettings } from './influx-store.ts';
import { ReadingsRefusedError } from './readings-refused.ts';
import { contractModels, rangeQuery, reading, T0 } from './telemetry-store.contract.ts';
import { append, groupOf, NO_TALLY } from './test-append.ts';

let databases = 0;

async function open(influxd: Influxd, more: Partial<InfluxStoreSettings> = {}): Promise<InfluxStore> {
  const settings = { url: influxd.url, token: '', org: '', bucket: `t${++databases}`, folder: tempFolder(), ...more };
  if (more.bucket === undefined) await influxd.run(`CREATE DATABASE ${settings.bucket}`);
  return await InfluxStore.open(settings, contractModels);
}

/** Every value of `flow` that `p1` has. */
async function flows(store: InfluxStore) {
  return (await store.range(rangeQuery('p1', { pointsMax: 100_000 }))).fields['flow']?.mean;
}

const row = (i: number): Reading => reading('p1', T0 + i, { flow: i });

/** What was refused, after doing what a caller does: set aside, append the rest. */
async function appendSettingAside(store: InfluxStore, readings: Reading[], group: number) {
  const aside: { reading: Reading; reason: string }[] = [];
  for (let rest = readings, calls = 0; ; calls++) {
    try {
      await append(store, rest, group);
      return { aside, calls };
    } catch (error) {
      if (!(error instanceof ReadingsRefusedError)) throw error;
      aside.push(...error.refused);
      const refused = new Set(error.refused.map((entry) => entry.reading));
      rest = rest.filter((entry) => !refused.has(entry));
    }
  }
}

describe.skipIf(!influxdInstalled)('InfluxDB', () => {
  let influxd: Influxd;
  beforeAll(async () => {
    influxd = await Influxd.start({ bodySizeMax: 100_000 });
  });
  afterAll(() => influxd.remove());

  it('is named with its version', async () => {
    const store = await open(influxd);
    expect(store.description).toMatch(/^InfluxDB 1\.6\.7\S* at 127\.0\.0\.1:\d+$/);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'ended by %s: append says so, keeps the cursor, and goes on after it with nothing lost or doubled',
    async (signal) => {
      const store = await open(influxd);
      await append(store, [row(1), row(2)], 1);
      await influxd.stop(signal);
      onTestFinished(() => influxd.stop().then(() => influxd.startAgain()));
      for (let i = 0; i < 2; i++) {
        await expect(append(store, [row(3), row(4)], 2)).rejects.toMatchObject({
          code: 'STORE_UNREACHABLE',
          message: expect.stringMatching(/^InfluxDB at http:\/\/127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED/),
        });
      }
      await expect(store.range(rangeQuery('p1'))).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
      expect(await groupOf(store)).toBe(1);
      await influxd.startAgain();
      await append(store, [row(3), row(4)], 2);
      await append(store, [row(5)], 3);
      expect(await flows(store)).toEqual([1, 2, 3, 4, 5]);
      expect(await store.count()).toBe(5);
      expect(await groupOf(store)).toBe(3);
    },
  );

  it('killed between its writes and under them loses nothing that was told as stored', async () => {
    const store = await open(influxd);
    let appended = 0;
    for (let round = 0; round < 3; round++) {
      const killing = new Promise<void>((resolve) => setTimeout(() => resolve(influxd.stop('SIGKILL')), 60));
      for (;;) {
        const next = Array.from({ length: 500 }, (_, i) => row(appended + i));
        try {
          await append(store, next, appended + next.length);
          appended += next.length;
        } catch (error) {
          expect(error).toMatchObject({ code: 'STORE_UNREACHABLE' });
          break;
        }
      }
      await killing;
      await influxd.startAgain();
      expect(await groupOf(store)).toBe(appended);
    }
    expect(appended).toBeGreaterThan(0);
    await append(store, [row(appended)], appended + 1);
    const kept = await flows(store);
    // A batch cut off by the kill may be there in part; it is written again, and only once.
    expect(kept?.slice(0, appended + 1)).toEqual(Array.from({ length: appended + 1 }, (_, i) => i));
  });

  it('away at the start does not keep the platform from starting, nor the cursor from it', async () => {
    const folder = tempFolder();
    const before = await open(influxd, { folder });
    await append(before, [row(1)], 41);
    await before.close();
    await influxd.stop();
    onTestFinished(() => influxd.stop().then(() => influxd.startAgain()));
    const store = await open(influxd, { folder, bucket: `t${databases}` });
    expect(store.description).toMatch(/^InfluxDB at 127/);
    expect(await groupOf(store)).toBe(41);
    expect(await store.count()).toBe(1);
    await append(store, [], 42); // a group without readings needs no server
    await expect(append(store, [row(2)], 43)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    await influxd.startAgain();
    await append(store, [row(2)], 43);
    expect(await flows(store)).toEqual([1, 2]);
    expect(store.description).toMatch(/^InfluxDB 1\.6/);
  });

  it('standing still is an error in time, and what it did with the write does not matter', async () => {
    const store = await open(influxd, { timeoutMs: 300 });
    await append(store, [row(1)], 1);
    influxd.signal('SIGSTOP');
    onTestFinished(() => influxd.signal('SIGCONT'));
    await expect(append(store, [row(2)], 2)).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      message: expect.stringContaining('timed out'),
    });
    await expect(store.range(rangeQuery('p1'))).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    influxd.signal('SIGCONT');
    await append(store, [row(2)], 2);
    await append(store, [row(3)], 3);
    expect(await flows(store)).toEqual([1, 2, 3]);
    expect(await store.count()).toBe(3);
  });

  it('without the database stops the start and says what to do; gone later, append waits for it', async () => {
    const message = expect.stringMatching(
      /^InfluxDB at http:\S+ has no database nowhere: create it .*or set INFLUX_BUCKET$/,
    );
    await expect(open(influxd, { bucket: 'nowhere' })).rejects.toMatchObject({ code: 'STORE_REFUSED', message });
    await influxd.run('CREATE DATABASE nowhere');
    const store = await open(influxd, { bucket: 'nowhere' });
    await influxd.run('DROP DATABASE nowhere');
    await expect(append(store, [row(1)], 1)).rejects.toMatchObject({ code: 'STORE_REFUSED', message });
    await expect(store.range(rangeQuery('p1'))).rejects.toMatchObject({ code: 'STORE_REFUSED', message });
    expect(await groupOf(store)).toBe(0);
    await influxd.run('CREATE DATABASE nowhere');
    await append(store, [row(1)], 1);
    expect(await flows(store)).toEqual([1]);
  });

  it('refusing one reading of many names it, and takes all others', async () => {
    const store = await open(influxd);
    await influxd.write(`t${databases}`, `test-pump,device=other pressure="high" ${T0}`);
    const good = Array.from({ length: 999 }, (_, i) => row(i));
    const bad = reading('p1', T0 + 500, { flow: 500, pressure: 3 });
    const all = good.toSpliced(500, 1, bad);
    await expect(append(store, all, 1)).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: expect.stringMatching(
        /refuses 1 of 999 readings; test-pump p1 at \d+: .*field type conflict.*"pressure".*float.*string/,
      ),
      refused: [{ reading: bad }],
    });
    expect(await groupOf(store)).toBe(0);
    const { aside, calls } = await appendSettingAside(store, all, 1);
    expect(aside.map((entry) => entry.reading)).toEqual([bad]);
    expect(calls).toBe(1);
    expect(await flows(store)).toEqual(good.map((_, i) => i).toSpliced(500, 1));
    expect(await groupOf(store)).toBe(1);
  });

  it('refusing a whole system, or every second reading, comes to an end and loses no good one', async () => {
    const store = await open(influxd);
    await influxd.write(
      `t${databases}`,
      `test-pump,device=other pressure="high" ${T0}\ntest-gauge,device=o level=true ${T0}`,
    );
    const all = Array.from({ length: 3000 }, (_, i): Reading => {
      if (i % 4 === 1)
        return { domain: 'test-gauge', device: 'g1', ts: T0 + i, receivedAt: T0, values: { level: i % 90 } };
      return reading('p1', T0 + i, i % 2 ? { flow: i, pressure: i } : { flow: i });
    });
    const { aside } = await appendSettingAside(store, all, 1);
    expect(aside.length).toBe(1500);
    expect(aside.every((entry) => entry.reason.includes('field type conflict'))).toBe(true);
    expect(await flows(store)).toEqual(all.map((_, i) => i).filter((i) => i % 2 === 0));
  });

  it('refusing what is older than its retention says so', async () => {
    const store = await open(influxd);
    await influxd.run(`CREATE RETENTION POLICY short ON t${databases} DURATION 1h REPLICATION 1 DEFAULT`);
    const now = Date.now();
    const { aside } = await appendSettingAside(
      store,
      [reading('p1', now, { flow: 1 }), row(0)].map((r, i) => (i ? { ...r, ts: now - 86_400_000 } : r)),
      1,
    );
    expect(aside).toMatchObject([{ reading: { ts: now - 86_400_000 }, reason: expect.stringContaining('retention') }]);
  });

  it('taking only small bodies gets them in parts', async () => {
    const store = await open(influxd);
    const rows = Array.from({ length: 6000 }, (_, i) => row(i));
    await append(store, rows, 1); // some 300 KB, and 100 KB are taken
    expect(await flows(store)).toEqual(rows.map((_, i) => i));
  });
});

describe.skipIf(!influxdInstalled)('InfluxDB that cuts its answers short', () => {
  it('is told as such, for a shortened history looks like a gap', async () => {
    const influxd = await Influxd.start({ rowsMax: 50 });
    onTestFinished(() => influxd.remove());
    const store = await open(influxd);
    await append(
      store,
      Array.from({ length: 100 }, (_, i) => row(i)),
      1,
    );
    await expect(flows(store)).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: expect.stringContaining('max-row-limit'),
    });
  });
});

describe.skipIf(!influxdInstalled)('InfluxDB that asks who we are', () => {
  let influxd: Influxd;
  beforeAll(async () => {
    influxd = await Influxd.start({ user: 'admin', password: 'right one' });
    await influxd.run('CREATE DATABASE guarded');
    await influxd.run(`CREATE USER reader WITH PASSWORD 'r'`);
    await influxd.run('GRANT READ ON guarded TO reader');
  });
  afterAll(() => influxd.remove());

  it('takes user:password as the token', async () => {
    const store = await open(influxd, { bucket: 'guarded', token: 'admin:right one' });
    await append(store, [row(1)], 1);
    expect(await flows(store)).toEqual([1]);
  });

  it.each(['', 'admin:wrong', 'no-colon', 'reader:r'])(
    'stops the start on the token %j, which it does not repeat',
    async (token) => {
      const error = await open(influxd, { bucket: 'guarded', token }).catch((thrown: unknown) => thrown as Error);
      expect(error).toMatchObject({
        code: 'STORE_REFUSED',
        message: expect.stringMatching(
          /^InfluxDB at http:\S+ answers 40[13], .*: set INFLUX_TOKEN to one that .* guarded \(user:password/,
        ),
      });
      expect((error as Error).message).not.toMatch(/wrong|no-colon|right one/);
    },
  );
});

describe('what the client does, and we lean on:', () => {
  /** Answers every write with the next status, then with 204; keeps what was written. */
  async function fakeServer(statuses: number[]) {
    const writes: string[] = [];
    const server = createServer((request, response) => {
      if (request.url === '/ping') return void response.writeHead(204, { 'x-influxdb-version': '1.6.7' }).end();
      const status = request.headers['content-length'] === '0' ? 204 : (statuses.shift() ?? 204);
      if (request.headers['content-length'] !== '0') writes.push(request.url ?? '');
      request.resume().once('end', () => response.writeHead(status).end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, writes };
  }
  const openAt = (url: string) =>
    InfluxStore.open({ url, token: '', org: '', bucket: 'b', folder: tempFolder() }, contractModels);

  it.each([408, 429, 500, 502, 503, 504])('on %i: one request, no retry of its own, an error to us', async (status) => {
    const { url, writes } = await fakeServer([status]);
    const store = await openAt(url);
    await expect(append(store, [row(1), row(2)], 1)).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      message: expect.stringContaining(`answers ${status}`),
    });
    expect(writes).toHaveLength(1);
    expect(await groupOf(store)).toBe(0);
    await append(store, [row(1), row(2)], 1);
    expect(writes).toHaveLength(2);
  });

  it('a later part that fails fails the whole append, and the first is not sent at the same time', async () => {
    const { url, writes } = await fakeServer([204, 503]);
    const store = await openAt(url);
    const rows = Array.from({ length: 12_000 }, (_, i) => row(i));
    await expect(append(store, rows, 1)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    expect(writes).toHaveLength(2);
    expect(await groupOf(store)).toBe(0);
  });

  it('a line too large for the server is refused, not halved for ever', async () => {
    const { url } = await fakeServer([413, 413, 413]);
    const store = await openAt(url);
    await expect(append(store, [row(1), row(2)], 1)).rejects.toMatchObject({
      refused: [{ reading: row(1) }, { reading: row(2) }],
    });
  });

  it('another server at the address is told as such', async () => {
    const server = createServer((_, response) => response.writeHead(404).end('<html>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    await expect(openAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: expect.stringContaining('nothing that InfluxDB would have'),
    });
    await expect(openAt('ftp://example.org')).rejects.toMatchObject({ code: 'SETTING_INVALID' });
  });
});

describe('the cursor file', () => {
  const nowhere = { url: 'http://127.0.0.1:9', token: '', org: '', bucket: 'b' };

  it('damaged is told with its path', async () => {
    for (const content of ['', '{', '{"group":-1,"readings":0}', '[]']) {
      const folder = tempFolder();
      writeFileSync(join(folder, 'influx-cursor.json'), content);
      await expect(InfluxStore.open({ ...nowhere, folder }, contractModels)).rejects.toMatchObject({
        code: 'DATA_FOLDER',
        message: expect.stringContaining(join(folder, 'influx-cursor.json')),
      });
    }
  });

  it('is whole at every moment: a half-written new one is not read', async () => {
    const folder = tempFolder();
    const store = await InfluxStore.open({ ...nowhere, folder }, contractModels);
    await append(store, [], 5);
    writeFileSync(join(folder, 'influx-cursor.json.new'), '{"gro');
    const again = await InfluxStore.open({ ...nowhere, folder }, contractModels);
    expect(await groupOf(again)).toBe(5);
    await append(again, [], 6);
    expect(JSON.parse(readFileSync(join(folder, 'influx-cursor.json'), 'utf8'))).toMatchObject({
      group: 6,
      readings: 0,
    });
  });

  it('from before there was a tally is carried over with none', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'influx-cursor.json'), '{"group":7,"readings":123}');
    const store = await InfluxStore.open({ ...nowhere, folder }, contractModels);
    expect(await store.position()).toEqual({ group: 7, tally: NO_TALLY });
    expect(await store.count()).toBe(123);
  });

  it('a model with a field that InfluxDB keeps for itself is refused at the start', async () => {
    const telemetry = { time: number({ unit: 's', min: 0, max: 1 }) };
    const model = defineDomain({ id: 'clock', icon: 'clock', order: 1, telemetry, kinds: {} });
    await expect(InfluxStore.open({ ...nowhere, folder: tempFolder() }, [model])).rejects.toMatchObject({
      code: 'DOMAIN_INVALID',
    });
  });
});
