/** Adds up the time that a piece of work takes, seconds. */
export class Stopwatch {
  #sum = 0;

  of<T>(work: () => T): T {
    const from = performance.now();
    try {
      return work();
    } finally {
      this.#sum += (performance.now() - from) / 1000;
    }
  }

  /** The sum so far; it begins again at zero. */
  take(): number {
    const sum = this.#sum;
    this.#sum = 0;
    return sum;
  }
}
