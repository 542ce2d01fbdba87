export type { StateDb } from './state/sqlite.ts';
export { openState } from './state/state-store.ts';
export type { StateTables } from './state/tables.ts';
export { DuckDbStore } from './telemetry/duckdb-store.ts';
export { InfluxStore, type InfluxStoreSettings } from './telemetry/influx-store.ts';
export { ReadingsRefusedError, type RefusedReading } from './telemetry/readings-refused.ts';
export type { RangeQuery, RangeResult, SeriesColumns, TelemetryStore } from './telemetry/telemetry-store.ts';
