/**
 * The city as it stands now, and the numbered stream of its changes. Changes are gathered for a moment and go to every
 * screen as one delta; the last few minutes of deltas are kept, so that a screen which comes back misses nothing.
 */
import { randomUUID } from 'node:crypto';
import type { Alert, Clock } from '@haechi/core';
import type { LiveState, WsDelta, WsServerMessage, WsSnapshot } from './contract.ts';
import { OpenAlerts } from './open-alerts.ts';

const DELTA_MS = 200;
const BEAT_MS = 1000;
/** What is kept for screens that come back: the first of these bounds to be reached. */
const KEPT_DELTAS_MAX = 1500;
const KEPT_SIZE_MAX = 32 * 1024 * 1024;
/** A screen that missed more than this gets the whole instead, or it would be let go as too slow while it is told. */
const MISSED_SIZE_MAX = 8 * 1024 * 1024;

export interface LiveFeedOptions {
  clock: Clock;
  /** City seconds in a real second. */
  speed: () => number;
}

export interface ResumePoint {
  epoch: string;
  seq: number;
}

type Listener = (text: string) => void;
/** Open alerts, newest first, a page at a time: those raised before the one given; an empty page is the end, none a failure. */
export type AlertPages = (before: Alert | undefined) => Promise<readonly Alert[] | undefined>;
/** Pages read at once, and how soon after a failure again. */
const PAGES_MAX = 25;
const REFILL_MS = 10_000;

export class LiveFeed {
  readonly epoch = randomUUID();
  readonly #options: LiveFeedOptions;
  readonly #devices = new Map<string, LiveState>();
  readonly #alerts = new OpenAlerts();
  #pages: AlertPages | undefined;
  #filledAt = 0;
  readonly #listeners = new Set<Listener>();
  #seq = 0;
  #kept: { seq: number; text: string }[] = [];
  #keptSize = 0;
  #changedDevices = new Map<string, LiveState>();
  #changedAlerts = new Map<string, Alert>();
  #registryChanged = false;
  #saidAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
  }

  start(devices: readonly LiveState[], alerts: readonly Alert[]): void {
    for (const device of devices) this.#devices.set(device.id, device);
    for (const alert of alerts) this.#alerts.set(alert);
    this.#timer = setInterval(() => this.#flush(), DELTA_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  device(id: string): LiveState {
    return this.#devices.get(id) ?? { id, ts: null, receivedAt: null, values: {} };
  }

  /** Values that came, merged over what is known. */
  setDevices(news: readonly LiveState[]): void {
    for (const state of news) {
      const known = this.#devices.get(state.id);
      this.#devices.set(state.id, known ? { ...state, values: { ...known.values, ...state.values } } : state);
      const changed = this.#changedDevices.get(state.id);
      this.#changedDevices.set(
        state.id,
        changed ? { ...state, values: { ...changed.values, ...state.values } } : state,
      );
    }
  }

  /** Alerts as they stand after a change; an older word on one is dropped. */
  setAlerts(news: readonly Alert[]): void {
    for (const alert of news) {
      if (this.#alerts.set(alert)) this.#changedAlerts.set(alert.id, alert);
    }
  }

  /** Reads all open alerts now, and again whenever those that are shown have been handled and others wait. */
  async fillAlerts(pages: AlertPages): Promise<void> {
    this.#pages = pages;
    this.#filledAt = Number.POSITIVE_INFINITY; // not again while this one goes on
    let page = await pages(undefined);
    for (let count = 1; page && page.length > 0 && count <= PAGES_MAX; count++) {
      for (const alert of this.#alerts.fill(page)) this.#changedAlerts.set(alert.id, alert);
      page = await pages(page.at(-1));
    }
    if (page && this.#alerts.wanting) this.#alerts.forgetOthers(); // the book has them no longer
    this.#filledAt = performance.now();
  }

  registryChanged(): void {
    this.#registryChanged = true;
  }

  openAlerts(): Alert[] {
    return this.#alerts.list();
  }

  /** Sends the listener what it missed, or everything, and then every change. Gives the way to end it. */
  join(listener: Listener, resume?: ResumePoint): () => void {
    this.#flush();
    for (const text of this.#missed(resume) ?? [JSON.stringify(this.#snapshot())]) listener(text);
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #missed(resume: ResumePoint | undefined): string[] | undefined {
    if (!resume || resume.epoch !== this.epoch || resume.seq > this.#seq) return undefined;
    if (resume.seq === this.#seq) return [JSON.stringify(this.#beat())];
    const first = this.#kept[0]?.seq ?? this.#seq + 1;
    if (resume.seq + 1 < first) return undefined;
    const missed = this.#kept.slice(resume.seq + 1 - first).map(({ text }) => text);
    return missed.reduce((size, text) => size + text.length, 0) > MISSED_SIZE_MAX ? undefined : missed;
  }

  #flush(): void {
    if (this.#pages && this.#alerts.wanting && performance.now() - this.#filledAt >= REFILL_MS)
      void this.fillAlerts(this.#pages); // fails by giving no page
    const changed = this.#changedDevices.size > 0 || this.#changedAlerts.size > 0 || this.#registryChanged;
    if (changed) {
      this.#seq++;
      const delta: WsDelta = {
        type: 'delta',
        ...this.#stamp(),
        devices: [...this.#changedDevices.values()],
        alerts: [...this.#changedAlerts.values()],
        ...(this.#changedAlerts.size > 0 ? { openAlerts: this.#alerts.count } : {}),
        ...(this.#registryChanged ? { registry: true } : {}),
      };
      this.#changedDevices = new Map();
      this.#changedAlerts = new Map();
      this.#registryChanged = false;
      this.#keep(JSON.stringify(delta));
    } else if (performance.now() - this.#saidAt >= BEAT_MS) {
      this.#say(JSON.stringify(this.#beat()));
    }
  }

  #keep(text: string): void {
    this.#kept.push({ seq: this.#seq, text });
    this.#keptSize += text.length;
    let drop = 0;
    while (this.#kept.length - drop > KEPT_DELTAS_MAX || this.#keptSize > KEPT_SIZE_MAX) {
      this.#keptSize -= this.#kept[drop++]?.text.length ?? 0;
    }
    if (drop > 0) this.#kept = this.#kept.slice(drop);
    this.#say(text);
  }

  #say(text: string): void {
    this.#saidAt = performance.now();
    for (const listener of this.#listeners) listener(text);
  }

  #stamp() {
    const { clock, speed } = this.#options;
    return { epoch: this.epoch, seq: this.#seq, now: clock.now(), speed: speed() };
  }

  #snapshot(): WsSnapshot {
    const devices = [...this.#devices.values()];
    return { type: 'snapshot', ...this.#stamp(), devices, alerts: this.openAlerts(), openAlerts: this.#alerts.count };
  }

  #beat(): WsServerMessage {
    return { type: 'beat', ...this.#stamp() };
  }
}
