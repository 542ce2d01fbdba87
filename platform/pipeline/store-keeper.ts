/** Beside the readers: has the store do what is due (roll-ups, sealed days, retention), again and again, by the journal's clock. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Log, messageOf } from '@haechi/core';
import type { TelemetryStore } from '@haechi/storage';

/** Real time between two looks at what is due; a rolled-up minute is that old at most before it is. */
const PAUSE_MS = 30_000;

export interface StoreKeeperOptions {
  store: Pick<TelemetryStore, 'maintain'>;
  log: Log;
  /** Something may have been dropped. */
  onDone: () => Promise<void>;
  /** It fails, in words; `null` once it works again. Readings are stored all the same. */
  onTrouble: (trouble: string | null) => void;
  pauseMs?: number;
}

export class StoreKeeper {
  readonly #options: StoreKeeperOptions;
  readonly #stop = new AbortController();
  #now = 0;
  #round = new AbortController();
  #aside: Promise<unknown> = Promise.resolve();

  constructor(options: StoreKeeperOptions) {
    this.#options = options;
  }

  tick(now: number): void {
    this.#now = now;
  }

  /** Until it is stopped; what is left then, the next start does. */
  async run(): Promise<void> {
    const { store, log, onDone, onTrouble, pauseMs = PAUSE_MS } = this.#options;
    const { signal } = this.#stop;
    let failed = false;
    while (!signal.aborted) {
      await this.#aside;
      this.#round = new AbortController();
      try {
        await store.maintain(this.#now, AbortSignal.any([signal, this.#round.signal]));
        await onDone();
        if (failed) onTrouble(null);
        failed = false;
      } catch (error) {
        failed = true;
        log.error({ err: error }, 'store: roll-ups, sealing or retention failed, tried again later');
        onTrouble(`roll-ups and retention stand still: ${messageOf(error)}`);
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined); // stopped: the loop looks
    }
  }

  /** Steps aside for `work`, which waits for the store: after a long absence what is due may take minutes. */
  aside<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#aside.then(work);
    this.#aside = done.catch(() => undefined); // whoever asked is told
    this.#round.abort();
    return done;
  }

  stop(): void {
    this.#stop.abort();
  }
}
