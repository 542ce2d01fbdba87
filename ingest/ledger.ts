/**
 * The delivery ledger: every message that was acknowledged ends as exactly one of stored, duplicate, dead-lettered and
 * expired. The journal counts what is accepted as it writes it; the store's reader counts what became of it, durable together
 * with the readings. The two meet here, and must be equal.
 */
import type { Reading } from '@haechi/core';
import type { DayCount, StorePosition, Tally } from '@haechi/storage';
import type { DecodedGroup, DecodedRecord } from './decode/decode-group.ts';

export type Outcome = 'stored' | 'duplicate' | 'deadLettered' | 'expired';

const DAY_MS = 86_400_000;

export const NOTHING_YET: Tally = { accepted: 0, stored: 0, duplicate: 0, deadLettered: 0, expired: 0 };

/** Messages since the first start; all but `accepted` are parts of it. */
export interface Ledger extends Tally {
  /** In the journal, not yet looked at. */
  pending: number;
  /** Accepted, and become none of these: 0, or something is wrong. */
  unaccounted: number;
}

/** @param accepted by the journal, up to its newest group, since this store was taken into use @param dropped stored once, and gone since by retention */
export function ledgerOf({ tally, accepted, dropped }: { tally: Tally; accepted: number; dropped: number }): Ledger {
  const { stored, duplicate, deadLettered, expired } = tally;
  return {
    accepted,
    stored: stored - dropped,
    duplicate,
    deadLettered,
    expired: expired + dropped,
    pending: accepted - tally.accepted,
    unaccounted: tally.accepted - stored - duplicate - deadLettered - expired,
  };
}

/** What the store said of the readings of a batch. */
export interface Judgement {
  keptSince: (domain: string) => number;
  /** Those that are new to it. */
  unseen: ReadonlySet<Reading>;
  /** Those of them that it will never take. */
  refused: ReadonlySet<Reading>;
  /** Replays of a message that counts as dead-lettered until now. */
  redeemed: ReadonlySet<DecodedRecord>;
}

/**
 * The position after these groups, and on which days their messages lie.
 * @param acceptedBefore messages that the journal had accepted before this store was taken into use: no part of its ledger
 */
export function settle(
  before: StorePosition,
  groups: readonly DecodedGroup[],
  judgement: Judgement,
  acceptedBefore: number,
): { position: StorePosition; days: DayCount[] } {
  const tally = { ...before.tally };
  const days = new Map<string, DayCount>();
  for (const { records } of groups) {
    for (const record of records) {
      if (!isAccounted(record, judgement)) continue;
      const outcome = outcomeOf(record, judgement);
      if (!outcome) continue; // nothing became of it: the ledger will not balance, and says so
      tally[outcome]++;
      if (record.kind === 'replay') tally.deadLettered--;
      if (outcome === 'stored') countDay(days, record, judgement);
    }
  }
  const last = groups.at(-1);
  return {
    position: {
      group: last?.group ?? before.group,
      tally: { ...tally, accepted: last ? last.accepted - acceptedBefore : tally.accepted },
    },
    days: [...days.values()],
  };
}

/** Imports are no messages; a replay is one where its message counted as dead-lettered until now. */
function isAccounted(record: DecodedRecord, { redeemed }: Judgement): boolean {
  return record.kind === 'message' || redeemed.has(record);
}

function outcomeOf(record: DecodedRecord, judgement: Judgement): Outcome | undefined {
  const { readings } = record;
  if (record.status) return 'stored'; // kept with the device's state
  if (readings.length === 0) return record.deadLetters.length > 0 ? 'deadLettered' : undefined;
  if (readings.some((reading) => isNew(reading, judgement))) return 'stored';
  if (readings.some((reading) => judgement.refused.has(reading))) return 'deadLettered';
  return readings.every(({ domain, ts }) => ts < judgement.keptSince(domain)) ? 'expired' : 'duplicate';
}

function isNew(reading: Reading, { unseen, refused }: Judgement): boolean {
  return unseen.has(reading) && !refused.has(reading);
}

/** A message lies on the day of its newest reading: when that day is dropped, nothing of the message is left. */
function countDay(days: Map<string, DayCount>, record: DecodedRecord, judgement: Judgement): void {
  let newest: Reading | undefined;
  for (const reading of record.readings) {
    if (isNew(reading, judgement) && !(newest && newest.ts >= reading.ts)) newest = reading;
  }
  if (!newest) return;
  const { domain } = newest;
  const day = Math.floor(newest.ts / DAY_MS) * DAY_MS;
  const count = days.get(`${domain} ${day}`);
  if (count) count.messages++;
  else days.set(`${domain} ${day}`, { domain, day, messages: 1 });
}
