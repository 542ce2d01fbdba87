import { join } from 'node:path';
import type { DomainModel } from '@haechi/core';
import { DuckDbStore, InfluxStore, type Retention, type TelemetryStore } from '@haechi/storage';
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

/** A year of readings and the minute, hour and day behind it far longer: roll-ups are small. */
const KEPT_DAYS: Retention = { raw: 400, minute: 1100, hour: 3660, day: 36_600 };

function retentionOf(retention: WorkerSetup['retention'], domain: string): Retention {
  return { ...KEPT_DAYS, ...retention['default'], ...retention[domain] };
}
