export { copyState, lookAtState, type StateContent } from './state/copy-state.ts';
export type { StateDb } from './state/sqlite.ts';
export { openState } from './state/state-store.ts';
export type { StateTables } from './state/tables.ts';
export { DuckDbStore } from './telemetry/duckdb-store.ts';
export { InfluxStore, type InfluxStoreSettings } from './telemetry/influx-store.ts';
export { lookAtTelemetry, type TelemetryContent } from './telemetry/look-at-telemetry.ts';
export { ReadingsRefusedError, type RefusedReading } from './telemetry/readings-refused.ts';
export {
  type DayCount,
  type ExportQuery,
  type GroupQuery,
  type RangeQuery,
  type RangeResult,
  RESOLUTIONS,
  type Resolution,
  type Retention,
  type SeriesColumns,
  type StorePosition,
  type Tally,
  type TelemetryStore,
} from './telemetry/telemetry-store.ts';
