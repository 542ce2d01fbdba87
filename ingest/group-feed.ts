import type { DecodedGroup } from './decode/decode-group.ts';

/** Decoded groups kept for the reader that comes second, and pushed ones for both. */
const CACHE_GROUPS_MAX = 128;

export interface GroupFeedOptions {
  decode: (group: number, bytes: Uint8Array) => DecodedGroup;
  /** Reads a group from the journal on disk. */
  fetch: (group: number) => Promise<Uint8Array | undefined>;
}

/**
 * What the readers of the journal take from: groups come by push while the readers keep up, and are fetched
 * from disk where they do not, so a reader may be as far behind as it likes at no cost in memory.
 */
export class GroupFeed {
  readonly #options: GroupFeedOptions;
  readonly #cache = new Map<number, DecodedGroup>();
  /** What is being fetched now; two readers that want the same group share one fetch. */
  readonly #fetching = new Map<number, Promise<DecodedGroup | undefined>>();
  #head = 0;
  #waiting: (() => void)[] = [];
  #closed = false;

  constructor(options: GroupFeedOptions) {
    this.#options = options;
  }

  get head(): number {
    return this.#head;
  }

  /** A group is synced; its bytes come along while the readers keep up. */
  push(group: number, bytes?: Uint8Array): void {
    if (bytes) this.#keep(this.#options.decode(group, bytes));
    if (group <= this.#head) return;
    this.#head = group;
    this.nudge();
  }

  has(group: number): boolean {
    return group <= this.#head;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Until a group is pushed, the feed is closed, or somebody nudges. */
  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Wakes the readers that wait, to look at something else than groups. */
  nudge(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** The group, once there is one; `undefined` when the feed is closed. */
  async get(group: number): Promise<DecodedGroup | undefined> {
    while (group > this.#head) {
      if (this.#closed) return undefined;
      await this.wait();
    }
    const cached = this.#cache.get(group);
    if (cached) return cached;
    const fetching = this.#fetching.get(group) ?? this.#fetch(group).finally(() => this.#fetching.delete(group));
    this.#fetching.set(group, fetching);
    return await fetching;
  }

  async #fetch(group: number): Promise<DecodedGroup | undefined> {
    const bytes = await this.#options.fetch(group);
    if (!bytes) {
      if (this.#closed) return undefined;
      throw new Error(`the journal has no group ${group}, though a reader still needs it`);
    }
    const decoded = this.#options.decode(group, bytes);
    this.#keep(decoded);
    return decoded;
  }

  /** Readers get what is there and then the end. */
  close(): void {
    this.#closed = true;
    this.nudge();
  }

  #keep(decoded: DecodedGroup): void {
    this.#cache.set(decoded.group, decoded);
    if (this.#cache.size <= CACHE_GROUPS_MAX) return;
    const oldest = this.#cache.keys().next().value;
    if (oldest !== undefined) this.#cache.delete(oldest);
  }
}
