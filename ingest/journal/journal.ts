/**
 * The one durable buffer between the broker and everything behind it.
 *
 * Messages are gathered into a group while the group before is being synced, so load sets the pace by itself.
 * `append` calls back only when its group is on disk. Each reader has a cursor; what all have passed is cleared.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { HaechiError, type Log, type Metrics, messageOf } from '@haechi/core';
import { fill, type Held, keyOf, type Level, lookThrough, openLevel } from './level.ts';
import {
  acceptedOf,
  HEADER_SIZE,
  type JournalRecord,
  readGroup,
  recordSize,
  sealGroup,
  writeRecord,
} from './record.ts';

/**
 * A group is closed at the first of these, and as soon as the one before it is synced: none waits for more to come, so a
 * message waits for two syncs at most (1.6 ms where the disk keeps up). One group of 256 KiB syncs in 0.8 ms
 * (docs/decisions/0002).
 */
const GROUP_SIZE_MAX = 262_144;
const GROUP_RECORDS_MAX = 4096;
/** Bytes waiting for a sync; beyond it an append is refused. Each device's own bound is far below. */
const PENDING_SIZE_MAX = 64 * 1024 * 1024;
const RECOVER_MS_MIN = 250;
const RECOVER_MS_MAX = 5000;

export type Appended = (error?: Error) => void;

interface PendingGroup {
  buffer: Buffer;
  end: number;
  waiting: Appended[];
  /** Records that are a device's message. */
  messages: number;
}

export interface JournalOptions {
  folder: string;
  sizeMax: number;
  /** Whose cursors decide what may be cleared. */
  readers: readonly string[];
  log: Log;
  metrics: Metrics;
}

export class Journal {
  #db: Level;
  /** When the newest record came that it held when it was opened; 0 where it held none. */
  readonly newestReceivedAt: number;
  readonly #options: JournalOptions;
  readonly #sizes: Map<number, number>;
  readonly #cursors = new Map<string, number>();
  #oldest: number;
  /** Every group before this one is gone from disk. */
  #clearedTo = 0;
  #readByAll = false;
  #head: number;
  #size = 0;
  #pendingSize = 0;
  #accepted: number;
  /** When the oldest record that is not synced yet came. */
  #oldestPending: number | undefined;
  #pending: PendingGroup[] = [];
  #syncing: Promise<void> | undefined;
  #failure: Error | undefined;
  #closed = false;
  #listener: ((group: number, bytes: Buffer) => void) | undefined;
  /** What is after these groups is kept, read or not, while somebody holds it. */
  readonly #holds = new Map<object, number>();

  private constructor(db: Level, options: JournalOptions, { sizes, newestReceivedAt, accepted }: Held) {
    this.#db = db;
    this.#options = options;
    this.#sizes = sizes;
    this.newestReceivedAt = newestReceivedAt;
    this.#accepted = accepted;
    const groups = [...sizes.keys()];
    this.#oldest = groups[0] ?? 1;
    this.#head = groups.at(-1) ?? 0;
    for (const size of sizes.values()) this.#size += size;
    for (const reader of options.readers) this.#cursors.set(reader, 0);
    this.#tell();
  }

  /**
   * Opens the journal and makes it whole.
   * @throws HaechiError DATA_LOCKED, DATA_FOLDER
   */
  static async open(options: JournalOptions): Promise<Journal> {
    const db = await openLevel(options.folder);
    return new Journal(db, options, await lookThrough(db, options.log));
  }

  /** The newest synced group; groups are numbered from 1 without gaps. */
  get head(): number {
    return this.#head;
  }

  /** The oldest group it holds; one after the newest where it holds none. */
  get oldest(): number {
    return this.#sizes.size > 0 ? this.#oldest : this.#head + 1;
  }

  get size(): number {
    return this.#size;
  }

