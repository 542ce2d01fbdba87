/** Which readings are new to an InfluxDB: after a crash, after years, with most of a city sending again, and with it away. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reading } from '@haechi/core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Influxd, influxdInstalled } from '../../tests/support/influxd-process.ts';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { InfluxStore } from './influx-store.ts';
import { contractModels, rangeQuery, reading, T0 } from './telemetry-store.contract.ts';
import { append, groupOf } from './test-append.ts';
import { startInfluxProxy } from './test-influx-proxy.ts';

const WEEK_MS = 7 * 86_400_000;

describe.skipIf(!influxdInstalled)('InfluxDB and what is new to it:', () => {
  let influxd: Influxd;
  let databases = 0;
  beforeAll(async () => {
    influxd = await Influxd.start();
  });
  afterAll(() => influxd.remove());

  async function start() {
    const proxy = await startInfluxProxy(influxd.url);
    const settings = { url: proxy.url, token: '', org: '', bucket: `seen${++databases}` };
    await influxd.run(`CREATE DATABASE ${settings.bucket}`);
    const open = async (folder: string) => {
      const store = await InfluxStore.open({ ...settings, folder }, contractModels);
      onTestFinished(() => store.close());
      return store;
    };
    onTestFinished(() => proxy.close());
    return { proxy, open, bucket: settings.bucket };
  }

  const again = (sent: Reading, laterMs = 1000): Reading => ({ ...sent, receivedAt: sent.receivedAt + laterMs });

  it('what a write that was never answered has left is new; sent again it is not', async () => {
    const { proxy, open } = await start();
    const folder = tempFolder();
    const store = await open(folder);
    const before = [0, 1].map((i) => reading('p1', T0 + i, { flow: i }));
    await append(store, before, 1);

    const lost = [2, 3].map((i) => reading('p1', T0 + i, { flow: i, note: 'n' }));
    proxy.losesWriteAnswers = true;
    await expect(append(store, lost, 4)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    proxy.losesWriteAnswers = false;
    expect((await store.range(rangeQuery('p1'))).ts).toHaveLength(4);
    expect(await groupOf(store)).toBe(1);

    const reopened = await open(folder); // as after a crash: nobody has closed the other
    for (const one of [store, reopened]) {
      // The journal is read in other batches now, a smaller one first.
      const resent = before.map((sent) => again(sent));
      expect(await one.unseen([...resent, lost[0] as Reading])).toEqual([lost[0]]);
      expect(await one.unseen([...lost, ...lost.map((sent) => again(sent))])).toEqual(lost);
    }
    await append(reopened, [lost[0] as Reading], 3);
    expect(await reopened.unseen([lost[1] as Reading])).toEqual([lost[1]]);
    await append(reopened, [lost[1] as Reading], 4);
    expect(await reopened.unseen(lost)).toEqual([]);
    expect(await reopened.count()).toBe(4);
  });

  it('a device that sends everything again, a week later: nothing is new, and no answer changes', async () => {
    const { open } = await start();
    const folder = tempFolder();
    const store = await open(folder);
    const sent = Array.from({ length: 12_000 }, (_, i) =>
      reading(`p${i % 3}`, T0 + i * 50_000, { flow: i / 7, volume: i, mode: i % 2 ? 'run' : 'idle', note: `n ${i}` }),
    );
    for (let from = 0; from < sent.length; from += 4000) await append(store, sent.slice(from, from + 4000), from + 1);
    const queries = [{ pointsMax: 10_000 }, { pointsMax: 100 }, { pointsMax: 7 }].map((more) =>
      rangeQuery('p1', { fields: ['flow', 'volume', 'mode', 'note'], to: T0 + WEEK_MS, ...more }),
    );
    const group = { domain: 'test-pump', fields: ['flow', 'volume'], from: T0, to: T0 + WEEK_MS, pointsMax: 50 };
    const answers = (one: InfluxStore) => Promise.all([...queries.map((query) => one.range(query)), one.group(group)]);
    const before = await answers(store);

    const resent = sent.map((one) => again(one, WEEK_MS));
    for (const one of [store, await open(folder)]) {
      expect(await one.unseen(resent)).toEqual([]);
      // One that was never sent, and one that is corrected, in the midst of them.
      const late = reading('p1', T0 + 7, { flow: 5 });
      const corrected = { ...(resent[6000] as Reading), values: { flow: -1 } };
      const mixed = resent.toSpliced(3000, 0, late).toSpliced(9000, 0, corrected);
      expect(await one.unseen(mixed)).toEqual([late, corrected]);
    }
    await append(store, resent, 20_000);
    expect(await answers(store)).toEqual(before);
  });

  it('a whole city that sends its newest again is looked up in a few answers', async () => {
    const { proxy, open } = await start();
    const folder = tempFolder();
    const store = await open(folder);
    const sent = Array.from({ length: 1000 }, (_, i) => reading(`light-${i}`, T0 + i * 37, { flow: i }));
    await append(store, sent, 1);
    const fresh = await open(folder);
    const next = sent.map((one) => ({ ...one, ts: one.ts + 60_000 }));
    for (const [readings, unseen, queriesMax] of [
      [sent.map((one) => again(one)), [], 20],
      [next, next, 0],
    ] as const) {
      proxy.queries = 0;
      expect(await fresh.unseen(readings)).toEqual(unseen);
      expect(proxy.queries).toBeLessThanOrEqual(queriesMax);
    }
  });

  it('two old readings of a device, with a year and a hundred thousand others between, take a few answers', async () => {
    const { proxy, open, bucket } = await start();
    const folder = tempFolder();
    const store = await open(folder);
    const stepMs = (52 * WEEK_MS) / 100_000;
    const at = (i: number) => reading('p1', Math.floor(T0 + i * stepMs), { flow: i });
    for (let from = 0; from < 100_000; from += 20_000) {
      const lines = Array.from({ length: 20_000 }, (_, i) => at(from + i)).map(
        ({ ts, receivedAt, values }) => `test-pump,device=p1 flow=${values['flow']},receivedAt=${receivedAt}i ${ts}`,
      );
      await influxd.write(bucket, lines.join('\n'));
    }
    proxy.queries = 0;
    const missing = reading('p1', at(40_000).ts + 1, { flow: 1 });
    expect(await store.unseen([at(1), missing, at(99_998)].map((one) => again(one)))).toEqual([again(missing)]);
    expect(proxy.queries).toBeLessThanOrEqual(5);
  });

  it('with InfluxDB away it says so, and knows once it is back', async () => {
    const { open } = await start();
    const store = await open(tempFolder());
    const sent = reading('p1', T0, { flow: 1 });
    await append(store, [sent], 1);
    await influxd.stop('SIGKILL');
    onTestFinished(() => influxd.stop().then(() => influxd.startAgain()));
    await expect(store.unseen([again(sent)])).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    await influxd.startAgain();
    expect(await store.unseen([again(sent)])).toEqual([]);
    expect(await store.unseen([again(sent), reading('p1', T0 + 1, { flow: 1 })])).toHaveLength(1);
  });

  it('a copy of the cursor goes on from where it was made, though InfluxDB has gone on', async () => {
    const { open } = await start();
    const folder = tempFolder();
    const store = await open(folder);
    await append(store, [reading('p1', T0, { flow: 0 })], 1);
    const copy = join(tempFolder(), 'copy');
    expect((await store.snapshot(copy)).group).toBe(1);
    const later = reading('p1', T0 + 1, { flow: 1 });
    await append(store, [later], 2);

    const restored = await open(copy);
    expect(await groupOf(restored)).toBe(1);
    expect(await restored.count()).toBe(1);
    expect(await restored.unseen([later, again(later)])).toEqual([later]);
    await append(restored, [later], 2);
    expect(JSON.parse(readFileSync(join(folder, 'influx-cursor.json'), 'utf8'))).toMatchObject({ group: 2 });
    expect((await restored.range(rangeQuery('p1'))).ts).toHaveLength(2);
  });
});
