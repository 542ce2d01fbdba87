/**
 * Where the rules' reader stands: twins, rule states, the alerts they led to and its journal cursor. All of it is written
 * in one transaction, so a crash finds either the state before a transition or the alert with the state that follows it.
 */
import type { Alert } from '@haechi/core';
import type { StateDb } from '@haechi/storage';
import { recordTransitions } from '../alerts/alert-book.ts';
import type { DeviceState, RuleEngine, RuleTransition } from './engine.ts';

const READER = 'rules';
const ROWS = 200;

export interface Checkpoint {
  /** The last journal group that is in it. */
  group: number;
  /** When the platform last began to listen, by that group. */
  startedAt: number;
  devices: Map<string, DeviceState>;
}

/** Devices of which something is kept though they are not registered any more. */
export async function strayTwins(db: StateDb, engine: Pick<RuleEngine, 'has'>): Promise<string[]> {
  const rows = await db.selectFrom('twins').select('device').execute();
  return rows.flatMap(({ device }) => (engine.has(device) ? [] : [device]));
}

export async function loadCheckpoint(db: StateDb): Promise<Checkpoint> {
  const cursor = await db.selectFrom('cursors').selectAll().where('reader', '=', READER).executeTakeFirst();
  const rows = await db.selectFrom('twins').selectAll().execute();
  const devices = new Map(rows.map((row) => [row.device, JSON.parse(row.state_json) as DeviceState]));
  return { group: cursor?.last_group ?? 0, startedAt: cursor?.started_at ?? 0, devices };
}

/**
 * `devices` holds those that changed since the checkpoint before, `gone` those of which nothing is kept any more.
 * @returns the alerts that `transitions` changed, as they stand now.
 */
export async function saveCheckpoint(
  db: StateDb,
  { group, startedAt, devices }: Checkpoint,
  transitions: readonly RuleTransition[],
  gone: readonly string[] = [],
): Promise<Alert[]> {
  const rows = [...devices].map(([device, state]) => ({ device, state_json: JSON.stringify(state) }));
  return await db.transaction().execute(async (tx) => {
    for (let start = 0; start < rows.length; start += ROWS) {
      await tx
        .insertInto('twins')
        .values(rows.slice(start, start + ROWS))
        .onConflict((conflict) =>
          conflict.column('device').doUpdateSet((eb) => ({ state_json: eb.ref('excluded.state_json') })),
        )
        .execute();
    }
    for (let start = 0; start < gone.length; start += ROWS) {
      await tx
        .deleteFrom('twins')
        .where('device', 'in', gone.slice(start, start + ROWS))
        .execute();
    }
    await tx
      .insertInto('cursors')
      .values({ reader: READER, last_group: group, started_at: startedAt })
      .onConflict((conflict) => conflict.column('reader').doUpdateSet({ last_group: group, started_at: startedAt }))
      .execute();
    return await recordTransitions(tx, transitions);
  });
}
