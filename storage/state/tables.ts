import type { Stage } from '@haechi/core';
import type { Generated } from 'kysely';

/** The state database's tables. Times are epoch milliseconds; `*_json` columns hold JSON text. */
export interface StateTables {
  devices: {
    id: string;
    domain: string;
    kind: string;
    district: string;
    name: string;
    latitude: number;
    longitude: number;
    interval_s: number;
    parent: string | null;
    attributes_json: string;
    secret_hash: string;
    created_at: number;
  };
  people: {
    username: string;
    display_name: string;
    role: 'operator' | 'admin';
    password_hash: string;
    created_at: number;
  };
  sessions: { token_hash: string; username: string; created_at: number; expires_at: number };
  /** What a device last said and where its rules stand; with `cursors`, the checkpoint of the rules' reader. */
  twins: { device: string; state_json: string };
  cursors: { reader: string; last_group: number; started_at: number };
  alerts: {
    id: string;
    rule: string;
    domain: string;
    device: string;
    district: string;
    stage: Stage;
    peak_stage: Stage;
    field: string | null;
    value_json: string | null;
    limit_value: number | null;
    raised_at: number;
    changed_at: number;
    acknowledged_at: number | null;
    acknowledged_by: string | null;
    cleared_at: number | null;
    change_seq: number;
  };
  alert_log: {
    seq: Generated<number>;
    alert: string;
    at: number;
    what: string;
    stage: Stage;
    value_json: string | null;
    actor: string | null;
    comment: string | null;
  };
  dead_letters: {
    id: Generated<number>;
    /** Its message and part, so that reading a group again adds nothing. */
    origin: string;
    /** `group:record` in the journal that first held it; null where it was never acknowledged. */
    message: string | null;
    /** 1 where nothing of the message was stored. */
    whole: number;
    received_at: number;
    topic: string;
    device: string | null;
    reason: string;
    detail: string;
    payload: Uint8Array;
  };
  /** Replays of dead letters whose journal group the store may not have yet: what they did is not done twice. */
  dead_letter_replays: { message: string; last_group: number; record: number; whole: number };
}
