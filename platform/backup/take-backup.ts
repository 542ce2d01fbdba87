/** Takes a consistent copy of all that a data folder holds, from a platform that runs or one that rests. */
import { copyFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { copyGroups } from '@haechi/ingest';
import { lookAtState, lookAtTelemetry, type StorePosition } from '@haechi/storage';
import { VERSION } from '../version.ts';
import { describeFiles, filesBelow } from './files.ts';
import { FORMAT, type Manifest } from './manifest.ts';
import { requireSpace, writeError } from './space.ts';

export interface BackupSources {
  /** The data folder. */
  data: string;
  /** The telemetry store, as shown to a person. */
  store: string;
  journal: {
    readonly head: number;
    read(group: number): Promise<Buffer | undefined>;
    /** Keeps all groups until the answer is called. */
    hold(): () => void;
  };
  /** Both stores into the folder; see `copy-stores.ts`. */
  copyStores(folder: string): Promise<StorePosition>;
  /** The broker's folder, into this one. */
  copySessions(folder: string): Promise<void>;
}

/** What lies beside the stores, where it is there. */
const PLAIN_FILES = ['city.json', 'device-secrets.key', 'demo-password'];

/**
 * Copies everything into the empty `folder` and says what it is. In this order: the journal holds on to its groups; then the
 * stores, each with its cursor; then the groups after the smaller cursor up to the newest. So whatever a copied store lacks
 * is in the copied journal, and its readers go on from there as after a crash: reading a group again changes nothing.
 * @throws HaechiError DISK_FULL, STORE_UNREACHABLE, STORE_REFUSED, JOURNAL_FAILED
 */
export async function takeBackup(sources: BackupSources, folder: string): Promise<Manifest> {
  const { data } = sources;
  const takenAt = new Date().toISOString();
  await requireSpace(data, await sizeToCopy(data), 'the backup’s working copy');
  const copied = await copyHeld(sources, folder);
  await copyPlainFiles(data, folder);
  const telemetry = await lookAtTelemetry(join(folder, 'telemetry'), 'counts');
  return {
    format: FORMAT,
    version: VERSION,
    takenAt,
    store: sources.store,
    readingsInside: telemetry.inside,
    journal: copied.journal,
    tally: copied.tally,
    rows: { state: copied.stateRows, telemetry: telemetry.rows },
    files: await describeFiles(folder, await filesBelow(folder)),
  };
}

/** What must fit together, while the journal keeps all its groups. */
async function copyHeld({ journal, copyStores, copySessions }: BackupSources, folder: string) {
  const release = journal.hold();
  try {
    const { group: store, tally } = await copyStores(folder).catch((cause: unknown) => {
      throw writeError(cause, folder);
    });
    const state = lookAtState(join(folder, 'state.sqlite'), 'counts');
    const last = journal.head;
    // The newest group is always there: it keeps the numbering.
    const first = Math.min(store + 1, state.rulesCursor + 1, Math.max(1, last));
    const read = (group: number) => journal.read(group);
    const accepted = await copyGroups({ read, first, last, folder: join(folder, 'journal') });
    await copySessions(join(folder, 'broker'));
    return {
      journal: { first, last, cursors: { store, rules: state.rulesCursor }, accepted },
      tally,
      stateRows: state.rows,
    };
  } finally {
    release();
  }
}

async function copyPlainFiles(data: string, folder: string): Promise<void> {
  for (const name of PLAIN_FILES) {
    await copyFile(join(data, name), join(folder, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

/** Sealed days are linked and not copied; all else is, at most. */
async function sizeToCopy(data: string): Promise<number> {
  let size = 0;
  for (const folder of ['telemetry', 'journal', 'broker']) {
    for (const path of await filesBelow(join(data, folder))) {
      if (!path.endsWith('.parquet')) size += await sizeOf(join(data, folder, path));
    }
  }
  return size + (await sizeOf(join(data, 'state.sqlite')));
}

/** 0 where there is none: the stores remove and rename files as they go. */
async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined); // gone
  return found?.size ?? 0;
}
