import { HaechiError, type Log } from '@haechi/core';
import { archiveSize, packArchive } from './archive.ts';
import { type Download, downloadStream } from './download.ts';
import type { Manifest } from './manifest.ts';
import { type BackupSources, takeBackup } from './take-backup.ts';
import { makeWorkFolder, type WorkFolder } from './work-folder.ts';

export interface Backup extends Download {
  manifest: Manifest;
  /** Resolves when its working copy is gone, however its bytes have ended. */
  finished: Promise<void>;
}

/** Backups of one data folder, one at a time. */
export class Backups {
  readonly #sources: BackupSources;
  readonly #log: Log;
  #running = false;

  constructor(sources: BackupSources, log: Log) {
    this.#sources = sources;
    this.#log = log;
  }

  /**
   * Copies what there is now; the answer's bytes are the archive. The copy is gone when they have ended.
   * @throws HaechiError BUSY while another is under way; DISK_FULL, DATA_FOLDER, STORE_UNREACHABLE …
   */
  async take(): Promise<Backup> {
    if (this.#running) throw new HaechiError('BUSY', 'a backup is under way already; there is one at a time');
    this.#running = true;
    const finished = Promise.withResolvers<void>();
    let work: WorkFolder | undefined;
    const finish = async () => {
      await work?.remove().catch((error: unknown) => {
        this.#log.error({ err: error }, 'backup: its working copy is left until the next start');
      });
      this.#running = false;
      finished.resolve();
    };
    try {
      work = await makeWorkFolder(this.#sources.data, 'backup');
      const manifest = await takeBackup(this.#sources, work.path);
      const bytes = downloadStream(packArchive(work.path, manifest), () => void finish());
      const [name, size] = [backupName(manifest), archiveSize(manifest)];
      return { name, size, bytes, manifest, finished: finished.promise };
    } catch (error) {
      await finish();
      throw error;
    }
  }
}

/** `haechi-2026-11-24T030000Z.tar` */
function backupName({ takenAt }: Manifest): string {
  return `haechi-${takenAt.slice(0, 19).replaceAll(':', '')}Z.tar`;
}
