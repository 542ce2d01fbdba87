import type { DeadLetter } from '@haechi/core';
import type { StateDb } from '@haechi/storage';

export interface OriginatedDeadLetter extends DeadLetter {
  /** `group:record:part`: the same letter, read again, is not kept twice. */
  origin: string;
}

export interface DeadLetterRow extends DeadLetter {
  id: number;
}

export interface DeadLetterQuery {
  device?: string | undefined;
  reason?: string | undefined;
  limit: number;
  /** Only letters older than the one with this id. */
  before?: number | undefined;
}

const INSERT_ROWS = 200;
/** What is kept of a payload; it cannot be larger than the broker takes anyway. */
const PAYLOAD_KEPT_MAX = 65_536;

/** Payloads, or parts of them, that were acknowledged and could not be used. Bounded: the oldest go first. */
export class DeadLetterLog {
  readonly #db: StateDb;
  readonly #limit: number;

  constructor(db: StateDb, limit: number) {
    this.#db = db;
    this.#limit = limit;
  }

  async add(letters: readonly OriginatedDeadLetter[]): Promise<void> {
    if (letters.length === 0) return;
    await this.#db.transaction().execute(async (tx) => {
      for (let start = 0; start < letters.length; start += INSERT_ROWS) {
        await tx
          .insertInto('dead_letters')
          .values(
            letters.slice(start, start + INSERT_ROWS).map((letter) => ({
              origin: letter.origin,
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
      const newest = await tx
        .selectFrom('dead_letters')
        .select((eb) => eb.fn.max('id').as('id'))
        .executeTakeFirst();
      const keepAfter = Number(newest?.id ?? 0) - this.#limit;
      if (keepAfter > 0) await tx.deleteFrom('dead_letters').where('id', '<=', keepAfter).execute();
    });
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
    }));
  }
}
