import { type DeadLetter, type DomainModel, parseTopic, type Reading } from '@haechi/core';
import * as z from 'zod';
import { acceptedOf, type JournalRecord, type RecordKind, readGroup } from '../journal/record.ts';
import { readReplay } from '../replayed.ts';
import { decodeNativeJson, type TimeLimits } from './native-json.ts';

/** One record of a journal group, as its readers take it. */
export interface DecodedRecord {
  kind: RecordKind;
  receivedAt: number;
  topic: string;
  /** `group:record` of the message that a replay is of, in the journal that first held it. */
  replays?: string;
  /** The platform had been away until `receivedAt`. */
  start: boolean;
  readings: Reading[];
  /** A device's word on itself, from its status channel. */
  status?: { device: string; online: boolean };
  deadLetters: DeadLetter[];
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
  const start = kind === 'start';
  const result: DecodedRecord = { kind, receivedAt, topic: record.topic, start, readings: [], deadLetters: [] };
  if (start) return result;

  const topic = parseTopic(record.topic);
  const model = topic && decoder.models.get(topic.domain);
  const setAside = (reason: string, detail: string) => {
    const { payload } = record;
    result.deadLetters.push({
      receivedAt,
      topic: record.topic,
      device: topic?.device ?? null,
      reason,
      detail,
      payload,
    });
  };
  if (!topic || !model) {
    setAside('topic-unknown', topic ? `no system ${topic.domain} here` : 'not a device topic');
  } else if (topic.channel === 'telemetry') {
    const decoded = decodeNativeJson(record.payload, model, receivedAt, decoder.limits);
    result.readings = decoded.readings.map((one) => ({
      device: topic.device,
      domain: topic.domain,
      receivedAt,
      ...one,
    }));
    const { refusals } = decoded;
    for (const [index, { reason, detail }] of refusals.slice(0, LETTERS_PER_RECORD_MAX).entries()) {
      const rest = index + 1 === LETTERS_PER_RECORD_MAX ? refusals.length - LETTERS_PER_RECORD_MAX : 0;
      setAside(reason, rest > 0 ? `${detail}; and ${rest} more like this` : detail);
    }
  } else if (topic.channel === 'status') {
    const online = readStatus(record.payload);
    if (online === undefined) setAside('status-invalid', 'a status is {"state": "online"} or {"state": "offline"}');
    else result.status = { device: topic.device, online };
  } else {
    setAside('channel-unhandled', `nothing here listens to the channel ${topic.channel} yet`);
  }
  return result;
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
