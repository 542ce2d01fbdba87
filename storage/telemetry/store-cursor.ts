import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HaechiError, messageOf } from '@haechi/core';
import * as z from 'zod';

const schema = z.strictObject({ group: z.int().min(0), readings: z.int().min(0) });

/**
 * How far a store without transactions has come, in a file beside the journal it counts: known at the start though the store is
 * away, and gone together with the journal. It moves after the readings are written, so a crash in between writes them twice.
 */
export class StoreCursor {
  readonly #path: string;
  #group: number;
  #readings: number;

  private constructor(path: string, { group, readings }: z.output<typeof schema>) {
    this.#path = path;
    this.#group = group;
    this.#readings = readings;
  }

  /** @throws HaechiError DATA_FOLDER where the file is there and cannot be read. */
  static async open(path: string): Promise<StoreCursor> {
    try {
      await mkdir(dirname(path), { recursive: true });
      return new StoreCursor(path, schema.parse(JSON.parse(await readFile(path, 'utf8'))));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return new StoreCursor(path, { group: 0, readings: 0 });
      const what = cause instanceof z.ZodError || cause instanceof SyntaxError ? 'it is damaged' : messageOf(cause);
      throw new HaechiError('DATA_FOLDER', `the store's cursor ${path} cannot be read: ${what}`, { cause });
    }
  }

  /** The last journal group whose readings are stored; 0 before the first. */
  get group(): number {
    return this.#group;
  }

  /** How many readings were stored so far. */
  get readings(): number {
    return this.#readings;
  }

  /** Durable when it resolves: a crash leaves the old cursor or the new one. */
  async moveTo(group: number, readingsMore: number): Promise<void> {
    const next = { group, readings: this.#readings + readingsMore };
    const path = `${this.#path}.new`;
    const file = await open(path, 'w');
    try {
      await file.writeFile(JSON.stringify(next));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(path, this.#path);
    await syncFolder(dirname(this.#path));
    this.#group = next.group;
    this.#readings = next.readings;
  }
}

/** A rename is on disk once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
