/** The journal's second reader: feeds the rule engine, and makes its alerts and its own position durable together. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Alert, Log, Reading } from '@haechi/core';
import type { GroupFeed } from '@haechi/ingest';
import { type CompiledRule, type DeviceState, RuleEngine, type RuleTransition, saveCheckpoint } from '@haechi/services';
import type { StateDb } from '@haechi/storage';
import type { LiveValues } from './messages.ts';

/** Work between two looks at the clock and at what else is to be done. */
const BATCH_GROUPS = 16;
/** A group handled but not yet in a checkpoint is handled again after a crash; this bounds how many. */
const CHECKPOINT_MS = 1000;
const LIVE_MS = 100;
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 5000;

export interface RulesReaderOptions {
  feed: GroupFeed;
  rules: readonly CompiledRule[];
  db: StateDb;
  log: Log;
  onLive: (devices: LiveValues[], alerts: Alert[], transitions: RuleTransition[]) => void;
  /** Everything up to this group is in the checkpoint. */
  onCheckpoint: (group: number) => void;
  onTrouble: (trouble: string | null) => void;
}

export class RulesReader {
  readonly engine: RuleEngine;
  readonly #options: RulesReaderOptions;
  readonly #stop = new AbortController();
  #transitions: RuleTransition[] = [];
  #live = new Map<string, LiveValues>();
  #tick: { now: number; head: number } | undefined;
  #settlers: { head: number; resolve: () => void }[] = [];
  #saved = 0;
  #savedAt = 0;
  #liveAt = 0;

  constructor(options: RulesReaderOptions) {
    this.#options = options;
    this.engine = new RuleEngine({
      rules: options.rules,
      log: options.log,
      onTransition: (transition) => this.#transitions.push(transition),
      onCurrent: (reading) => this.#current(reading),
    });
  }

  /** Lets timers fire that are due by `now`, once every group up to `head` has been handled. */
  tick(now: number, head: number): void {
    this.#tick = { now, head };
    this.#options.feed.nudge();
  }

  /** Resolves once every group up to `head` has been handled, and what it led to is written and told. */
  settled(head: number): Promise<void> {
    return new Promise((resolve) => {
      this.#settlers.push({ head, resolve });
      this.#options.feed.nudge();
    });
  }

  /** Reads on from `after` until the feed is closed and empty. */
  async run(after: number): Promise<void> {
    const { feed } = this.#options;
    this.#saved = after;
    let next = after + 1;
    for (;;) {
      if (feed.has(next)) {
        for (const last = next + BATCH_GROUPS; next < last && feed.has(next); next++) {
          const decoded = await feed.get(next);
          for (const record of decoded?.records ?? []) this.engine.process(record);
        }
      } else if (this.#tick && this.#tick.head < next) {
        this.engine.advance(this.#tick.now);
        this.#tick = undefined;
      } else if (this.#settlers.some(({ head }) => head < next)) {
        await this.#save(next - 1);
        for (const { resolve } of this.#settlers.filter(({ head }) => head < next)) resolve();
        this.#settlers = this.#settlers.filter(({ head }) => head >= next);
      } else if (feed.closed) {
        await this.#save(next - 1);
        return;
      } else {
        await feed.wait();
        continue;
      }
      const due = next - 1 > this.#saved && performance.now() - this.#savedAt >= CHECKPOINT_MS;
      if (this.#transitions.length > 0 || due) await this.#save(next - 1);
      else if (this.#live.size > 0 && performance.now() - this.#liveAt >= LIVE_MS) this.#tell([], []);
    }
  }

  /** Gives up waiting for a state database that fails; the journal keeps what is not in a checkpoint. */
  stop(): void {
    this.#stop.abort();
  }

  #current(reading: Reading): void {
    const known = this.#live.get(reading.device);
    this.#live.set(reading.device, {
      id: reading.device,
      ts: reading.ts,
      receivedAt: reading.receivedAt,
      values: known ? { ...known.values, ...reading.values } : reading.values,
    });
  }

  async #save(group: number): Promise<void> {
    const { db, onCheckpoint, onTrouble, log } = this.#options;
    const devices = new Map<string, DeviceState>();
    for (const id of this.engine.takeChanged()) {
      const state = this.engine.state(id);
      if (state) devices.set(id, state);
    }
    const transitions = this.#transitions;
    this.#transitions = [];
    const checkpoint = { group, startedAt: this.engine.startedAt, devices };
    for (let retryMs = RETRY_MS_MIN; ; retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)) {
      try {
        const alerts = await saveCheckpoint(db, checkpoint, transitions);
        if (retryMs > RETRY_MS_MIN) onTrouble(null);
        this.#saved = group;
        this.#savedAt = performance.now();
        onCheckpoint(group);
        this.#tell(alerts, transitions);
        return;
      } catch (error) {
        log.error({ err: error, group, retryMs }, 'rules: checkpoint failed, the journal keeps it');
        onTrouble(`alerts cannot be written: ${(error as Error).message}`);
        if (this.#stop.signal.aborted) return;
        await sleep(retryMs, undefined, { signal: this.#stop.signal }).catch(() => undefined); // an abort tries once more
      }
    }
  }

  #tell(alerts: Alert[], transitions: RuleTransition[]): void {
    const devices = [...this.#live.values()];
    this.#live = new Map();
    this.#liveAt = performance.now();
    if (devices.length > 0 || alerts.length > 0) this.#options.onLive(devices, alerts, transitions);
  }
}
