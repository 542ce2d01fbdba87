/**
 * The one durable buffer between the broker and everything behind it.
 *
 * Messages are gathered into a group while the group before is being synced, so load sets the pace by itself.
 * `append` calls back only when its group is on disk. Each reader has a cursor; what all have passed is cleared.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { HaechiError, type Log, type Metrics, messageOf } from '@haechi/core';
import { ClassicLevel } from 'classic-level';
import { groupIsSound, HEADER_SIZE, type JournalRecord, recordSize, sealGroup, writeRecord } from './record.ts';

/** A group is closed at the first of these. One group of 256 KiB syncs in 0.8 ms (docs/decisions/0002). */
const GROUP_SIZE_MAX = 262_144;
const GROUP_RECORDS_MAX = 4096;
/** Bytes waiting for a sync; beyond it an append is refused. Each device's own bound is far below. */
const PENDING_SIZE_MAX = 64 * 1024 * 1024;
const WRITE_BUFFER_SIZE = 16 * 1024 * 1024;

export type Appended = (error?: Error) => void;
type Level = ClassicLevel<Buffer, Buffer>;

interface PendingGroup {
  buffer: Buffer;
  end: number;
  waiting: Appended[];
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
  readonly #db: Level;
  readonly #options: JournalOptions;
  readonly #sizes = new Map<number, number>();
  readonly #cursors = new Map<string, number>();
  #oldest = 1;
  /** Every group before this one is gone from disk. */
  #clearedTo = 0;
  #readByAll = false;
  #head = 0;
  #size = 0;
  #pendingSize = 0;
  #acceptedCount = 0;
  /** When the oldest record that is not synced yet came. */
  #oldestPending: number | undefined;
  #pending: PendingGroup[] = [];
  #syncing: Promise<void> | undefined;
  #failure: Error | undefined;
  #closed = false;
  #listener: ((group: number, bytes: Buffer) => void) | undefined;

  private constructor(db: Level, options: JournalOptions) {
    this.#db = db;
    this.#options = options;
    for (const reader of options.readers) this.#cursors.set(reader, 0);
  }

  /** Opens the journal; a torn or corrupt tail is cut at the last sound group, and told. */
  static async open(options: JournalOptions): Promise<Journal> {
    let db: Level;
    try {
      mkdirSync(options.folder, { recursive: true });
      db = new ClassicLevel<Buffer, Buffer>(options.folder, {
        keyEncoding: 'buffer',
        valueEncoding: 'buffer',
        compression: false,
        writeBufferSize: WRITE_BUFFER_SIZE,
      });
      await db.open();
    } catch (cause) {
      const locked = (cause as { cause?: { code?: string } }).cause?.code === 'LEVEL_LOCKED';
      throw new HaechiError(
        locked ? 'DATA_LOCKED' : 'DATA_FOLDER',
        locked
          ? `the data folder ${dirname(options.folder)} is in use by another Haechi`
          : `the journal ${options.folder} cannot be opened: ${messageOf((cause as Error).cause ?? cause)}`,
        { cause },
      );
    }
    const journal = new Journal(db, options);
    await journal.#scan();
    return journal;
  }

  async #scan(): Promise<void> {
    let previous: number | undefined;
    for await (const [key, value] of this.#db.iterator()) {
      const group = groupOf(key);
      if ((previous !== undefined && group !== previous + 1) || !groupIsSound(value)) {
        this.#options.log.error({ group, sound: previous ?? null }, 'journal: corrupt from this group on, cut there');
        await this.#db.clear({ gte: key });
        break;
      }
      previous ??= group - 1;
      if (this.#sizes.size === 0) this.#oldest = group;
      previous = group;
      this.#head = group;
      this.#sizes.set(group, value.length);
      this.#size += value.length;
    }
    this.#tell();
  }

  /** The newest synced group; groups are numbered from 1 without gaps. */
  get head(): number {
    return this.#head;
  }

  get size(): number {
    return this.#size;
  }

  /** Messages acknowledged since it was opened. */
  get acceptedCount(): number {
    return this.#acceptedCount;
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
   * Where the data behind it knows more groups than the journal (its folder was lost), numbering goes on from there,
   * so that no reader takes a new group for one it has had.
   */
  startAfter(group: number): void {
    if (group <= this.#head) return;
    if (this.#sizes.size > 0)
      throw new HaechiError('JOURNAL_FAILED', `the journal ends at group ${this.#head}, a reader is at ${group}`);
    this.#head = group;
    this.#oldest = group + 1;
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
    sealGroup(group.buffer, group.end, group.waiting.length);
    const bytes = group.buffer.subarray(0, group.end);
    const number = this.#head + 1;
    const done = this.#options.metrics.journalSync.startTimer();
    try {
      if (this.#failure) throw this.#failure;
      await this.#db.put(keyOf(number), bytes, { sync: true });
    } catch (cause) {
      // What LevelDB holds after a failed write is unknown; nothing more is acknowledged until a restart has looked.
      this.#failure ??= new HaechiError('JOURNAL_FAILED', `the journal cannot be written: ${messageOf(cause)}`, {
        cause,
      });
      this.#options.log.fatal({ err: cause }, 'journal: write failed, acknowledgement stopped');
      for (const appended of group.waiting) appended(this.#failure);
      return;
    } finally {
      this.#pendingSize -= group.end - HEADER_SIZE;
    }
    done();
    this.#head = number;
    this.#readByAll = false;
    this.#sizes.set(number, bytes.length);
    this.#size += bytes.length;
    this.#acceptedCount += group.waiting.length;
    this.#options.metrics.accepted.inc(group.waiting.length);
    this.#tell();
    for (const appended of group.waiting) appended();
    this.#listener?.(number, bytes);
  }

  /** A time on the journal's clock before which nothing more can come: `now`, or when the oldest unsynced record came. */
  settledBefore(now: number): number {
    return this.#oldestPending ?? now;
  }

  /** The bytes of a group, or `undefined` where it is cleared or not yet written. */
  async read(group: number): Promise<Buffer | undefined> {
    if (group < this.#oldest || group > this.#head) return undefined;
    return await this.#db.get(keyOf(group));
  }

  /** A reader is done with every group up to this one. */
  async moveCursor(reader: string, group: number): Promise<void> {
    if (!this.#cursors.has(reader)) throw new Error(`the journal knows no reader ${reader}`);
    this.#cursors.set(reader, group);
    this.#readByAll = Math.min(...this.#cursors.values()) >= this.#head;
    this.#options.metrics.cursor.set({ reader }, group);
    // The newest group stays: it keeps the numbering across a restart.
    const keepFrom = Math.min(...this.#cursors.values(), this.#head - 1) + 1;
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

function keyOf(group: number): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeBigUInt64BE(BigInt(group));
  return key;
}

function groupOf(key: Buffer): number {
  return Number(key.readBigUInt64BE());
}
