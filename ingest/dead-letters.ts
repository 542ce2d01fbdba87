import type { DeadLetter } from '@haechi/core';
import type { StateDb, StateTables } from '@haechi/storage';
import type { Transaction } from 'kysely';
import type { ReplayedMessage } from './replayed.ts';

export interface OriginatedDeadLetter extends DeadLetter {
  /** `group:record` of its message; one that was never acknowledged has none and cannot be replayed. */
  message: string | null;
  /** Tells it from the other letters of its message: the same letter, read again, is not kept twice. */
  part: string;
  /** Nothing of the message was stored: it counts as dead-lettered. */
  whole: boolean;
}

export interface DeadLetterRow extends DeadLetter {
  id: number;
  replayable: boolean;
}

export interface DeadLetterFilter {
  device?: string | undefined;
  reason?: string | undefined;
}

export interface DeadLetterQuery extends DeadLetterFilter {
  limit: number;
  /** Only letters older than the one with this id. */
  before?: number | undefined;
}

/** A replay as its reader found it in the journal. */
export interface FoundReplay {
  message: string;
  /** The journal group that holds the replay, and its record there. */
  group: number;
  record: number;
}

/** What one journal record left: its letters, and which message it is a replay of, if it is one. */
export interface LetterEntry<Replay extends FoundReplay = FoundReplay> {
  letters: readonly OriginatedDeadLetter[];
  replay?: Replay;
}

const INSERT_ROWS = 200;
/** What is kept of a payload; it cannot be larger than the broker takes anyway. */
const PAYLOAD_KEPT_MAX = 1_048_576;

/** Payloads, or parts of them, that were acknowledged and could not be used. Bounded: the oldest go first. */
export class DeadLetterLog {
  readonly #db: StateDb;
  readonly #limit: number;

  constructor(db: StateDb, limit: number) {
    this.#db = db;
    this.#limit = limit;
  }

  /**
   * Takes what journal records left, in their order. The same again, after a crash, changes nothing and gives the same answer.
   * @param storedGroup what the journal holds up to it is stored, and is not asked for again
   * @returns those replays whose message counted as dead-lettered until this one.
   */
  async add<Replay extends FoundReplay>(
    entries: readonly LetterEntry<Replay>[],
    storedGroup = 0,
  ): Promise<Set<Replay>> {
    const redeemed = new Set<Replay>();
    if (entries.length === 0) return redeemed;
    await this.#db.transaction().execute(async (tx) => {
      await tx.deleteFrom('dead_letter_replays').where('last_group', '<=', storedGroup).execute();
      let waiting: OriginatedDeadLetter[] = [];
      for (const { letters, replay } of entries) {
        if (!replay) {
          waiting.push(...letters);
          continue;
        }
        await insert(tx, waiting);
        const counted = await redeem(tx, replay);
        if (counted) redeemed.add(replay);
        waiting = letters.map((letter) => ({ ...letter, whole: letter.whole && counted }));
      }
      await insert(tx, waiting);
      const newest = await tx
        .selectFrom('dead_letters')
        .select((eb) => eb.fn.max('id').as('id'))
        .executeTakeFirst();
      const keepAfter = Number(newest?.id ?? 0) - this.#limit;
      if (keepAfter > 0) await tx.deleteFrom('dead_letters').where('id', '<=', keepAfter).execute();
    });
    return redeemed;
  }

  async count(): Promise<number> {
    const row = await this.#db
      .selectFrom('dead_letters')
      .select((eb) => eb.fn.countAll().as('count'))
      .executeTakeFirstOrThrow();
    return Number(row.count);
  }

  /** Newest first. */
  async list(query: DeadLetterQuery): Promise<DeadLetterRow[]> {
    let select = this.#db.selectFrom('dead_letters').selectAll().orderBy('id', 'desc').limit(query.limit);
    if (query.device !== undefined) select = select.where('device', '=', query.device);
    if (query.reason !== undefined) select = select.where('reason', '=', query.reason);
    if (query.before !== undefined) select = select.where('id', '<', query.before);
    const rows = await select.execute();
    return rows.map((row) => ({
      id: row.id,
      receivedAt: row.received_at,
      topic: row.topic,
      device: row.device,
      reason: row.reason,
      detail: row.detail,
      payload: row.payload,
      replayable: row.message !== null,
    }));
  }

  /** The newest letter's id; 0 where there is none. */
  async newest(): Promise<number> {
    const row = await this.#db
      .selectFrom('dead_letters')
      .select((eb) => eb.fn.max('id').as('id'))
      .executeTakeFirst();
    return Number(row?.id ?? 0);
  }

  /** The messages behind the letters that fit, each once, oldest letter first; `last` is the last letter looked at. */
  async messages(
    { device, reason, ids }: DeadLetterFilter & { ids?: readonly number[] | undefined },
    { after, until, limit }: { after: number; until: number; limit: number },
  ): Promise<{ messages: ReplayedMessage[]; last: number | null }> {
    let select = this.#db
      .selectFrom('dead_letters')
      .select(['id', 'message', 'topic', 'received_at', 'payload'])
      .where('message', 'is not', null)
      .where('id', '>', after)
      .where('id', '<=', until)
      .orderBy('id')
      .limit(limit);
    if (device !== undefined) select = select.where('device', '=', device);
    if (reason !== undefined) select = select.where('reason', '=', reason);
    if (ids !== undefined) select = select.where('id', 'in', ids);
    const rows = await select.execute();
    const messages = new Map<string, ReplayedMessage>();
    for (const { message, topic, received_at: receivedAt, payload } of rows) {
      if (message !== null) messages.set(message, { message, topic, receivedAt, payload });
    }
    return { messages: [...messages.values()], last: rows.at(-1)?.id ?? null };
  }
}

type Tx = Transaction<StateTables>;

/** Removes the letters of a message that is replayed; whether it counted as dead-lettered, also when asked again after a crash. */
async function redeem(tx: Tx, { message, group, record }: FoundReplay): Promise<boolean> {
  const letters = await tx.deleteFrom('dead_letters').where('message', '=', message).returning('whole').execute();
  if (letters.length > 0) {
    const replay = { last_group: group, record, whole: letters.some((letter) => letter.whole === 1) ? 1 : 0 };
    await tx
      .insertInto('dead_letter_replays')
      .values({ message, ...replay })
      .onConflict((conflict) => conflict.columns(['message', 'last_group', 'record']).doNothing())
      .execute();
  }
  const done = await tx
    .selectFrom('dead_letter_replays')
    .select('whole')
    .where('message', '=', message)
    .where('last_group', '=', group)
    .where('record', '=', record)
    .executeTakeFirst();
  return done?.whole === 1;
}

async function insert(tx: Tx, letters: readonly OriginatedDeadLetter[]): Promise<void> {
  for (let start = 0; start < letters.length; start += INSERT_ROWS) {
    await tx
      .insertInto('dead_letters')
      .values(
        letters.slice(start, start + INSERT_ROWS).map((letter) => ({
          origin: `${letter.message ?? 'none'}:${letter.part}`,
          message: letter.message,
          whole: letter.whole ? 1 : 0,
          received_at: letter.receivedAt,
          topic: letter.topic,
          device: letter.device,
          reason: letter.reason,
          detail: letter.detail,
          payload: letter.payload.slice(0, PAYLOAD_KEPT_MAX),
        })),
      )
      .onConflict((conflict) => conflict.column('origin').doNothing())
      .execute();
  }
}
