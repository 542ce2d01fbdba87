/**
 * The open alerts that screens are shown: as many as anybody can look at, the most pressing ones. Of the others only
 * their names are held, to count them and to know them again; they are fetched once there is room.
 */
import { type Alert, alertState, stageRank } from '@haechi/core';

export const SHOWN_MAX = 5000;
/** Beyond this many alerts that are not shown the oldest known are no longer counted. */
const OTHERS_MAX = 100_000;
/** Choosing the most pressing sorts them all, so it is done once for so many that came. */
const SLACK = 500;
/** Alerts that are gone, remembered so that an older word on one, still on its way, does not bring it back. */
const CLOSED_MAX = 10_000;

/** What stands before what has gone by itself and only waits to be seen, then the worst, then the newest. */
function morePressing(a: Alert, b: Alert): number {
  return (
    Number(a.clearedAt !== null) - Number(b.clearedAt !== null) ||
    stageRank(b.stage) - stageRank(a.stage) ||
    b.raisedAt - a.raisedAt
  );
}

export class OpenAlerts {
  readonly #shown = new Map<string, Alert>();
  /** Numbers of the last change, by alert; oldest first, as in the next. */
  readonly #others = new Map<string, number>();
  readonly #closed = new Map<string, number>();

  /** An alert as it stands after a change. False: an older word, and dropped. */
  set(alert: Alert): boolean {
    const { id, changeSeq } = alert;
    const known = this.#shown.get(id)?.changeSeq ?? this.#others.get(id) ?? this.#closed.get(id);
    if (known !== undefined && known >= changeSeq) return false;
    if (alertState(alert) === 'closed') this.#close(alert);
    else this.#show(alert);
    return true;
  }

  /** Alerts as they are in the book, which may be among the others. Gives those that are shown now and were not before. */
  fill(alerts: readonly Alert[]): Alert[] {
    const added = alerts.filter(({ id, changeSeq }) => {
      const gone = this.#closed.get(id);
      const newer = this.#others.get(id);
      return !this.#shown.has(id) && (gone ?? -1) < changeSeq && (newer ?? changeSeq) <= changeSeq;
    });
    for (const alert of added) this.#show(alert);
    this.#trim(SHOWN_MAX);
    return added.filter(({ id }) => this.#shown.has(id));
  }

  /** Open alerts, shown or not. */
  get count(): number {
    return this.#shown.size + this.#others.size;
  }

  /** Half of what was shown is handled, and others wait. */
  get wanting(): boolean {
    return this.#others.size > 0 && this.#shown.size <= SHOWN_MAX / 2;
  }

  forgetOthers(): void {
    this.#others.clear();
  }

  list(): Alert[] {
    this.#trim(SHOWN_MAX);
    return [...this.#shown.values()];
  }

  #show(alert: Alert): void {
    this.#others.delete(alert.id);
    this.#shown.set(alert.id, alert);
    if (this.#shown.size > SHOWN_MAX + SLACK) this.#trim(SHOWN_MAX);
  }

  #close({ id, changeSeq }: Alert): void {
    this.#shown.delete(id);
    this.#others.delete(id);
    remember(this.#closed, id, changeSeq, CLOSED_MAX);
  }

  #trim(limit: number): void {
    if (this.#shown.size <= limit) return;
    for (const { id, changeSeq } of [...this.#shown.values()].sort(morePressing).slice(limit)) {
      this.#shown.delete(id);
      remember(this.#others, id, changeSeq, OTHERS_MAX);
    }
  }
}

function remember(map: Map<string, number>, id: string, changeSeq: number, limit: number): void {
  map.set(id, changeSeq);
  const [oldest] = map.keys();
  if (map.size > limit && oldest !== undefined) map.delete(oldest);
}
