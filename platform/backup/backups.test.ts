import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSettings, silentLog } from '@haechi/core';
import { loadKey } from '@haechi/services';
import { openState } from '@haechi/storage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { Backups } from './backups.ts';
import { downloadStream } from './download.ts';
import { openResting } from './resting.ts';
import { requireSpace } from './space.ts';
import type { BackupSources } from './take-backup.ts';

/** A data folder as a platform leaves it that has never had a message. */
async function restingFolder() {
  const data = join(tempFolder(), 'data');
  mkdirSync(join(data, 'work', 'backup-of-a-crash'), { recursive: true });
  writeFileSync(join(data, 'work', 'backup-of-a-crash', 'state.sqlite'), 'half');
  await (await openState(join(data, 'state.sqlite'))).destroy();
  loadKey(data);
  const settings = loadSettings({ env: {}, folder: data, flags: { data } });
  const resting = await openResting(settings, silentLog());
  onTestFinished(() => resting[Symbol.asyncDispose]());
  return { data, settings, sources: resting.sources };
}

const working = (data: string) => (existsSync(join(data, 'work')) ? readdirSync(join(data, 'work')) : []);

async function drained(bytes: AsyncIterable<Buffer>): Promise<number> {
  let size = 0;
  for await (const chunk of bytes) size += chunk.length;
  return size;
}

describe('backups', () => {
  it('are taken one at a time, and leave nothing behind', async () => {
    const { data, sources } = await restingFolder();
    expect(working(data)).toEqual([]); // what a crash had left is gone
    const backups = new Backups(sources, silentLog());
    const first = await backups.take();
    await expect(backups.take()).rejects.toMatchObject({ code: 'BUSY' });
    expect(working(data)).toHaveLength(1);
    expect(await drained(first.bytes)).toBe(first.size);
    await first.finished;
    expect(working(data)).toEqual([]);
    expect(first.name).toMatch(/^haechi-\d{4}-\d\d-\d\dT\d{6}Z\.tar$/);

    const second = await backups.take();
    second.bytes.destroy(); // who asked is gone
    await second.finished;
    expect(working(data)).toEqual([]);
    const third = await backups.take();
    expect(await drained(third.bytes)).toBe(third.size);
  });

  it('fail with the store, and the next one may be tried', async () => {
    const { data, sources } = await restingFolder();
    let broken = true;
    const copyStores: BackupSources['copyStores'] = (folder) =>
      broken ? Promise.reject(new Error('No space left on device')) : sources.copyStores(folder);
    const backups = new Backups({ ...sources, copyStores }, silentLog());
    await expect(backups.take()).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(working(data)).toEqual([]);
    broken = false;
    const { bytes, size } = await backups.take();
    expect(await drained(bytes)).toBe(size);
  });

  it('keep every platform out of a folder at rest, and are kept out themselves', async () => {
    const { settings } = await restingFolder();
    await expect(openResting(settings, silentLog())).rejects.toMatchObject({ code: 'DATA_LOCKED' });
  });
});

it('gives up on a download that nobody takes', async () => {
  const ended = Promise.withResolvers<void>();
  async function* endless() {
    for (;;) yield Buffer.alloc(65_536);
  }
  const bytes = downloadStream(endless(), ended.resolve, { stalledMs: 50 });
  const failed = new Promise<Error>((resolve) => bytes.once('error', resolve));
  bytes.read(); // a little, and then no more
  expect(await failed).toMatchObject({ code: 'CLOSED' });
  await ended.promise;
});

it('says how much room is missing', async () => {
  const folder = tempFolder();
  await requireSpace(folder, 0, 'nothing');
  await expect(requireSpace(folder, 2 ** 60, 'a city')).rejects.toMatchObject({
    code: 'DISK_FULL',
    message: expect.stringMatching(/^a city needs 1152\.9 PB on the disk of .*, and .* are free$/),
  });
});
