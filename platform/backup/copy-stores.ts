import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { copyState, type StorePosition, type TelemetryStore } from '@haechi/storage';

/**
 * Both stores into `folder`, as they lie in a data folder, while nobody appends: readings first, then the state with the dead
 * letters up to the same place. Rules and people may write meanwhile; of them the state has what is newest.
 * @returns how far the readings are
 */
export async function copyStores(
  store: Pick<TelemetryStore, 'snapshot'>,
  data: string,
  folder: string,
): Promise<StorePosition> {
  const telemetry = join(folder, 'telemetry');
  await mkdir(telemetry);
  const position = await store.snapshot(telemetry);
  await copyState(join(data, 'state.sqlite'), join(folder, 'state.sqlite'));
  return position;
}
