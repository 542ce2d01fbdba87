import { join } from 'node:path';
import type { DomainModel, Settings } from '@haechi/core';
import { DuckDbStore, InfluxStore, type TelemetryStore } from '@haechi/storage';
import { checkedRetention, retentionOf } from '../retention.ts';
import type { WorkerSetup } from './messages.ts';

export type TelemetrySetup = Pick<WorkerSetup, 'dataFolder' | 'store' | 'influx' | 'retention'>;

/** @throws HaechiError SETTING_INVALID where its retention makes no sense for these systems. */
export function telemetrySetup(settings: Settings, domains: Iterable<string>): TelemetrySetup {
  const { data, store, influxUrl, influxToken, influxOrg, influxBucket, retention } = settings;
  return {
    dataFolder: data,
    store,
    influx: { url: influxUrl, token: influxToken, org: influxOrg, bucket: influxBucket },
    retention: checkedRetention(retention, domains),
  };
}

/** The telemetry store that the settings name. */
export function openTelemetry(setup: TelemetrySetup, models: readonly DomainModel[]): Promise<TelemetryStore> {
  const folder = join(setup.dataFolder, 'telemetry');
  switch (setup.store) {
    case 'duckdb':
      return DuckDbStore.open(folder, models, { retention: (domain) => retentionOf(setup.retention, domain) });
    case 'influxdb':
      return InfluxStore.open({ ...setup.influx, folder }, models);
  }
}