  /** Messages acknowledged since the first start. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Messages accepted up to the end of this group, since the first start; `undefined` where the journal cannot tell any more. */
  async acceptedThrough(group: number): Promise<number | undefined> {
    if (group >= this.#head) return this.#accepted;
    const bytes = await this.read(group);
    if (bytes) return acceptedOf(bytes);
    const next = await this.read(group + 1);
    return next && acceptedOf(next) - readGroup(next).filter(({ kind }) => kind === 'message').length;
  }

  /** Whether it takes messages now: neither full nor failed nor closed. */
  get accepting(): boolean {
    return !this.#closed && !this.#failure && this.#unreadSize + this.#pendingSize < this.#options.sizeMax;
  }

  /** The newest group stays when every reader has had it; counted then, one as large as the bound would fill it for good. */
  get #unreadSize(): number {
    return this.#readByAll ? 0 : this.#size;
  }

  cursors(): Record<string, number> {
    return Object.fromEntries(this.#cursors);
  }

  /** Told of every group once it is synced, in order. */
  onGroup(listener: (group: number, bytes: Buffer) => void): void {
    this.#listener = listener;
  }

  /**
   * Where the data behind it knows more groups than the journal (its folder was lost, or its tail cut), numbering goes on
   * from there, so that no reader takes a new group for one it has had; and so does the count of accepted messages.
   */
  async startAfter(group: number, accepted = 0): Promise<void> {
    this.#accepted = Math.max(this.#accepted, accepted);
    if (group <= this.#head) return;
    if (this.#sizes.size > 0) await fill(this.#db, this.#sizes, this.#head + 1, group, this.#accepted);
    else this.#oldest = group + 1;
    this.#head = group;
  }

  append(record: JournalRecord, appended: Appended): void {
    const size = recordSize(record);
    const refusal = this.#refusal(size);
    if (refusal) {
      appended(refusal);
      return;
    }
    const group = this.#roomFor(size);
    group.end = writeRecord(group.buffer, group.end, record);
    group.waiting.push(appended);
    if (record.kind === 'message') group.messages++;
    this.#pendingSize += size;
    this.#oldestPending ??= record.receivedAt;
    // Started in a microtask, so that all that one read of the sockets brings shares the first group.
    this.#syncing ??= Promise.resolve().then(() => this.#drain());
  }

  #refusal(size: number): Error | undefined {
    if (this.#closed) return new HaechiError('CLOSED', 'the journal is closed');
    if (this.#failure) return this.#failure;
    if (this.accepting && this.#pendingSize + size <= PENDING_SIZE_MAX) return undefined;
    return new HaechiError('JOURNAL_FULL', `the journal holds ${this.#size} bytes, its bound`);
  }

  #roomFor(size: number): PendingGroup {
    const last = this.#pending.at(-1);
    if (last && last.end + size <= last.buffer.length && last.waiting.length < GROUP_RECORDS_MAX) return last;
    const group = {
      buffer: Buffer.allocUnsafeSlow(Math.max(GROUP_SIZE_MAX, HEADER_SIZE + size)),
      end: HEADER_SIZE,
      waiting: [],
      messages: 0,
    };
    this.#pending.push(group);
    return group;
  }

  async #drain(): Promise<void> {
    for (let group = this.#pending.shift(); group; group = this.#pending.shift()) await this.#sync(group);
    this.#syncing = undefined;
    this.#oldestPending = undefined;
  }

  async #sync(group: PendingGroup): Promise<void> {
    const accepted = this.#accepted + group.messages;
    sealGroup(group.buffer, group.end, group.waiting.length, accepted);
    const bytes = group.buffer.subarray(0, group.end);
    const number = this.#head + 1;
    const done = this.#options.metrics.journalSync.startTimer();
    if (!(await this.#write(number, bytes))) {
      for (const appended of group.waiting) appended(this.#failure);
      return;
    }
    done();
    this.#pendingSize -= group.end - HEADER_SIZE;
    this.#head = number;
    this.#readByAll = false;
    this.#sizes.set(number, bytes.length);
    this.#size += bytes.length;
    this.#accepted = accepted;
    this.#options.metrics.accepted.inc(group.messages);
    this.#tell();
    for (const appended of group.waiting) appended();
    this.#listener?.(number, bytes);
  }

  /**
   * Writes until it is written: what LevelDB holds after a failed write is unknown, so it is opened anew before the next try.
   * Meanwhile nothing more is taken. False where it was closed first.
   */
  async #write(number: number, bytes: Buffer): Promise<boolean> {
    for (let retryMs = RECOVER_MS_MIN; ; retryMs = Math.min(retryMs * 2, RECOVER_MS_MAX)) {
      try {
        if (this.#failure) await this.#reopen();
        await this.#db.put(keyOf(number), bytes, { sync: true });
        if (this.#failure) this.#options.log.warn({ group: number }, 'journal: written again, acknowledgement goes on');
        this.#failure = undefined;
        return true;
      } catch (cause) {
        const message = `the journal cannot be written: ${messageOf((cause as Error).cause ?? cause)}`;
        this.#failure = new HaechiError('JOURNAL_FAILED', message, { cause });
        this.#options.log.error({ err: cause, retryMs }, 'journal: write failed, acknowledgement stands still');
        if (this.#closed) return false;
        await sleep(retryMs);
      }
    }
  }

  async #reopen(): Promise<void> {
    await this.#db.close();
    this.#db = await openLevel(this.#options.folder);
  }

  /** What is wrong with it now, in words. */
  get trouble(): string | undefined {
    if (this.#failure) return this.#failure.message;
    return this.accepting ? undefined : 'the journal is full';
  }

  /** A time on the journal's clock before which nothing more can come: `now`, or when the oldest unsynced record came. */
  settledBefore(now: number): number {
    return this.#oldestPending ?? now;
  }

  /** The bytes of a group, or `undefined` where it is cleared or not yet written. */
  async read(group: number): Promise<Buffer | undefined> {
    if (group < this.#oldest || group > this.#head) return undefined;
    for (;;) {
      try {
        return await this.#db.get(keyOf(group));
      } catch (error) {
        if (!this.#failure || this.#closed) throw error;
        await sleep(RECOVER_MS_MIN); // it is being opened anew
      }
    }
  }

  /** A reader is done with every group up to this one. */
  async moveCursor(reader: string, group: number): Promise<void> {
    if (!this.#cursors.has(reader)) throw new Error(`the journal knows no reader ${reader}`);
    this.#cursors.set(reader, group);
    this.#readByAll = Math.min(...this.#cursors.values()) >= this.#head;
    this.#options.metrics.cursor.set({ reader }, group);
    // The newest group stays: it keeps the numbering across a restart.
    const keepFrom = Math.min(...this.#cursors.values(), this.#head - 1, ...this.#holds.values()) + 1;
    if (keepFrom <= this.#oldest || this.#closed) return;
    for (let cleared = this.#oldest; cleared < keepFrom; cleared++) {
      this.#size -= this.#sizes.get(cleared) ?? 0;
      this.#sizes.delete(cleared);
    }
    this.#oldest = keepFrom;
    this.#tell();
    // From where the last success ended: a range left behind a failure would look like a hole at the next start.
    await this.#db.clear({ gte: keyOf(this.#clearedTo), lt: keyOf(keepFrom) });
    this.#clearedTo = Math.max(this.#clearedTo, keepFrom);
  }

  /** Keeps every group that it holds now, and all that come, until the answer is called: for who copies them. */
  hold(): () => void {
    const hold = {};
    this.#holds.set(hold, this.oldest - 1);
    return () => this.#holds.delete(hold);
  }

  /** Syncs what was appended, then closes. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#syncing;
    await this.#db.close();
  }

  #tell(): void {
    this.#options.metrics.journalHead.set(this.#head);
    this.#options.metrics.journalBytes.set(this.#size);
  }
}
