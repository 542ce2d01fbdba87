/** Every alert's life, on disk. Transitions may come a second time after a crash; then they change nothing. */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Alert, type AlertEvent, HaechiError, type Stage, stageRank, type Value } from '@haechi/core';
import type { StateDb, StateTables } from '@haechi/storage';
import type { SelectQueryBuilder, Transaction } from 'kysely';
import { type RuleEngine, type RuleTransition, withdrawal } from '../rules/engine.ts';

export interface AlertQuery {
  /** `open`: not yet both cleared and acknowledged. */
  state: 'open' | 'all';
  domain?: string | undefined;
  district?: string | undefined;
  device?: string | undefined;
  limit: number;
  /** Only alerts raised before the one with this time and id. */
  before?: { raisedAt: number; id: string } | undefined;
}

type AlertRow = StateTables['alerts'];

/** How long and how many alerts are kept once they are over; those that stand are bounded by rules × devices. */
export interface Retention {
  ageMaxMs: number;
  rowsMax: number;
}

export const RETENTION: Retention = { ageMaxMs: 400 * 86_400_000, rowsMax: 200_000 };
/** What one transaction of a pruning deletes at most, alerts and log lines together 500: others wait no longer for it. */
const PRUNE_ALERTS = 100;
const PRUNE_LINES = 400;

export function alertId(transition: Pick<RuleTransition, 'domain' | 'rule' | 'device' | 'raisedAt'>): string {
  const { domain, rule, device, raisedAt } = transition;
  return createHash('sha256').update(`${domain}/${rule}/${device}/${raisedAt}`).digest('base64url').slice(0, 16);
}

export class AlertBook {
  readonly #db: StateDb;
  readonly #retention: Retention;

  constructor(db: StateDb, retention: Retention = RETENTION) {
    this.#db = db;
    this.#retention = retention;
  }

  /**
   * @returns the alert as it stands; acknowledging twice changes nothing.
   * @throws HaechiError ALERT_UNKNOWN
   */
  async acknowledge(id: string, actor: string, comment: string | null, at: number): Promise<Alert> {
    return await this.#db.transaction().execute(async (tx) => {
      const row = await tx.selectFrom('alerts').selectAll().where('id', '=', id).executeTakeFirst();
      if (!row) throw new HaechiError('ALERT_UNKNOWN', `no alert ${id}`);
      if (row.acknowledged_at !== null) return toAlert(row);
      const event = {
        alert: id,
        at,
        what: 'acknowledged',
        stage: row.stage,
        value_json: row.value_json,
        actor,
        comment,
      };
      const { seq } = await tx.insertInto('alert_log').values(event).returning('seq').executeTakeFirstOrThrow();
      const updated = await tx
        .updateTable('alerts')
        .set({ acknowledged_at: at, acknowledged_by: actor, change_seq: seq })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirstOrThrow();
      return toAlert(updated);
    });
  }

  async get(id: string): Promise<(Alert & { events: AlertEvent[] }) | undefined> {
    const row = await this.#db.selectFrom('alerts').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) return undefined;
    const events = await this.#db.selectFrom('alert_log').selectAll().where('alert', '=', id).orderBy('seq').execute();
    return {
      ...toAlert(row),
      events: events.map(({ value_json, what, ...event }) => ({
        ...event,
        what: what as AlertEvent['what'],
        value: fromJson(value_json),
      })),
    };
  }

  /** Newest first. */
  async list(query: AlertQuery): Promise<Alert[]> {
    return (await listing(this.#db, query).execute()).map(toAlert);
  }

  /**
   * Deletes alerts that are closed for longer than is kept, and the oldest beyond the number that is kept: closed ones
   * first, then those that cleared and nobody ever looked at. What stands, stays. In small steps, between which others have their turn.
   * @returns how many went.
   */
  async prune(now: number, signal?: AbortSignal): Promise<number> {
    let count = 0;
    while (!signal?.aborted) {
      const step = await this.#db.transaction().execute(async (tx) => {
        const ids = await this.#overdue(tx, now);
        return ids.length === 0 ? undefined : await deleteAlerts(tx, ids);
      });
      if (step === undefined) break;
      count += step;
      await nextTurn();
    }
    return count;
  }

  async #overdue(tx: Transaction<StateTables>, now: number): Promise<string[]> {
    const cutoff = now - this.#retention.ageMaxMs;
    const over = oldest(tx, PRUNE_ALERTS).where('cleared_at', 'is not', null);
    const closed = over.where('acknowledged_at', 'is not', null);
    // Raised before it was closed: by this its index finds it.
    const old = await closed.where('raised_at', '<', cutoff).where('cleared_at', '<', cutoff).execute();
    if (old.length > 0) return old.map(({ id }) => id);
    const { rows } = await tx
      .selectFrom('alerts')
      .select((eb) => eb.fn.countAll<number>().as('rows'))
      .executeTakeFirstOrThrow();
    const excess = Math.min(rows - this.#retention.rowsMax, PRUNE_ALERTS);
    if (excess <= 0) return [];
    const beyond = await closed.limit(excess).execute();
    return (beyond.length > 0 ? beyond : await over.limit(excess).execute()).map(({ id }) => id);
  }
}

