import type { AlertResource, WsServerMessage } from '../contract.ts';
import { type ClockReading, cityTime } from './city-clock.ts';
import { applyDelta, applySnapshot, type DeviceLive, emptyLiveData, type LiveData, putAlert } from './delta-reducer.ts';

export type ConnectionState = 'connecting' | 'live' | 'lost';
export interface Connection {
  state: ConnectionState;
  /** City time of the last word from the server; what is shown is from then. */
  heardAt: number | null;
  /** Our own clock (epoch ms) at that word and at the next try. */
  heardAtLocal: number | null;
  nextTryAt: number | null;
}

type Listener = () => void;
type DevicesListener = (changed: ReadonlySet<string> | 'all') => void;

/** What an operator just did, shown at once, until the server's own word replaces it or refuses it. */
interface PendingAcknowledgement {
  at: number;
  by: string;
}

/**
 * The city as the browser knows it, outside React: a component hears only of the device, the alerts or the connection
 * it asked for, and at most once a frame, however many messages came.
 */
export class LiveStore {
  #data: LiveData = emptyLiveData();
  #pending = new Map<string, PendingAcknowledgement>();
  #clock: ClockReading = { now: Date.now(), speed: 1, heardAt: performance.now() };
  #connection: Connection = { state: 'connecting', heardAt: null, heardAtLocal: null, nextTryAt: null };
  #alerts: readonly AlertResource[] = [];
  #deviceListeners = new Map<string, Set<Listener>>();
  #devicesListeners = new Set<DevicesListener>();
  #alertListeners = new Set<Listener>();
  #connectionListeners = new Set<Listener>();
  #registryListeners = new Set<Listener>();
  #dirtyDevices = new Set<string>();
  #dirtyAll = false;
  #dirtyAlerts = false;
  #flushAsked = false;

  // ── what came ──

  /** Takes a message in. False: something is missing in between, connect again and resume. */
  receive(message: WsServerMessage): boolean {
    if (message.type === 'snapshot') {
      this.#data = applySnapshot(message);
      this.#dirtyAll = true;
      this.#dirtyAlerts = true;
    } else if (message.type === 'delta') {
      const applied = applyDelta(this.#data, message);
      if (applied.result === 'gap') return false;
      if (applied.result === 'applied') {
        for (const id of applied.devices) this.#dirtyDevices.add(id);
        if (applied.alerts.length > 0) this.#dirtyAlerts = true;
        if (applied.registry) for (const listener of this.#registryListeners) listener();
      }
    } else if (message.epoch !== this.#data.epoch || message.seq !== this.#data.seq) {
      return false;
    }
    this.#clock = { now: message.now, speed: message.speed, heardAt: performance.now() };
    this.#connection = { ...this.#connection, heardAt: message.now, heardAtLocal: Date.now() };
    this.#askFlush();
    return true;
  }

  setConnection(state: ConnectionState, nextTryAt: number | null = null): void {
    if (this.#connection.state === state && this.#connection.nextTryAt === nextTryAt) return;
    this.#connection = { ...this.#connection, state, nextTryAt };
    for (const listener of this.#connectionListeners) listener();
  }

  /** For the first clock, before the socket speaks. */
  setClock(now: number, speed: number): void {
    this.#clock = { now, speed, heardAt: performance.now() };
  }

  // ── acknowledgements ──

  acknowledgeOptimistically(id: string, by: string): void {
    this.#pending.set(id, { at: this.now(), by });
    this.#dirtyAlerts = true;
    this.#askFlush();
  }

  /** The server's answer, or null where it refused: then the alert stands as it was. */
  settleAcknowledgement(id: string, answer: AlertResource | null): void {
    this.#pending.delete(id);
    if (answer) putAlert(this.#data, answer);
    this.#dirtyAlerts = true;
    this.#askFlush();
  }

  // ── what is shown ──

  now = (): number => cityTime(this.#clock, performance.now());
  speed = (): number => this.#clock.speed;
  connection = (): Connection => this.#connection;
  device = (id: string): DeviceLive | undefined => this.#data.devices.get(id);
  devices = (): ReadonlyMap<string, DeviceLive> => this.#data.devices;
  /** Open alerts and the last closed ones, with what is pending laid over; the same array until one changes. */
  alerts = (): readonly AlertResource[] => this.#alerts;
  /** How many alerts are open, those that are not here with them. */
  openAlertCount = (): number => this.#data.openAlerts;
  resumePoint = (): { epoch: string; seq: number } | undefined =>
    this.#data.epoch === null ? undefined : { epoch: this.#data.epoch, seq: this.#data.seq };

  subscribeDevice = (id: string, listener: Listener): (() => void) => {
    const listeners = this.#deviceListeners.get(id) ?? new Set();
    this.#deviceListeners.set(id, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#deviceListeners.delete(id);
    };
  };
  subscribeDevices = (listener: DevicesListener): (() => void) => subscribe(this.#devicesListeners, listener);
  subscribeAlerts = (listener: Listener): (() => void) => subscribe(this.#alertListeners, listener);
  subscribeConnection = (listener: Listener): (() => void) => subscribe(this.#connectionListeners, listener);
  subscribeRegistry = (listener: Listener): (() => void) => subscribe(this.#registryListeners, listener);

  // ── once a frame ──

  #askFlush(): void {
    if (this.#flushAsked) return;
    this.#flushAsked = true;
    // A hidden page gets no frames, and must not pile up what it has not told.
    if (document.hidden) setTimeout(() => this.#flush(), 250);
    else requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    this.#flushAsked = false;
    if (this.#dirtyAlerts) {
      this.#dirtyAlerts = false;
      this.#alerts = this.#mergedAlerts();
      for (const listener of this.#alertListeners) listener();
    }
    const all = this.#dirtyAll;
    const changed = this.#dirtyDevices;
    if (!all && changed.size === 0) return;
    this.#dirtyAll = false;
    this.#dirtyDevices = new Set();
    for (const listener of this.#devicesListeners) listener(all ? 'all' : changed);
    for (const id of all ? this.#deviceListeners.keys() : changed) {
      for (const listener of this.#deviceListeners.get(id) ?? []) listener();
    }
  }

  #mergedAlerts(): AlertResource[] {
    return Array.from(this.#data.alerts.values(), (alert) => {
      const pending = this.#pending.get(alert.id);
      if (!pending || alert.acknowledgedAt !== null) return alert;
      return { ...alert, acknowledgedAt: pending.at, acknowledgedBy: pending.by };
    });
  }
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
