/** Readings as a file for who asks: written by the store into the work folder, sent, and gone. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HaechiError, type Log } from '@haechi/core';
import type { ExportQuery } from '@haechi/storage';
import { type Download, downloadStream } from './backup/download.ts';
import { requireSpace } from './backup/space.ts';
import { makeWorkFolder, type WorkFolder } from './backup/work-folder.ts';

/** At once: each reads the store from end to end. */
const EXPORTS_MAX = 2;
/** How large a file will be nobody knows before it is written; with less room than this none is begun. */
const ROOM_SIZE = 1024 * 1024 * 1024;

export interface ExportsOptions {
  data: string;
  /** Writes the rows into a new file at `path`. */
  write: (query: ExportQuery & { path: string }) => Promise<{ rows: number }>;
  log: Log;
}

export class Exports {
  readonly #options: ExportsOptions;
  #running = 0;

  constructor(options: ExportsOptions) {
    this.#options = options;
  }

  /** @throws HaechiError BUSY, DISK_FULL, EXPORT_FAILED, STORE_UNREACHABLE … */
  async make(query: ExportQuery): Promise<Download & { rows: number }> {
    const { data, write, log } = this.#options;
    if (this.#running >= EXPORTS_MAX) throw new HaechiError('BUSY', `${EXPORTS_MAX} exports are under way already`);
    this.#running++;
    let work: WorkFolder | undefined;
    const finish = async () => {
      await work?.remove().catch((error: unknown) => {
        log.error({ err: error }, 'export: its file is left until the next start');
      });
      this.#running--;
    };
    try {
      await requireSpace(data, ROOM_SIZE, 'an export');
      work = await makeWorkFolder(data, 'export');
      const path = join(work.path, `readings.${query.format}`);
      const { rows } = await write({ ...query, path });
      const { size } = await stat(path);
      const bytes = downloadStream(createReadStream(path), () => void finish());
      return { name: nameOf(query), size, bytes, rows };
    } catch (error) {
      await finish();
      throw error;
    }
  }
}

/** `flood-raw-2026-11-01-2026-11-24.csv` */
function nameOf({ domain, resolution, from, to, format }: ExportQuery): string {
  const day = (ts: number) => new Date(ts).toISOString().slice(0, 10);
  return `${domain}-${resolution}-${day(from)}-${day(to)}.${format}`;
}
