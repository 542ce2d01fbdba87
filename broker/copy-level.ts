import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ClassicLevel } from 'classic-level';

/** Entries written at once. */
const BATCH_ENTRIES = 1000;
const BYTES = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;

/** All that `db` holds at this moment, into a new one at `path`; whoever writes goes on meanwhile. */
export async function copyLevel(db: ClassicLevel, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const copy = new ClassicLevel<Buffer, Buffer>(path, BYTES);
  await copy.open();
  try {
    // An iterator sees what was there when it was made.
    const entries = db.iterator<Buffer, Buffer>(BYTES);
    for (let some = await entries.nextv(BATCH_ENTRIES); some.length > 0; some = await entries.nextv(BATCH_ENTRIES)) {
      await copy.batch(some.map(([key, value]) => ({ type: 'put', key, value })));
    }
    await entries.close();
  } finally {
    await copy.close();
  }
}
