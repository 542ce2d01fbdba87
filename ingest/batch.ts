import type { DeadLetter, Reading } from '@haechi/core';
import type { RefusedReading, StorePosition } from '@haechi/storage';
import type { FoundReplay, LetterEntry, OriginatedDeadLetter } from './dead-letters.ts';
import type { DecodedGroup, DecodedRecord } from './decode/decode-group.ts';
import { type Judgement, settle } from './ledger.ts';

const STORE_DETAIL_LENGTH_MAX = 400;

/** Groups on their way into the store; what was found out about them stays known while the write is tried again. */
export class Batch {
  readonly before: StorePosition;
  readonly entries: LetterEntry<Replay>[] = [];
  readonly readings: Reading[] = [];
  redeemed: Set<Replay> | undefined;
  /** As it was when the batch began: it must not change between two tries. */
  readonly keptSince: Judgement['keptSince'];
  unseen: Reading[] | undefined;
  readonly #groups: readonly DecodedGroup[];
  readonly #refused = new Set<Reading>();

  constructor(before: StorePosition, groups: readonly DecodedGroup[], keptSince: Judgement['keptSince']) {
    this.before = before;
    this.#groups = groups;
    const kept = new Map<string, number>();
    this.keptSince = (domain) => {
      const since = kept.get(domain) ?? keptSince(domain);
      kept.set(domain, since);
      return since;
    };
    for (const { group, records } of groups) {
      for (const [index, record] of records.entries()) {
        for (const reading of record.readings) this.readings.push(reading);
        if (record.deadLetters.length === 0 && record.replays === undefined) continue;
        const message = messageKey(group, index, record);
        const whole = record.kind !== 'import' && record.readings.length === 0;
        const letters = record.deadLetters.map((letter, part) => ({ ...letter, message, part: String(part), whole }));
        const replay = record.kind === 'replay' ? { replay: { message, group, record: index, decoded: record } } : {};
        this.entries.push({ letters, ...replay });
      }
    }
  }

  get letterCount(): number {
    return this.entries.reduce((sum, { letters }) => sum + letters.length, 0);
  }

  get last(): number {
    return this.#groups.at(-1)?.group ?? this.before.group;
  }

  /** The readings to store. */
  get stored(): Reading[] {
    const unseen = this.unseen ?? [];
    return this.#refused.size === 0 ? unseen : unseen.filter((reading) => !this.#refused.has(reading));
  }

  settle(acceptedBefore: number) {
    return settle(this.before, this.#groups, this.#judgement(), acceptedBefore);
  }

  /** The letters of readings that the store will never take: of one message there may be several, so none stands for it. */
  refuse(refusals: readonly RefusedReading[]): OriginatedDeadLetter[] {
    const reasons = new Map(refusals.map(({ reading, reason }) => [reading, reason]));
    for (const reading of reasons.keys()) this.#refused.add(reading);
    const letters = this.#groups.flatMap(({ group, records }) =>
      records.flatMap((record, index) =>
        record.readings.flatMap((reading, place): OriginatedDeadLetter[] => {
          const reason = reasons.get(reading);
          if (reason === undefined) return [];
          const part = `store:${messageKey(group, index, record)}:${place}`;
          return [{ ...refusedLetter(record, reading, reason), message: null, part, whole: false }];
        }),
      ),
    );
    this.entries.push({ letters });
    return letters;
  }

  #judgement(): Judgement {
    return {
      keptSince: this.keptSince,
      unseen: new Set(this.unseen),
      refused: this.#refused,
      redeemed: new Set([...(this.redeemed ?? [])].map(({ decoded }) => decoded)),
    };
  }
}

interface Replay extends FoundReplay {
  decoded: DecodedRecord;
}

/** A replay goes in the name of the message that it replays. */
function messageKey(group: number, index: number, record: DecodedRecord): string {
  return record.replays ?? `${group}:${index}`;
}

function refusedLetter(
  record: DecodedRecord,
  { device, ts, receivedAt, seq, values }: Reading,
  reason: string,
): DeadLetter {
  return {
    receivedAt,
    topic: record.topic,
    device,
    reason: 'store-refused',
    detail: reason.slice(0, STORE_DETAIL_LENGTH_MAX),
    payload: Buffer.from(JSON.stringify({ ts, seq, values })),
  };
}