/** An alert goes when its last log line has; what is too much for one step is left to the next. */
async function deleteAlerts(tx: Transaction<StateTables>, ids: string[]): Promise<number> {
  const lines = await tx.selectFrom('alert_log').select('seq').where('alert', 'in', ids).limit(PRUNE_LINES).execute();
  const seqs = lines.map(({ seq }) => seq);
  if (seqs.length > 0) await tx.deleteFrom('alert_log').where('seq', 'in', seqs).execute();
  if (seqs.length === PRUNE_LINES) return 0;
  await tx.deleteFrom('alerts').where('id', 'in', ids).execute();
  return ids.length;
}

function oldest(tx: Transaction<StateTables>, limit: number) {
  return tx.selectFrom('alerts').select('id').orderBy('raised_at').orderBy('id').limit(limit);
}

/** Every form of it walks an index in order and stops at the limit (storage/state/migrations.ts, 0002). */
export function listing(db: StateDb, query: AlertQuery): SelectQueryBuilder<StateTables, 'alerts', AlertRow> {
  let select = db.selectFrom('alerts').selectAll().orderBy('raised_at', 'desc').orderBy('id', 'desc');
  if (query.state === 'open') {
    select = select.where((eb) => eb.or([eb('cleared_at', 'is', null), eb('acknowledged_at', 'is', null)]));
  }
  if (query.domain !== undefined) select = select.where('domain', '=', query.domain);
  if (query.district !== undefined) select = select.where('district', '=', query.district);
  if (query.device !== undefined) select = select.where('device', '=', query.device);
  const { before } = query;
  if (before) {
    select = select.where((eb) => eb(eb.refTuple('raised_at', 'id'), '<', eb.tuple(before.raisedAt, before.id)));
  }
  return select.limit(query.limit);
}

/**
 * The end of every alert that stands in the book though no state stands behind it: its rule, its rung or its device is
 * gone, or the device has moved to another system. For the start, once the engine has what was kept of every device.
 */
export async function orphanedAlerts(
  db: StateDb,
  engine: Pick<RuleEngine, 'standing' | 'now'>,
): Promise<RuleTransition[]> {
  const rows = await db.selectFrom('alerts').selectAll().where('cleared_at', 'is', null).orderBy('id').execute();
  return rows
    .filter((row) => engine.standing(row)?.raisedAt !== row.raised_at)
    .map(({ rule, domain, device, district, stage, field, raised_at: raisedAt, changed_at }) => {
      const at = Math.max(changed_at + 1, engine.now);
      return withdrawal({ rule, domain, device, district, stage, at, raisedAt, field });
    });
}

/** Writes transitions in order; gives the alerts they changed, as they stand now. */
export async function recordTransitions(
  tx: Transaction<StateTables>,
  transitions: readonly RuleTransition[],
): Promise<Alert[]> {
  const changed = new Map<string, Alert>();
  for (const transition of transitions) {
    const alert = await recordOne(tx, transition);
    if (alert) changed.set(alert.id, alert);
  }
  return [...changed.values()];
}

async function recordOne(tx: Transaction<StateTables>, transition: RuleTransition): Promise<Alert | undefined> {
  const id = alertId(transition);
  const { rule, domain, device, district, stage, at, raisedAt, field } = transition;
  const value_json = toJson(transition.value);
  const base = { rule, domain, device, district, field, raised_at: raisedAt };
  const now = { stage, value_json, limit_value: transition.limit, changed_at: at };
  await tx
    .insertInto('alerts')
    .values({
      id,
      ...base,
      ...now,
      peak_stage: stage,
      acknowledged_at: null,
      acknowledged_by: null,
      cleared_at: null,
      change_seq: 0,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  const row = await tx.selectFrom('alerts').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  if (row.cleared_at !== null && transition.transition === 'cleared') return undefined;
  const comment = transition.comment ?? null;
  const logged = await tx
    .insertInto('alert_log')
    .values({ alert: id, at, what: transition.transition, stage, value_json, actor: null, comment })
    .onConflict((conflict) => conflict.columns(['alert', 'what', 'stage', 'at']).doNothing())
    .returning('seq')
    .executeTakeFirst();
  if (!logged) return undefined;

  const worse = stageRank(stage) > stageRank(row.peak_stage);
  // A cleared alert goes on saying what was wrong; at which value it cleared is in its log.
  const told = transition.transition === 'cleared' ? { stage, changed_at: at } : now;
  const updated = await tx
    .updateTable('alerts')
    .set({
      ...told,
      peak_stage: worse ? stage : row.peak_stage,
      cleared_at: transition.transition === 'cleared' ? at : null,
      change_seq: logged.seq,
      // Somebody has seen a lesser thing than this: it wants to be seen again (ISA-18.2 re-alarm on a higher priority).
      ...(transition.transition === 'escalated' ? { acknowledged_at: null, acknowledged_by: null } : {}),
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return toAlert(updated);
}

function toAlert(row: AlertRow): Alert {
  return {
    id: row.id,
    rule: row.rule,
    domain: row.domain,
    device: row.device,
    district: row.district,
    stage: row.stage as Stage,
    peakStage: row.peak_stage as Stage,
    field: row.field,
    value: fromJson(row.value_json),
    limit: row.limit_value,
    raisedAt: row.raised_at,
    changedAt: row.changed_at,
    acknowledgedAt: row.acknowledged_at,
    acknowledgedBy: row.acknowledged_by,
    clearedAt: row.cleared_at,
    changeSeq: row.change_seq,
  };
}

function toJson(value: Value | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

function fromJson(text: string | null): Value | null {
  return text === null ? null : (JSON.parse(text) as Value);
}
