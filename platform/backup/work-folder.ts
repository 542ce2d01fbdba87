/** Files that are only passing through the data folder: each purpose gets a folder of its own, gone when it is done. */
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HaechiError, messageOf } from '@haechi/core';

export interface WorkFolder extends AsyncDisposable {
  path: string;
  /** Removes it with all that is in it. Twice does no harm. */
  remove(): Promise<void>;
}

/**
 * `<data>/work/<purpose>-<id>`, empty.
 * @throws HaechiError DATA_FOLDER
 */
export async function makeWorkFolder(data: string, purpose: string): Promise<WorkFolder> {
  const path = join(data, 'work', `${purpose}-${randomUUID()}`);
  try {
    // Copies of secrets pass through it.
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new HaechiError('DATA_FOLDER', `${path} cannot be made: ${messageOf(cause)}`, { cause });
  }
  const remove = () => rm(path, { recursive: true, force: true });
  return { path, remove, [Symbol.asyncDispose]: remove };
}

/** What a crash has left; to be called by who holds the folder's lock. */
export async function clearWork(data: string): Promise<void> {
  await rm(join(data, 'work'), { recursive: true, force: true });
}
