import { existsSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { HaechiError } from '@haechi/core';
import type { Command } from 'commander';
import { MANIFEST_NAME, type Manifest, totalSize } from '../backup/manifest.ts';
import { unpack } from '../backup/restore.ts';
import { type Check, verifyFolder } from '../backup/verify.ts';
import { amount, showProgress } from '../progress.ts';

export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description('looks through a backup, or a data folder that no platform runs on, and says whether it is whole')
    .argument('<archive or folder>')
    .option('--work <folder>', 'where an archive is unpacked meanwhile (beside it)')
    .action(async (path: string, { work }: { work?: string }) => {
      if (!existsSync(path)) throw new HaechiError('USAGE', `there is no ${path}`);
      const bad = statSync(path).isDirectory() ? await verifyData(path) : await verifyArchive(path, work);
      if (bad > 0) throw new HaechiError('BACKUP_INVALID', `${path} is not whole: ${bad} of the checks failed`);
      process.stdout.write(`${path} is whole\n`);
    });
}

async function verifyData(folder: string): Promise<number> {
  if (!existsSync(join(folder, 'journal'))) throw new HaechiError('USAGE', `${folder} is no data folder of a Haechi`);
  return await tellAll(folder);
}

async function verifyArchive(archive: string, work: string | undefined): Promise<number> {
  const folder = join(resolve(work ?? dirname(archive)), `.haechi-verify-${process.pid}`);
  try {
    const manifest = await unpackShown(archive, folder);
    tellCheck({
      name: 'archive',
      detail: `of ${manifest.takenAt}, Haechi ${manifest.version}: ${manifest.files.length} files, ${amount(totalSize(manifest), 'bytes')}, as ${MANIFEST_NAME} says`,
      problems: [],
    });
    return await tellAll(folder, manifest);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function unpackShown(archive: string, folder: string): Promise<Manifest> {
  using progress = showProgress({ label: 'verify', unit: 'bytes' });
  return await unpack(archive, folder, { onProgress: (read, size) => progress.set(read, size) });
}

async function tellAll(folder: string, manifest?: Manifest): Promise<number> {
  let bad = 0;
  for await (const check of verifyFolder(folder, manifest)) {
    tellCheck(check);
    if (check.problems.length > 0) bad++;
  }
  return bad;
}

/** A line a check, and one for everything that is wrong. */
export function tellCheck({ name, detail, problems }: Check): void {
  process.stdout.write(`${problems.length === 0 ? 'ok     ' : 'WRONG  '}${name.padEnd(9)}${detail}\n`);
  for (const problem of problems) process.stdout.write(`       ${problem}\n`);
}
