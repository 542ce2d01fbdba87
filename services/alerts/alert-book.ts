/** Every alert's life, on disk. Transitions may come a second time after a crash; then they change nothing. */
import { createHash } from 'node:crypto';
import { type Alert, type AlertEvent, HaechiError, type Stage, stageRank, type Value } from '@haechi/core';
import type { StateDb, StateTables } from '@haechi/storage';
import type { Transaction } from 'kysely';
import type { RuleTransition } from '../rules/engine.ts';

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

export function alertId(transition: Pick<RuleTransition, 'domain' | 'rule' | 'device' | 'raisedAt'>): string {
  const { domain, rule, device, raisedAt } = transition;
  return createHash('sha256').update(`${domain}/${rule}/${device}/${raisedAt}`).digest('base64url').slice(0, 16);
}

export class AlertBook {
  readonly #db: StateDb;

  constructor(db: StateDb) {
    this.#db = db;
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
    let select = this.#db.selectFrom('alerts').selectAll().orderBy('raised_at', 'desc').orderBy('id', 'desc');
    if (query.state === 'open') {
      select = select.where((eb) => eb.or([eb('cleared_at', 'is', null), eb('acknowledged_at', 'is', null)]));
    }
    if (query.domain !== undefined) select = select.where('domain', '=', query.domain);
    if (query.district !== undefined) select = select.where('district', '=', query.district);
    if (query.device !== undefined) select = select.where('device', '=', query.device);
    const { before } = query;
    if (before) {
      select = select.where((eb) =>
        eb.or([
          eb('raised_at', '<', before.raisedAt),
          eb.and([eb('raised_at', '=', before.raisedAt), eb('id', '<', before.id)]),
        ]),
      );
    }
    return (await select.limit(query.limit).execute()).map(toAlert);
  }
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
  const logged = await tx
    .insertInto('alert_log')
    .values({ alert: id, at, what: transition.transition, stage, value_json, actor: null, comment: null })
    .onConflict((conflict) => conflict.columns(['alert', 'what', 'stage', 'at']).doNothing())
    .returning('seq')
    .executeTakeFirst();
  if (!logged) return undefined;

  const row = await tx.selectFrom('alerts').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  const worse = stageRank(stage) > stageRank(row.peak_stage);
  const updated = await tx
    .updateTable('alerts')
    .set({
      ...now,
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
