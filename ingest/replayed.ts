/** A dead letter on its way through the journal once more: which message it was, and when that came, before its payload. */
import type { JournalRecord } from './journal/record.ts';

export interface ReplayedMessage {
  /** `group:record` of the message in the journal that first held it. */
  message: string;
  topic: string;
  /** When it came first: a payload without a time of its own was measured then. */
  receivedAt: number;
  payload: Uint8Array;
}

const TIME_SIZE = 8;
const LENGTH_SIZE = 2;

export function replayRecord({ message, topic, receivedAt, payload }: ReplayedMessage, now: number): JournalRecord {
  const key = Buffer.from(message);
  const head = Buffer.alloc(TIME_SIZE + LENGTH_SIZE);
  head.writeDoubleBE(receivedAt);
  head.writeUInt16BE(key.length, TIME_SIZE);
  return { kind: 'replay', receivedAt: now, topic, payload: Buffer.concat([head, key, payload]) };
}

export function readReplay({ topic, payload }: JournalRecord): ReplayedMessage {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  const keyEnd = TIME_SIZE + LENGTH_SIZE + bytes.readUInt16BE(TIME_SIZE);
  return {
    message: bytes.toString('utf8', TIME_SIZE + LENGTH_SIZE, keyEnd),
    topic,
    receivedAt: bytes.readDoubleBE(),
    payload: bytes.subarray(keyEnd),
  };
}
