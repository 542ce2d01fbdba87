import { compareAlerts } from '../alerts/ordering.ts';
import type { AlertResource, LiveState, Value, WsDelta, WsSnapshot } from '../contract.ts';
import { alertState } from '../core.ts';

/** What a device last said, with the time of each value: a delta brings only the fields that came. */
export interface DeviceLive {
  id: string;
  ts: number | null;
  receivedAt: number | null;
  values: Readonly<Record<string, Value>>;
  at: Readonly<Record<string, number>>;
}

/** Changed in place at the rate messages come; a device and an alert are new objects whenever they change. */
export interface LiveData {
  epoch: string | null;
  seq: number;
  devices: Map<string, DeviceLive>;
  /** Open alerts, and the last few closed ones, so that a row does not vanish under the pointer. */
  alerts: Map<string, AlertResource>;
  /** How many are open, here or not: the server sends no more than the most pressing. */
  openAlerts: number;
}

export type Applied =
  | { result: 'applied'; devices: string[]; alerts: string[]; registry: boolean }
  /** A delta is missing: what is shown can no longer be trusted to be whole. */
  | { result: 'gap' }
  | { result: 'old' };

const CLOSED_KEPT_MAX = 200;
/** As many open alerts as a snapshot brings; sorted out once for so many more. */
export const OPEN_KEPT_MAX = 5000;
const OPEN_SLACK = 500;

export function emptyLiveData(): LiveData {
  return { epoch: null, seq: 0, devices: new Map(), alerts: new Map(), openAlerts: 0 };
}

function timesOf(values: LiveState['values'], ts: number | null): Record<string, number> {
  if (ts === null) return {};
  return Object.fromEntries(Object.keys(values).map((field) => [field, ts]));
}

export function mergeDevice(known: DeviceLive | undefined, news: LiveState): DeviceLive {
  const at = timesOf(news.values, news.ts);
  if (!known) return { ...news, at };
  return {
    id: news.id,
    ts: news.ts === null ? known.ts : Math.max(news.ts, known.ts ?? news.ts),
    receivedAt: news.receivedAt ?? known.receivedAt,
    values: { ...known.values, ...news.values },
    at: { ...known.at, ...at },
  };
}

export function applySnapshot(snapshot: WsSnapshot): LiveData {
  return {
    epoch: snapshot.epoch,
    seq: snapshot.seq,
    devices: new Map(snapshot.devices.map((state) => [state.id, mergeDevice(undefined, state)])),
    alerts: new Map(snapshot.alerts.map((alert) => [alert.id, alert])),
    openAlerts: snapshot.openAlerts ?? snapshot.alerts.length,
  };
}

/** An alert comes by socket and by the answer to an acknowledgement, in either order: the later change wins. */
export function putAlert(data: LiveData, alert: AlertResource): boolean {
  const known = data.alerts.get(alert.id);
  if (known && known.changeSeq > alert.changeSeq) return false;
  data.alerts.set(alert.id, alert);
  return true;
}

export function dropOldClosed(data: LiveData, limit = CLOSED_KEPT_MAX): void {
  const closed = [...data.alerts.values()].filter((alert) => alertState(alert) === 'closed');
  if (closed.length <= limit) return;
  closed.sort((a, b) => a.changedAt - b.changedAt);
  for (const alert of closed.slice(0, closed.length - limit)) data.alerts.delete(alert.id);
}

/** A screen that is left on for weeks holds no more than one that has just come. */
export function dropLeastPressing(data: LiveData, limit = OPEN_KEPT_MAX, slack = OPEN_SLACK): void {
  if (data.alerts.size <= limit + slack + CLOSED_KEPT_MAX) return;
  const open = [...data.alerts.values()].filter((alert) => alertState(alert) !== 'closed');
  for (const { id } of open.sort(compareAlerts).slice(limit)) data.alerts.delete(id);
}

export function applyDelta(data: LiveData, delta: WsDelta): Applied {
  if (delta.epoch !== data.epoch) return { result: 'gap' };
  if (delta.seq <= data.seq) return { result: 'old' };
  if (delta.seq !== data.seq + 1) return { result: 'gap' };
  data.seq = delta.seq;
  for (const state of delta.devices) data.devices.set(state.id, mergeDevice(data.devices.get(state.id), state));
  const alerts = delta.alerts.filter((alert) => putAlert(data, alert)).map((alert) => alert.id);
  if (delta.openAlerts !== undefined) data.openAlerts = delta.openAlerts;
  if (alerts.length > 0) {
    dropOldClosed(data);
    dropLeastPressing(data);
  }
  return {
    result: 'applied',
    devices: delta.devices.map((state) => state.id),
    alerts,
    registry: delta.registry ?? false,
  };
}
