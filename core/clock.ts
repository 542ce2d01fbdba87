/**
 * Time is injected everywhere, so that live data, tests, backtests and replays run the same code.
 */
export interface Clock {
  /** Epoch milliseconds, UTC. */
  now(): number;
  /** From now on it says no earlier time than this. */
  notBefore(timeMs: number): void;
}

/**
 * The machine's clock, kept from running backwards. After a step back it goes on at half pace until real time has caught up:
 * were it to stand still, readings without a time of their own would share one and be taken for the same point.
 */
export class SystemClock implements Clock {
  #last = 0;
  #real = 0;

  now(): number {
    const real = Date.now();
    if (real >= this.#last) this.#last = real;
    else this.#last += Math.max(0, real - this.#real) / 2;
    this.#real = real;
    return Math.floor(this.#last);
  }

  notBefore(timeMs: number): void {
    this.#last = Math.max(this.#last, timeMs);
    this.#real = Date.now();
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

  notBefore(timeMs: number): void {
    this.advanceTo(timeMs);
  }

  /** Moves to the whole millisecond of `timeMs`; an earlier time is ignored, for no clock of ours runs backwards. */
  advanceTo(timeMs: number): void {
    this.#now = Math.max(this.#now, Math.floor(timeMs));
  }
}
