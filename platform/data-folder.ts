import { existsSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { HaechiError, messageOf } from '@haechi/core';

/**
 * Makes the folder where it is not there, and tries to write in it.
 * @throws HaechiError DATA_FOLDER
 */
export async function ensureDataFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
    const probe = join(folder, '.writable');
    await writeFile(probe, '');
    rmSync(probe);
  } catch (cause) {
    const message = `the data folder ${folder} cannot be written: ${messageOf(cause)}; set HAECHI_DATA or --data`;
    throw new HaechiError('DATA_FOLDER', message, { cause });
  }
}

/** One level after the other: Node's own recursive form never comes back from a folder that cannot be, such as one under /proc. */
async function makeFolder(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  const parent = dirname(resolve(folder));
  if (parent !== folder) await makeFolder(parent);
  await mkdir(folder);
}
