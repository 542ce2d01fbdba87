/** The journal's first reader: brings every reading into the telemetry store, and what cannot be one into the dead letters. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log, Reading } from '@haechi/core';
import { ReadingsRefusedError, type RefusedReading, type TelemetryStore } from '@haechi/storage';
import type { DeadLetterLog, OriginatedDeadLetter } from './dead-letters.ts';
import type { DecodedGroup } from './decode/decode-group.ts';
import type { GroupFeed } from './group-feed.ts';

/** A batch is written at the first of these. Chunks of 2,000 rows are what DuckDB takes best (docs/decisions/0003). */
const BATCH_ROWS = 8192;
const BATCH_GROUPS_MAX = 256;
const LINGER_MS = 100;
const STORE_DETAIL_LENGTH_MAX = 400;
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 15_000;

interface Batch {
  readings: Reading[];
  letters: OriginatedDeadLetter[];
}

export interface StoreReaderOptions {
  feed: GroupFeed;
  store: TelemetryStore;
  deadLetters: DeadLetterLog;
  log: Log;
  /** Everything up to this group is stored. */
  onStored: (group: number, readings: number, deadLetters: number) => void;
  /** The store fails, in words; `null` once it works again. */
  onTrouble: (trouble: string | null) => void;
}

export class StoreReader {
  readonly #options: StoreReaderOptions;
  readonly #stop = new AbortController();

  constructor(options: StoreReaderOptions) {
    this.#options = options;
  }

  /** Reads on from `after` until the feed is closed and empty. */
  async run(after: number): Promise<void> {
    let next = after + 1;
    for (;;) {
      const groups = await this.#gather(next);
      if (groups.length === 0) return;
      const readings = groups.flatMap(({ records }) => records.flatMap((record) => record.readings));
      const batch: Batch = { readings, letters: groups.flatMap(lettersOf) };
      next += groups.length;
      if (!(await this.#writeUntilDone(batch, next - 1))) return;
      this.#options.onStored(next - 1, batch.readings.length, batch.letters.length);
    }
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
      for (const record of group.records) rows += record.readings.length;
    }
    return groups;
  }

  async #writeUntilDone(batch: Batch, group: number): Promise<boolean> {
    const { deadLetters, log, onTrouble } = this.#options;
    for (let retryMs = RETRY_MS_MIN; ; retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)) {
      try {
        await deadLetters.add(batch.letters);
        await this.#appendAllowed(batch, group);
        if (retryMs > RETRY_MS_MIN) onTrouble(null);
        return true;
      } catch (error) {
        log.error({ err: error, group, retryMs }, 'store: write failed, the journal keeps it');
        onTrouble(`the telemetry store refuses writes: ${(error as Error).message}`);
        if (this.#stop.signal.aborted) return false;
        await sleep(retryMs, undefined, { signal: this.#stop.signal }).catch(() => undefined); // an abort tries once more
      }
    }
  }

  /** A reading that the store will never take is set aside; one of them must not hold up all that comes after it. */
  async #appendAllowed(batch: Batch, group: number): Promise<void> {
    for (;;) {
      try {
        await this.#options.store.append(batch.readings, group);
        return;
      } catch (error) {
        if (!(error instanceof ReadingsRefusedError) || error.refused.length === 0) throw error;
        const letters = error.refused.map(letterOf);
        await this.#options.deadLetters.add(letters);
        this.#options.log.warn({ reason: error.message, count: letters.length }, 'store: readings refused, set aside');
        const refused = new Set(error.refused.map(({ reading }) => reading));
        batch.readings = batch.readings.filter((reading) => !refused.has(reading));
        batch.letters = [...batch.letters, ...letters];
      }
    }
  }
}

/** The same reading refused again after a crash has the same origin, and is kept once. */
function letterOf({ reading, reason }: RefusedReading): OriginatedDeadLetter {
  const { device, domain, ts, receivedAt, seq, values } = reading;
  return {
    origin: `store:${device}:${ts}:${receivedAt}:${Object.keys(values).join()}`,
    receivedAt,
    topic: `${domain}/${device}`,
    device,
    reason: 'store-refused',
    detail: reason.slice(0, STORE_DETAIL_LENGTH_MAX),
    payload: Buffer.from(JSON.stringify({ ts, seq, values })),
  };
}

function lettersOf({ group, records }: DecodedGroup): OriginatedDeadLetter[] {
  return records.flatMap((record, index) =>
    record.deadLetters.map((letter, part) => ({ ...letter, origin: `${group}:${index}:${part}` })),
  );
}
