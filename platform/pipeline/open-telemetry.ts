import { join } from 'node:path';
import type { DomainModel } from '@haechi/core';
import { DuckDbStore, type TelemetryStore } from '@haechi/storage';
import type { WorkerSetup } from './messages.ts';

/** The telemetry store that the settings name. */
export function openTelemetry(setup: WorkerSetup, models: readonly DomainModel[]): Promise<TelemetryStore> {
  return DuckDbStore.open(join(setup.dataFolder, 'telemetry'), models);
}
