import { useMemo, useState } from 'react';
import type { AlertResource } from '../contract.ts';
import { compareAlerts, holdOrder } from './ordering.ts';

export interface HeldAlerts {
  rows: AlertResource[];
  /** How many came since the pointer is on the list. */
  waiting: number;
  /** Shows them now. */
  release: () => void;
  onPointerEnter: () => void;
  onPointerLeave: () => void;
}

/** The list in its order, which stands still while the pointer is on it. */
export function useHeldAlerts(alerts: readonly AlertResource[]): HeldAlerts {
  const [held, setHeld] = useState<string[] | null>(null);
  const sorted = useMemo(() => alerts.toSorted(compareAlerts), [alerts]);
  const { rows, waiting } = useMemo(() => {
    const byId = new Map(sorted.map((alert) => [alert.id, alert]));
    const order = holdOrder(
      held,
      sorted.map(({ id }) => id),
    );
    return {
      rows: order.ids.map((id) => byId.get(id)).filter((alert) => alert !== undefined),
      waiting: order.waiting.length,
    };
  }, [sorted, held]);
  return {
    rows,
    waiting,
    release: () => setHeld(sorted.map(({ id }) => id)),
    onPointerEnter: () => setHeld(sorted.map(({ id }) => id)),
    onPointerLeave: () => setHeld(null),
  };
}
