const WINDOW_S = 10;

/** Messages a second over the last ten seconds, from a counter that only grows. */
export class MessageRate {
  readonly #count: () => number;
  readonly #samples: number[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(count: () => number) {
    this.#count = count;
    this.#timer = setInterval(() => this.#sample(), 1000);
  }

  get perSecond(): number {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || this.#samples.length < 2) return 0;
    return Math.round(((last - first) / (this.#samples.length - 1)) * 10) / 10;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    this.#samples.push(this.#count());
    if (this.#samples.length > WINDOW_S + 1) this.#samples.shift();
  }
}
