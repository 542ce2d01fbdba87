import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HaechiError } from '@haechi/core';
import { syncFolder } from '../backup/files.ts';
import { writeError } from '../backup/space.ts';

/** @throws HaechiError USAGE where there is something under this name already */
export function refuseExisting(path: string): void {
  if (existsSync(path)) throw new HaechiError('USAGE', `${path} is there already: name another file with --out`);
}

/**
 * Writes a file that is there under its name only when it is whole and on disk.
 * @param check is called before it gets its name; what it throws leaves nothing behind
 * @throws HaechiError USAGE, DISK_FULL
 */
export async function saveFile(
  path: string,
  bytes: AsyncIterable<Buffer>,
  { onSize, check }: { onSize: (size: number) => void; check?: (part: string) => Promise<void> },
): Promise<number> {
  const part = `${path}.part`;
  let size = 0;
  const file = await open(part, 'w', 0o600).catch((cause: unknown) => {
    throw writeError(cause, path);
  });
  try {
    try {
      for await (const chunk of bytes) {
        await file.writeFile(chunk).catch((cause: unknown) => {
          throw writeError(cause, path);
        });
        size += chunk.length;
        onSize(size);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await check?.(part);
    await rename(part, path);
    await syncFolder(dirname(path));
    return size;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
