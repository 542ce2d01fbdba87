import type { DecodedGroup } from './decode/decode-group.ts';

/** Memory of the groups held for readers that have not had them, by their buffers; decoded they are some five times as large. */
const HELD_SIZE_MAX = 32 * 1024 * 1024;

interface Held {
  bytes: Uint8Array;
  /** Once a reader has asked for it. */
  decoded?: DecodedGroup;
}

export interface GroupFeedOptions {
  decode: (group: number, bytes: Uint8Array) => DecodedGroup;
  /** Reads a group from the journal on disk. */
  fetch: (group: number) => Promise<Uint8Array | undefined>;
}

/**
 * What the two readers of the journal take from: groups come by push while the readers keep up, and are fetched
 * from disk where they do not, so a reader may be as far behind as it likes at no cost in memory.
 *
 * A group is decoded when the first reader asks for it, and held until the second has had it too.
 */
export class GroupFeed {
  readonly #options: GroupFeedOptions;
  readonly #held = new Map<number, Held>();
  #heldSize = 0;
  /** The newest group that a reader has asked for: up to there only the other one has still to come. */
  #front = 0;
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
    if (bytes && this.#hasRoomFor(bytes)) this.#hold(group, { bytes });
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
    const isFirst = group > this.#front;
    if (isFirst) this.#front = group;
    const held = this.#held.get(group);
    if (held && !isFirst) this.#release(group, held);
    if (held) return this.#decoded(group, held);
    const fetching =
      this.#fetching.get(group) ?? this.#fetch(group, isFirst).finally(() => this.#fetching.delete(group));
    this.#fetching.set(group, fetching);
    return await fetching;
  }

  #decoded(group: number, held: Held): DecodedGroup {
    held.decoded ??= this.#options.decode(group, held.bytes);
    return held.decoded;
  }

  async #fetch(group: number, isFirst: boolean): Promise<DecodedGroup | undefined> {
    const bytes = await this.#options.fetch(group);
    if (!bytes) {
      if (this.#closed) return undefined;
      throw new Error(`the journal has no group ${group}, though a reader still needs it`);
    }
    const held = { bytes };
    if (isFirst && this.#makeRoomFor(bytes)) this.#hold(group, held);
    return this.#decoded(group, held);
  }

  /** Readers get what is there and then the end. */
  close(): void {
    this.#closed = true;
    this.nudge();
  }

  /** Makes room by what one reader has had. What neither has had is wanted sooner than a new one, which is fetched then. */
  #hasRoomFor({ buffer: { byteLength: size } }: Uint8Array): boolean {
    for (const [group, held] of this.#held) {
      if (this.#heldSize + size <= HELD_SIZE_MAX || group > this.#front) break;
      this.#release(group, held);
    }
    return this.#heldSize + size <= HELD_SIZE_MAX;
  }

  /** The group is in use: the newest ones, whose turn comes last, make room for it, or both readers would fetch and decode it. */
  #makeRoomFor(bytes: Uint8Array): boolean {
    while (!this.#hasRoomFor(bytes)) {
      const newest = Math.max(...this.#held.keys());
      const held = this.#held.get(newest);
      if (!held || newest <= this.#front) return false;
      this.#release(newest, held);
    }
    return true;
  }

  #hold(group: number, held: Held): void {
    this.#held.set(group, held);
    this.#heldSize += held.bytes.buffer.byteLength;
  }

  #release(group: number, held: Held): void {
    this.#held.delete(group);
    this.#heldSize -= held.bytes.buffer.byteLength;
  }
}
