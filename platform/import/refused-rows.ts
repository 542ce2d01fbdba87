/** Rows of an imported file that were not taken, each with the reason, as a CSV beside it: mend them there and import that. */

import { once } from 'node:events';
import { createWriteStream, rmSync, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { writeError } from '../backup/space.ts';
import type { NumberedRow } from '../replay/row-reader.ts';
import { csvLine } from './csv-rows.ts';

export class RefusedRows {
  readonly path: string;
  count = 0;
  #file: WriteStream | undefined;
  #failure: unknown;

  /** What an earlier import of the file has left goes. @throws HaechiError USAGE where it cannot */
  constructor(importedFile: string) {
    this.path = `${importedFile}.refused.csv`;
    try {
      rmSync(this.path, { force: true });
    } catch (cause) {
      throw writeError(cause, this.path);
    }
  }

  /** @throws HaechiError USAGE, DISK_FULL */
  async add({ record, info }: NumberedRow, reason: string): Promise<void> {
    this.count++;
    if (!this.#file) {
      this.#file = createWriteStream(this.path);
      this.#file.on('error', (error) => {
        this.#failure ??= error;
      });
      this.#file.write(csvLine([...Object.keys(record), 'refused_line', 'refused_reason']));
    }
    if (!this.#file.write(csvLine([...Object.values(record), info.lines, reason])))
      await once(this.#file, 'drain').catch(() => undefined); // kept, and told below
    if (this.#failure) throw writeError(this.#failure, this.path);
  }

  async close(): Promise<void> {
    if (!this.#file) return;
    this.#file.end();
    await finished(this.#file).catch((error: unknown) => {
      throw writeError(error, this.path);
    });
  }
}
