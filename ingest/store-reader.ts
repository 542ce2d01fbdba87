/** The journal's first reader: brings every reading into the telemetry store, and what cannot be one into the dead letters. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Log, messageOf } from '@haechi/core';
import { ReadingsRefusedError, type StorePosition, type TelemetryStore } from '@haechi/storage';
import { Batch } from './batch.ts';
import type { DeadLetterLog } from './dead-letters.ts';
import type { DecodedGroup } from './decode/decode-group.ts';
import type { GroupFeed } from './group-feed.ts';

/** A batch is written at the first of these; a message is a row at least, whatever becomes of it. */
const BATCH_ROWS = 16_384;
const BATCH_GROUPS_MAX = 256;
const LINGER_MS = 100;
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 15_000;

export interface StoreReaderOptions {
  feed: GroupFeed;
  store: TelemetryStore;
  deadLetters: DeadLetterLog;
  log: Log;
  /** Everything up to this position is stored: so many readings, and so many letters, more than before, in this time. */
  onStored: (position: StorePosition, batch: { readings: number; deadLetters: number; seconds: number }) => void;
  /** The store fails, in words; `null` once it works again. */
  onTrouble: (trouble: string | null) => void;
}

export class StoreReader {
  readonly #options: StoreReaderOptions;
  readonly #stop = new AbortController();
  #acceptedBefore = 0;
  /** The write under way, or what is done between two. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: StoreReaderOptions) {
    this.#options = options;
  }

  /**
   * Reads on from `position` until the feed is closed and empty.
   * @param acceptedBefore messages that the journal had accepted before this store was taken into use
   */
  async run(position: StorePosition, acceptedBefore = 0): Promise<void> {
    this.#acceptedBefore = acceptedBefore;
    for (let at = position; ; ) {
      const groups = await this.#gather(at.group + 1);
      if (groups.length === 0) return;
      const batch = new Batch(at, groups, (domain) => this.#options.store.keptSince(domain));
      const from = performance.now();
      const next = await this.#writeUntilDone(batch);
      if (!next) return;
      at = next;
      const seconds = (performance.now() - from) / 1000;
      this.#options.onStored(next, { readings: batch.stored.length, deadLetters: batch.letterCount, seconds });
    }
  }

  /** Does `work` while no batch is being written: readings and dead letters are then those of one position. */
  between<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined); // whoever asked is told
    return done;
  }

  /** Gives up waiting for a store that is down; the journal keeps what is not stored. */
  stop(): void {
    this.#stop.abort();
  }

  async #gather(first: number): Promise<DecodedGroup[]> {
    const { feed } = this.#options;
    const groups: DecodedGroup[] = [];
    let rows = 0;
    let lingered = false;
    while (rows < BATCH_ROWS && groups.length < BATCH_GROUPS_MAX) {
      const number = first + groups.length;
      if (groups.length > 0 && !feed.has(number)) {
        if (lingered) break;
        lingered = true;
        await sleep(LINGER_MS);
        continue;
      }
      const group = await feed.get(number);
      if (!group) break;
      groups.push(group);
      for (const { readings, deadLetters } of group.records) rows += Math.max(1, readings.length + deadLetters.length);
    }
    return groups;
  }

  /** The position after the batch; nothing where the store stayed down until it was stopped. */
  async #writeUntilDone(batch: Batch): Promise<StorePosition | undefined> {
    const { log, onTrouble } = this.#options;
    for (let retryMs = RETRY_MS_MIN; ; retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)) {
      try {
        const position = await this.between(() => this.#write(batch));
        if (retryMs > RETRY_MS_MIN) onTrouble(null);
        return position;
      } catch (error) {
        log.error({ err: error, group: batch.last, retryMs }, 'store: write failed, the journal keeps it');
        onTrouble(`the telemetry store refuses writes: ${messageOf(error)}`);
        if (this.#stop.signal.aborted) return undefined;
        await sleep(retryMs, undefined, { signal: this.#stop.signal }).catch(() => undefined); // an abort tries once more
      }
    }
  }

  /** A reading that the store will never take is set aside; one of them must not hold up all that comes after it. */
  async #write(batch: Batch): Promise<StorePosition> {
    const { store, deadLetters, log } = this.#options;
    batch.redeemed ??= await deadLetters.add(batch.entries, batch.before.group);
    batch.unseen ??= await store.unseen(batch.readings.filter(({ domain, ts }) => ts >= batch.keptSince(domain)));
    for (;;) {
      const { position, days } = batch.settle(this.#acceptedBefore);
      try {
        await store.append(batch.stored, position, days);
        return position;
      } catch (error) {
        if (!(error instanceof ReadingsRefusedError) || error.refused.length === 0) throw error;
        const letters = batch.refuse(error.refused);
        await deadLetters.add([{ letters }]);
        log.warn({ reason: error.message, count: letters.length }, 'store: readings refused, set aside');
      }
    }
  }
}
