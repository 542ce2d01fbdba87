import type { Value } from './reading.ts';
import type { Stage } from './stage.ts';

export const TRANSITIONS = ['raised', 'escalated', 'de-escalated', 'cleared'] as const;
export type Transition = (typeof TRANSITIONS)[number];

/** One alert: one rule on one device, from its raising to its clearing. Times are epoch milliseconds of the city's clock. */
export interface Alert {
  /** Made from rule, device and time of raising, so that a crash and a second look cannot double it. */
  id: string;
  rule: string;
  domain: string;
  device: string;
  district: string;
  /** The stage it stands at; the last one it stood at once cleared. */
  stage: Stage;
  /** The highest stage it reached. */
  peakStage: Stage;
  /** The reading's field that the rule watches, its value at the last transition but its clearing, and the limit it is held against. */
  field: string | null;
  value: Value | null;
  limit: number | null;
  raisedAt: number;
  changedAt: number;
  acknowledgedAt: number | null;
  acknowledgedBy: string | null;
  clearedAt: number | null;
  /** The number of its last change in the alert log; grows by one with every change of any alert. */
  changeSeq: number;
}

/** ISA-18.2 state of an alert. */
export type AlertState = 'unacknowledged' | 'acknowledged' | 'returned' | 'closed';

/** `returned` has cleared by itself and still waits for somebody to see it; `closed` needs nobody any more. */
export function alertState(alert: Pick<Alert, 'acknowledgedAt' | 'clearedAt'>): AlertState {
  if (alert.clearedAt === null) return alert.acknowledgedAt === null ? 'unacknowledged' : 'acknowledged';
  return alert.acknowledgedAt === null ? 'returned' : 'closed';
}

/** One line of an alert's life. */
export interface AlertEvent {
  seq: number;
  alert: string;
  at: number;
  what: Transition | 'acknowledged';
  stage: Stage;
  value: Value | null;
  actor: string | null;
  comment: string | null;
}
