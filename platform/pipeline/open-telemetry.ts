import { join } from 'node:path';
import type { DomainModel } from '@haechi/core';
import { DuckDbStore, InfluxStore, type TelemetryStore } from '@haechi/storage';
import { retentionOf } from '../retention.ts';
import type { WorkerSetup } from './messages.ts';

/** The telemetry store that the settings name. */
export function openTelemetry(
  setup: Pick<WorkerSetup, 'dataFolder' | 'store' | 'influx' | 'retention'>,
  models: readonly DomainModel[],
): Promise<TelemetryStore> {
  const folder = join(setup.dataFolder, 'telemetry');
  switch (setup.store) {
    case 'duckdb':
      return DuckDbStore.open(folder, models, { retention: (domain) => retentionOf(setup.retention, domain) });
    case 'influxdb':
      return InfluxStore.open({ ...setup.influx, folder }, models);
  }
}
