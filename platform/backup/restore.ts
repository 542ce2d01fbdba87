/** Brings a backup back: unpacked beside the data folder, looked through, and put into its place only when it is whole. */
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { HaechiError, messageOf } from '@haechi/core';
import { journalIsFree } from '@haechi/ingest';
import { ensureDataFolder } from '../data-folder.ts';
import { readArchive } from './archive.ts';
import { syncFolder } from './files.ts';
import { type Manifest, totalSize } from './manifest.ts';
import { requireSpace, writeError } from './space.ts';
import { type Check, verifyFolder } from './verify.ts';

export interface UnpackOptions {
  /** Bytes of the archive read so far, and all of them. */
  onProgress?: (read: number, size: number) => void;
}

/**
 * Unpacks an archive into the new folder `to`; every file is checked as it comes, and on disk when this resolves. Where it
 * fails, `to` is gone.
 * @throws HaechiError BACKUP_INVALID, DISK_FULL, USAGE where the archive cannot be read or the folder not be made
 */
export async function unpack(archive: string, to: string, { onProgress }: UnpackOptions = {}): Promise<Manifest> {
  const size = await sizeOf(archive);
  try {
    await mkdir(to, { mode: 0o700 });
  } catch (cause) {
    throw writeError(cause, to);
  }
  try {
    const folders = new Set([to]);
    const manifest = await readArchive(counted(archive, size, onProgress), {
      onManifest: (found) => requireSpace(to, totalSize(found), 'the unpacked backup'),
      onFile: async ({ path }, bytes) => {
        const target = join(to, path);
        await mkdir(dirname(target), { recursive: true });
        folders.add(dirname(target));
        await writeSynced(target, bytes);
      },
    });
    for (const folder of folders) await syncFolder(folder);
    return manifest;
  } catch (error) {
    await rm(to, { recursive: true, force: true });
    throw error;
  }
}

async function* counted(archive: string, size: number, onProgress: UnpackOptions['onProgress']) {
  let read = 0;
  for await (const chunk of createReadStream(archive)) {
    yield chunk as Buffer;
    read += (chunk as Buffer).length;
    onProgress?.(read, size);
  }
}

async function sizeOf(archive: string): Promise<number> {
  try {
    const found = await stat(archive);
    if (!found.isFile()) throw new Error('it is no file');
    return found.size;
  } catch (cause) {
    throw new HaechiError('USAGE', `${archive} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

async function writeSynced(path: string, bytes: AsyncIterable<Buffer>): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of bytes) await file.writeFile(chunk);
    await file.sync();
  } catch (cause) {
    throw writeError(cause, path);
  } finally {
    await file.close();
  }
}

export interface RestoreOptions extends UnpackOptions {
  archive: string;
  data: string;
  /** Moves what is in the data folder aside, instead of refusing. */
  replace: boolean;
  onCheck?: (check: Check) => void;
  /** For the name of what is moved aside. */
  now: Date;
}

export interface Restored {
  manifest: Manifest;
  /** Where the data folder that was there is now. */
  movedTo: string | undefined;
}

/**
 * @throws HaechiError USAGE where the folder is not empty, DATA_LOCKED where a platform runs on it, BACKUP_INVALID, DISK_FULL.
 * In every case the data folder is as it was.
 */
export async function restore({ archive, data, replace, onProgress, onCheck, now }: RestoreOptions): Promise<Restored> {
  const target = resolve(data);
  await refuseUsed(target, replace);
  const beside = join(dirname(target), `${basename(target)}.restoring`);
  await ensureDataFolder(dirname(target));
  // What a restore that was ended half way has left.
  await rm(beside, { recursive: true, force: true });
  const manifest = await unpack(archive, beside, onProgress ? { onProgress } : {});
  try {
    for await (const check of verifyFolder(beside, manifest)) {
      onCheck?.(check);
      const [problem] = check.problems;
      if (problem !== undefined)
        throw new HaechiError('BACKUP_INVALID', `the backup is damaged; ${check.name}: ${problem}`);
    }
    await refuseUsed(target, replace); // a platform may have been started meanwhile
    return { manifest, movedTo: await putInPlace(beside, target, now) };
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
}

async function refuseUsed(target: string, replace: boolean): Promise<void> {
  if (!existsSync(target)) return;
  const found = await readdir(target).catch((cause: unknown) => {
    throw new HaechiError('USAGE', `${target} cannot be read: ${messageOf(cause)}`, { cause });
  });
  if (found.length === 0) return;
  if (!replace) {
    const message = `${target} is not empty: name another folder, or add --replace to move it aside`;
    throw new HaechiError('USAGE', message);
  }
  if (found.includes('journal')) await journalIsFree(join(target, 'journal'));
}

async function putInPlace(from: string, target: string, now: Date): Promise<string | undefined> {
  let movedTo: string | undefined;
  if (existsSync(target) && (await readdir(target)).length > 0) {
    movedTo = `${target}.before-restore-${now.toISOString().slice(0, 19).replaceAll(':', '')}Z`;
    await rename(target, movedTo);
  } else if (existsSync(target)) await rmdir(target);
  await rename(from, target);
  await syncFolder(dirname(target));
  return movedTo;
}
