import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HaechiError, messageOf } from '@haechi/core';
import * as z from 'zod';
import { syncFolder } from './sync-folder.ts';
import type { StorePosition } from './telemetry-store.ts';

const count = z.int().min(0);
const tally = z.strictObject({
  accepted: count,
  stored: count,
  duplicate: count,
  deadLettered: count,
  expired: count,
});
const NO_TALLY: StorePosition['tally'] = { accepted: 0, stored: 0, duplicate: 0, deadLettered: 0, expired: 0 };

/** `tally` is missing in files from before there was one. */
const schema = z.strictObject({
  group: count,
  readings: count,
  tally: tally.default(NO_TALLY),
  writing: count.optional(),
});
type Content = z.output<typeof schema>;

/**
 * How far a store without transactions has come, in a file beside the journal it counts: known at the start though the store is
 * away, and gone together with the journal. It moves after the readings are written; before they are, it tells up to which
 * group some may be there already if the write comes to no end.
 */
export class StoreCursor {
  readonly #path: string;
  #content: Content;

  private constructor(path: string, content: Content) {
    this.#path = path;
    this.#content = content;
  }

  /** @throws HaechiError DATA_FOLDER where the file is there and cannot be read. */
  static async open(path: string): Promise<StoreCursor> {
    try {
      await mkdir(dirname(path), { recursive: true });
      return new StoreCursor(path, schema.parse(JSON.parse(await readFile(path, 'utf8'))));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
        return new StoreCursor(path, { group: 0, readings: 0, tally: NO_TALLY });
      }
      const what = cause instanceof z.ZodError || cause instanceof SyntaxError ? 'it is damaged' : messageOf(cause);
      throw new HaechiError('DATA_FOLDER', `the store's cursor ${path} cannot be read: ${what}`, { cause });
    }
  }

  /** The last journal group whose readings are stored, 0 before the first, and the tally of messages up to it. */
  get position(): StorePosition {
    const { group, tally } = this.#content;
    return { group, tally: { ...tally } };
  }

  /** How many readings were stored so far. */
  get readings(): number {
    return this.#content.readings;
  }

  /** Whether a write has begun that is not known to have ended: some of its readings may be there. */
  get isWriting(): boolean {
    return this.#content.writing !== undefined;
  }

  /** Readings of groups up to this one are about to be written. Durable when it resolves. */
  async begin(group: number): Promise<void> {
    const { writing = 0 } = this.#content;
    if (writing < group) await this.#keep({ ...this.#content, writing: group });
  }

  /** Durable when it resolves: a crash leaves the old cursor or the new one. */
  async moveTo({ group, tally }: StorePosition, readingsMore: number): Promise<void> {
    const { readings, writing = 0 } = this.#content;
    const next = { group, readings: readings + readingsMore, tally };
    await this.#keep(writing > group ? { ...next, writing } : next);
  }

  /**
   * Writes a copy for a store that goes on from here some day, with this one meanwhile going on into the same place: of any
   * group after this position readings may be there.
   */
  async copyTo(path: string): Promise<StorePosition> {
    const { position } = this;
    await writeDurably(path, { ...this.#content, writing: Number.MAX_SAFE_INTEGER });
    return position;
  }

  async #keep(content: Content): Promise<void> {
    await writeDurably(this.#path, content);
    this.#content = content;
  }
}

async function writeDurably(path: string, content: Content): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w');
  try {
    await file.writeFile(JSON.stringify(content));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}
