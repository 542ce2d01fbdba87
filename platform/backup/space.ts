import { statfs } from 'node:fs/promises';
import { HaechiError, messageOf } from '@haechi/core';
import { amount } from '../progress.ts';

/** Left free whatever is written: a full disk stops the journal, and with it every device. */
const RESERVE_SIZE = 256 * 1024 * 1024;

/**
 * Whether `size` bytes fit on the disk that holds `folder`.
 * @throws HaechiError DISK_FULL saying how much is missing
 */
export async function requireSpace(folder: string, size: number, what: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (size + RESERVE_SIZE <= free) return;
  throw new HaechiError(
    'DISK_FULL',
    `${what} needs ${amount(size + RESERVE_SIZE, 'bytes')} on the disk of ${folder}, and ${amount(free, 'bytes')} are free`,
  );
}

/** An error of writing a file, with the disk's being full told as such; one that has its code keeps it. */
export function writeError(cause: unknown, path: string): HaechiError {
  if (cause instanceof HaechiError) return cause;
  // DuckDB says it in words alone.
  const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC' || /no space left/i.test(messageOf(cause));
  const message = full ? `the disk is full: ${path} is not written` : `${path} cannot be written: ${messageOf(cause)}`;
  return new HaechiError(full ? 'DISK_FULL' : 'USAGE', message, { cause });
}
