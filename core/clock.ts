/**
 * Time is injected everywhere, so that live data, tests, backtests and replays run the same code.
 */
export interface Clock {
  /** Epoch milliseconds, UTC. */
  now(): number;
}

/** The machine's clock, kept from running backwards: a step back stands still until real time has caught up. */
export class SystemClock implements Clock {
  #last = 0;

  now(): number {
    const now = Date.now();
    if (now > this.#last) this.#last = now;
    return this.#last;
  }
}

/** A clock that moves only when told: for tests and for recordings. */
export class VirtualClock implements Clock {
  #now: number;

  constructor(startMs: number) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  /** Moves to the whole millisecond of `timeMs`; an earlier time is ignored, for no clock of ours runs backwards. */
  advanceTo(timeMs: number): void {
    this.#now = Math.max(this.#now, Math.floor(timeMs));
  }
}
