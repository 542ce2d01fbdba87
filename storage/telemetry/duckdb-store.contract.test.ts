import { tempFolder } from '../../tests/support/temp-folder.ts';
import { DuckDbStore } from './duckdb-store.ts';
import { contractModels, telemetryStoreContract } from './telemetry-store.contract.ts';

telemetryStoreContract('DuckDB', async () => {
  const folder = tempFolder();
  return () => DuckDbStore.open(folder, contractModels);
});
