import type { AlertResource } from '../contract.ts';
import { type AlertState, alertState, stageRank } from '../core.ts';

/** What waits for somebody comes first; of that, what still stands before what has gone by itself. */
const STATE_RANK: Record<AlertState, number> = { unacknowledged: 0, returned: 1, acknowledged: 2, closed: 3 };

/** Unacknowledged first, then the worst stage, then the newest. Total, so that no two rows ever trade places. */
export function compareAlerts(a: AlertResource, b: AlertResource): number {
  return (
    STATE_RANK[alertState(a)] - STATE_RANK[alertState(b)] ||
    stageRank(b.stage) - stageRank(a.stage) ||
    b.raisedAt - a.raisedAt ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  );
}

export interface HeldOrder {
  /** Ids in the order to show. */
  ids: string[];
  /** Ids that came since and are not shown until the pointer leaves. */
  waiting: string[];
}

/**
 * While the pointer is on the list nothing may move under it: rows stay where they were, changed in place, and new ones
 * wait. `held` null: nothing is held.
 */
export function holdOrder(held: readonly string[] | null, sorted: readonly string[]): HeldOrder {
  if (held === null) return { ids: [...sorted], waiting: [] };
  const shown = new Set(held);
  return { ids: [...held], waiting: sorted.filter((id) => !shown.has(id)) };
}
