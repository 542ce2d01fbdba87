/**
 * The bytes of a journal group: a header and its records, big-endian.
 *
 *   header   magic u32 'HJ02' · crc32 u32 of all that follows · record count u32 · accepted f64
 *   record   length u32 of what follows · receivedAt f64 · kind u8 · topic length u16 · topic · payload
 */
import { crc32 } from 'node:zlib';

export const HEADER_SIZE = 20;
const RECORD_HEAD_SIZE = 15;
const MAGIC = 0x484a3032;

/**
 * `message`: a device's. `start`: a mark of our own, the platform started, and so was away until then. `import`: readings of
 * one device from a file of history. `replay`: a dead letter once more (ingest/replayed.ts). The last two are the past told
 * later: they are stored, and no rule looks at them.
 */
export const RECORD_KINDS = ['message', 'start', 'import', 'replay'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

export interface JournalRecord {
  kind: RecordKind;
  /** Epoch milliseconds; never less than the record's before it. */
  receivedAt: number;
  topic: string;
  payload: Uint8Array;
}

export function recordSize(record: JournalRecord): number {
  return RECORD_HEAD_SIZE + Buffer.byteLength(record.topic) + record.payload.length;
}

/** Writes `record` at `offset` and returns the offset after it. */
export function writeRecord(buffer: Buffer, offset: number, record: JournalRecord): number {
  const topicSize = Buffer.byteLength(record.topic);
  let at = buffer.writeUInt32BE(RECORD_HEAD_SIZE - 4 + topicSize + record.payload.length, offset);
  at = buffer.writeDoubleBE(record.receivedAt, at);
  at = buffer.writeUInt8(RECORD_KINDS.indexOf(record.kind), at);
  at = buffer.writeUInt16BE(topicSize, at);
  at += buffer.write(record.topic, at, 'utf8');
  buffer.set(record.payload, at);
  return at + record.payload.length;
}

/** Fills in the header of a group whose records end at `end`; `accepted` messages were taken up to its last one, ever. */
export function sealGroup(buffer: Buffer, end: number, count: number, accepted: number): void {
  buffer.writeUInt32BE(MAGIC, 0);
  buffer.writeUInt32BE(count, 8);
  buffer.writeDoubleBE(accepted, 12);
  buffer.writeUInt32BE(crc32(buffer.subarray(8, end)), 4);
}

const MAGIC_BEFORE = 0x484a3031;
const HEADER_SIZE_BEFORE = 12;

/** A group as version 0.1.0 wrote it, 'HJ01', without the count of accepted messages, as one of today; nothing where it is none. */
export function upgradedGroup(bytes: Uint8Array, acceptedBefore: number): Buffer | undefined {
  const old = asBuffer(bytes);
  if (old.length < HEADER_SIZE_BEFORE || old.readUInt32BE(0) !== MAGIC_BEFORE) return undefined;
  if (old.readUInt32BE(4) !== crc32(old.subarray(8))) return undefined;
  const group = Buffer.concat([Buffer.alloc(HEADER_SIZE), old.subarray(HEADER_SIZE_BEFORE)]);
  const count = old.readUInt32BE(8);
  sealGroup(group, group.length, count, acceptedBefore);
  const messages = readGroup(group).filter(({ kind }) => kind === 'message').length;
  sealGroup(group, group.length, count, acceptedBefore + messages);
  return group;
}

/** Whether these bytes are a whole group, as it was written. */
export function groupIsSound(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER_SIZE) return false;
  const buffer = asBuffer(bytes);
  return buffer.readUInt32BE(0) === MAGIC && buffer.readUInt32BE(4) === crc32(buffer.subarray(8));
}

/** Messages accepted up to the end of this sound group, since the first start. */
export function acceptedOf(bytes: Uint8Array): number {
  return asBuffer(bytes).readDoubleBE(12);
}

/** The records of a sound group, in order. Their payloads are views into `bytes`. */
export function readGroup(bytes: Uint8Array): JournalRecord[] {
  const buffer = asBuffer(bytes);
  const count = buffer.readUInt32BE(8);
  const records = new Array<JournalRecord>(count);
  let at = HEADER_SIZE;
  for (let i = 0; i < count; i++) {
    const end = at + 4 + buffer.readUInt32BE(at);
    const topicSize = buffer.readUInt16BE(at + 13);
    const topicEnd = at + RECORD_HEAD_SIZE + topicSize;
    records[i] = {
      kind: RECORD_KINDS[buffer.readUInt8(at + 12)] ?? 'message',
      receivedAt: buffer.readDoubleBE(at + 4),
      topic: buffer.toString('utf8', at + RECORD_HEAD_SIZE, topicEnd),
      payload: buffer.subarray(topicEnd, end),
    };
    at = end;
  }
  return records;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
