/** What a backup is taken from where no platform runs on the data folder. */
import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { createMetrics, type Log, type Settings } from '@haechi/core';
import { loadDomains } from '@haechi/domains';
import { Journal } from '@haechi/ingest';
import { openTelemetry, telemetrySetup } from '../pipeline/open-telemetry.ts';
import { READERS } from '../pipeline/pipeline.ts';
import { copyStores } from './copy-stores.ts';
import type { BackupSources } from './take-backup.ts';
import { clearWork } from './work-folder.ts';

export interface RestingSources extends AsyncDisposable {
  sources: BackupSources;
}

/**
 * Opens the data folder, which keeps every platform out of it until it is disposed.
 * @throws HaechiError DATA_LOCKED where one runs on it; DATA_FOLDER, STORE_REFUSED
 */
export async function openResting(settings: Settings, log: Log): Promise<RestingSources> {
  const { data } = settings;
  const closing: (() => Promise<void>)[] = [];
  const close = async () => {
    for (let step = closing.pop(); step; step = closing.pop()) await step();
  };
  try {
    const journal = await Journal.open({
      folder: join(data, 'journal'),
      sizeMax: settings.journalSizeMax,
      readers: READERS,
      log,
      metrics: createMetrics(),
    });
    closing.push(() => journal.close());
    await clearWork(data);
    const models = (await loadDomains()).map(({ model }) => model);
    const setup = telemetrySetup(
      settings,
      models.map(({ id }) => id),
    );
    const store = await openTelemetry(setup, models);
    closing.push(() => store.close());
    const sources: BackupSources = {
      data,
      store: store.description,
      journal,
      copyStores: (folder) => copyStores(store, data, folder),
      // Nobody else has them open: the journal's lock stands for the whole folder.
      copySessions: async (folder) => {
        if (existsSync(join(data, 'broker'))) await cp(join(data, 'broker'), folder, { recursive: true });
      },
    };
    return { sources, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
