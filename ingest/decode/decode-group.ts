import { type DeadLetter, type DomainModel, type Reading, TopicIndex } from '@haechi/core';
import * as z from 'zod';
import { acceptedOf, type JournalRecord, type RecordKind, readGroup } from '../journal/record.ts';
import { readReplay } from '../replayed.ts';
import { decodeNativeJson, type Refusal, type TimeLimits } from './native-json.ts';

/** One record of a journal group, as its readers take it. */
export interface DecodedRecord {
  kind: RecordKind;
  receivedAt: number;
  topic: string;
  /** `group:record` of the message that a replay is of, in the journal that first held it. */
  replays?: string;
  readings: readonly Reading[];
  /** A device's word on itself, from its status channel. */
  status?: { device: string; online: boolean };
  deadLetters: readonly DeadLetter[];
}

export interface DecodedGroup {
  group: number;
  /** Messages accepted up to its end, since the first start. */
  accepted: number;
  records: DecodedRecord[];
}

export interface Decoder {
  models: ReadonlyMap<string, DomainModel>;
  limits: TimeLimits;
}

const topics = new TopicIndex();
/** Shared by all that have none: nearly every record. */
const NO_LETTERS: readonly DeadLetter[] = [];
const NO_READINGS: readonly Reading[] = [];

/** Each letter keeps a copy of the payload, so one message must not make thousands. */
const LETTERS_PER_RECORD_MAX = 10;

export function decodeGroup(decoder: Decoder, group: number, bytes: Uint8Array): DecodedGroup {
  const records = readGroup(bytes).map((record) =>
    record.kind === 'replay' ? decodeReplay(decoder, record) : decodeRecord(decoder, record),
  );
  return { group, accepted: acceptedOf(bytes), records };
}

/** As it would have been decoded when it came first; only known since now. */
function decodeReplay(decoder: Decoder, record: JournalRecord): DecodedRecord {
  const { message, receivedAt, payload } = readReplay(record);
  const decoded = decodeRecord(decoder, { kind: 'message', receivedAt, topic: record.topic, payload });
  for (const reading of decoded.readings) reading.receivedAt = record.receivedAt;
  return { ...decoded, kind: 'replay', receivedAt: record.receivedAt, replays: message };
}

function decodeRecord(decoder: Decoder, record: JournalRecord): DecodedRecord {
  const { kind, receivedAt } = record;
  const topic = topics.parse(record.topic);
  const plain = { kind, receivedAt, topic: topic?.text ?? record.topic };
  const setAside = (refusals: readonly Refusal[], readings = NO_READINGS): DecodedRecord => ({
    ...plain,
    readings,
    deadLetters: lettersOf(record, topic?.device ?? null, refusals),
  });
  if (kind === 'start') return { ...plain, readings: NO_READINGS, deadLetters: NO_LETTERS };
  const model = topic && decoder.models.get(topic.domain);
  if (!model) {
    const detail = topic ? `no system ${topic.domain} here` : 'not a device topic';
    return setAside([{ reason: 'topic-unknown', detail }]);
  }
  const { device, domain } = topic;
  switch (topic.channel) {
    case 'telemetry': {
      const decoded = decodeNativeJson(record.payload, model, receivedAt, decoder.limits);
      const readings = decoded.readings.map(({ ts, seq, values }) => ({ device, domain, receivedAt, ts, seq, values }));
      if (decoded.refusals.length > 0) return setAside(decoded.refusals, readings);
      return { ...plain, readings, deadLetters: NO_LETTERS };
    }
    case 'status': {
      const online = readStatus(record.payload);
      if (online !== undefined)
        return { ...plain, readings: NO_READINGS, status: { device, online }, deadLetters: NO_LETTERS };
      return setAside([
        { reason: 'status-invalid', detail: 'a status is {"state": "online"} or {"state": "offline"}' },
      ]);
    }
    default: {
      const detail = `nothing here listens to the channel ${topic.channel} yet`;
      return setAside([{ reason: 'channel-unhandled', detail }]);
    }
  }
}

function lettersOf(
  { receivedAt, topic, payload }: JournalRecord,
  device: string | null,
  refusals: readonly Refusal[],
): DeadLetter[] {
  return refusals.slice(0, LETTERS_PER_RECORD_MAX).map(({ reason, detail }, index) => {
    const rest = index + 1 === LETTERS_PER_RECORD_MAX ? refusals.length - LETTERS_PER_RECORD_MAX : 0;
    const told = rest > 0 ? `${detail}; and ${rest} more like this` : detail;
    return { receivedAt, topic, device, reason, detail: told, payload };
  });
}

const statusSchema = z.object({ state: z.enum(['online', 'offline']) });

/** `undefined` where the payload says neither. */
function readStatus(payload: Uint8Array): boolean | undefined {
  try {
    const status = statusSchema.safeParse(JSON.parse(Buffer.from(payload).toString('utf8')));
    return status.success ? status.data.state === 'online' : undefined;
  } catch {
    return undefined; // not JSON: told by the caller like any other status it cannot read
  }
}
