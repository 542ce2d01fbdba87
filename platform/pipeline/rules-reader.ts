/** The journal's second reader: feeds the rule engine, and makes its alerts and its own position durable together. */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { type Alert, type Log, messageOf, type Reading } from '@haechi/core';
import type { DecodedGroup, GroupFeed } from '@haechi/ingest';
import {
  AlertBook,
  type CompiledRule,
  type DeviceState,
  orphanedAlerts,
  RuleEngine,
  type RuleTransition,
  saveCheckpoint,
  strayTwins,
} from '@haechi/services';
import type { StateDb } from '@haechi/storage';
import type { LiveValues } from './messages.ts';
import { Stopwatch } from './stopwatch.ts';

/** Work between two looks at the clock and at what else is to be done. */
const BATCH_GROUPS = 16;
/** A group handled but not yet in a checkpoint is handled again after a crash; this bounds how many. */
const CHECKPOINT_MS = 1000;
const LIVE_MS = 100;
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 5000;
const PRUNE_MS = 3_600_000;

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
  /** Time spent on judging. */
  readonly busy = new Stopwatch();
  readonly #options: RulesReaderOptions;
  readonly #stop = new AbortController();
  readonly #ended = new AbortController();
  readonly #book: AlertBook;
  /** What the engine did since the last checkpoint; it stays here until it is written. */
  #transitions: RuleTransition[] = [];
  readonly #unsaved = new Set<string>();
  #live = new Map<string, LiveValues>();
  #tick: { now: number; head: number } | undefined;
  #settlers: { head: number; resolve: () => void }[] = [];
  #saved = 0;
  #savedAt = 0;
  #liveAt = 0;
  #pruneAt = 0;
  #pruning: Promise<void> = Promise.resolve();

  constructor(options: RulesReaderOptions) {
    this.#options = options;
    this.#book = new AlertBook(options.db);
    this.engine = new RuleEngine({
      rules: options.rules,
      log: options.log,
      onTransition: (transition) => this.#transitions.push(transition),
      onCurrent: (reading) => this.#current(reading),
    });
  }

  #judge({ records }: DecodedGroup): void {
    for (const record of records) this.engine.process(record);
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

  /**
   * Clears what has nothing behind it any more, then reads on from `after` until the feed is closed and empty, or until
   * it is stopped and the state database fails: then the journal keeps what is not in a checkpoint.
   */
  async run(after: number): Promise<void> {
    this.#saved = after;
    try {
      if (await this.#tidy(after)) await this.#read(after + 1);
    } finally {
      this.#ended.abort();
      await this.#pruning;
    }
  }

  async #read(first: number): Promise<void> {
    const { feed } = this.#options;
    let next = first;
    for (;;) {
      this.#prune();
      if (feed.has(next)) {
        for (const last = next + BATCH_GROUPS; next < last && feed.has(next); next++) {
          const decoded = await feed.get(next);
          if (!decoded) {
            // Closed, and this one can no longer be had: the next start reads it.
            await this.#save(next - 1);
            return;
          }
          this.busy.of(() => this.#judge(decoded));
          // Groups that come fast would keep everything else in this thread from its turn: the store's commits wait for theirs.
          await turn();
        }
      } else if (this.#tick && this.#tick.head < next) {
        this.engine.advance(this.#tick.now);
        this.#tick = undefined;
      } else if (this.#settlers.some(({ head }) => head < next)) {
        if (!(await this.#save(next - 1))) return;
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
      if (this.#transitions.length > 0 || due) {
        if (!(await this.#save(next - 1))) return;
      } else if (this.#live.size > 0 && performance.now() - this.#liveAt >= LIVE_MS) this.#tell([], []);
    }
  }

  /** Gives up waiting for a state database that fails; the journal keeps what is not in a checkpoint. */
  stop(): void {
    this.#stop.abort();
  }

  #current(reading: Reading): void {
    const { device: id, ts, receivedAt, values } = reading;
    const known = this.#live.get(id);
    if (!known) this.#live.set(id, { id, ts, receivedAt, values: { ...values } });
    else {
      known.ts = ts;
      known.receivedAt = receivedAt;
      Object.assign(known.values, values);
    }
  }

  /** Alerts that stand with nothing behind them, and what is kept of devices that are not there any more. */
  #tidy(after: number): Promise<boolean> {
    const { db } = this.#options;
    return this.#insist(after, async () => {
      const gone = await strayTwins(db, this.engine);
      const orphans = await orphanedAlerts(db, this.engine);
      this.#takeChanged();
      if (gone.length + orphans.length + this.#unsaved.size > 0) await this.#write(after, orphans, gone);
    });
  }

  #save(group: number): Promise<boolean> {
    return this.#insist(group, () => this.#write(group));
  }

  /** Tries until it succeeds; false where it failed and the reader is stopped. */
  async #insist(group: number, write: () => Promise<void>): Promise<boolean> {
    const { onTrouble, log } = this.#options;
    for (let retryMs = RETRY_MS_MIN; ; retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)) {
      try {
        await write();
        if (retryMs > RETRY_MS_MIN) onTrouble(null);
        return true;
      } catch (error) {
        log.error({ err: error, group, retryMs }, 'rules: checkpoint failed, the journal keeps it');
        onTrouble(`alerts cannot be written: ${messageOf(error)}`);
        if (this.#stop.signal.aborted) return false;
        await sleep(retryMs, undefined, { signal: this.#stop.signal }).catch(() => undefined); // an abort tries once more
      }
    }
  }

  async #write(group: number, orphans: readonly RuleTransition[] = [], gone: readonly string[] = []): Promise<void> {
    const { db, onCheckpoint } = this.#options;
    this.#takeChanged();
    const devices = new Map<string, DeviceState>();
    for (const id of this.#unsaved) {
      const state = this.engine.state(id);
      if (state) devices.set(id, state);
    }
    const transitions = [...orphans, ...this.#transitions];
    const taken = this.#transitions.length;
    const checkpoint = { group, startedAt: this.engine.startedAt, devices };
    const alerts = await saveCheckpoint(db, checkpoint, transitions, gone);
    // Meanwhile the registry may have changed a device: that is in neither, and comes with the next one.
    this.#unsaved.clear();
    this.#transitions.splice(0, taken);
    this.#savedAt = performance.now();
    if (group > this.#saved) onCheckpoint(group);
    this.#saved = group;
    this.#tell(alerts, transitions);
  }

  #takeChanged(): void {
    for (const id of this.engine.takeChanged()) this.#unsaved.add(id);
  }

  /** Beside the reading: it takes its turns with the checkpoints. */
  #prune(): void {
    if (performance.now() < this.#pruneAt) return;
    this.#pruneAt = performance.now() + PRUNE_MS;
    const { log } = this.#options;
    this.#pruning = this.#pruning
      .then(() => this.#book.prune(this.engine.now, this.#ended.signal))
      .then((count) => {
        if (count > 0) log.info({ count }, 'alerts: old ones deleted');
      })
      .catch((error: unknown) => log.error({ err: error }, 'alerts: old ones could not be deleted, tried again later'));
  }

  #tell(alerts: Alert[], transitions: RuleTransition[]): void {
    const devices = [...this.#live.values()];
    this.#live = new Map();
    this.#liveAt = performance.now();
    if (devices.length > 0 || alerts.length > 0) this.#options.onLive(devices, alerts, transitions);
  }
}
