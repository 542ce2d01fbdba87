/** What the main thread (broker, journal, dashboard) and the worker (decoding, rules, stores) say to each other. */
import type { Alert, Device, Values } from '@haechi/core';
import type { RuleTransition } from '@haechi/services';
import type {
  ExportQuery,
  GroupQuery,
  RangeQuery,
  RangeResult,
  Retention,
  StorePosition,
  Tally,
} from '@haechi/storage';

/** What the worker is started with; models and rules it loads itself. */
export interface WorkerSetup {
  dataFolder: string;
  store: 'duckdb' | 'influxdb';
  influx: { url: string; token: string; org: string; bucket: string };
  futureMaxMs: number;
  pastMaxMs: number;
  deadLettersMax: number;
  /** Days that readings are kept; `default` and, by system, what differs. */
  retention: Record<string, Partial<Retention>>;
  /** Whether days are sealed and old ones dropped; not for what is thrown away in the end. */
  keeps: boolean;
  logLevel: string;
  devices: Device[];
}

export type ReaderName = 'store' | 'rules';

export interface LiveValues {
  id: string;
  ts: number | null;
  receivedAt: number | null;
  values: Values;
}

/** What the store is asked, each with its answer. */
export interface StoreQuestions {
  range: { ask: RangeQuery; answer: RangeResult };
  group: { ask: GroupQuery; answer: RangeResult };
  export: { ask: ExportQuery & { path: string }; answer: { rows: number } };
  /** A copy of both stores, as `platform/backup/copy-stores.ts` makes it. */
  snapshot: { ask: { folder: string }; answer: StorePosition };
  /** By system: readings measured before this are not kept, epoch milliseconds. */
  keptSince: { ask: Record<string, never>; answer: Record<string, number> };
}
export type StoreQuestion = {
  [Name in keyof StoreQuestions]: { name: Name; ask: StoreQuestions[Name]['ask'] };
}[keyof StoreQuestions];

export type ToWorker =
  /** Where each reader starts: after the last group that it has had or that is gone. */
  | { type: 'begin'; after: Record<ReaderName, number>; acceptedBefore: number; now: number }
  | { type: 'group'; group: number; bytes?: Uint8Array }
  | { type: 'fetched'; group: number; bytes?: Uint8Array; error?: string }
  /** All that was received before `now` lies in groups up to `head`. */
  | { type: 'tick'; now: number; head: number }
  | { type: 'devices'; devices: Device[] }
  | { type: 'ask'; id: number; question: StoreQuestion }
  | { type: 'settle'; id: number; head: number }
  | { type: 'close' };

/** What came into the store, and the time that each stage took since the batch before, seconds. */
export interface StoredBatch {
  readings: number;
  deadLetters: number;
  seconds: { decode: number; rules: number; store: number };
}

/** The worker's side of the delivery ledger. */
export interface LedgerPart {
  tally: Tally;
  /** Stored once, and gone since by retention. */
  dropped: number;
}

export type FromWorker =
  | {
      type: 'ready';
      cursors: Record<ReaderName, number>;
      ledger: LedgerPart;
      devices: LiveValues[];
      store: string;
      readings: number;
    }
  | { type: 'failed'; code: string; message: string }
  | { type: 'received'; group: number }
  | { type: 'fetch'; group: number }
  | { type: 'cursor'; reader: ReaderName; group: number }
  | { type: 'live'; devices: LiveValues[]; alerts: Alert[]; transitions: RuleTransition[] }
  | { type: 'stored'; stored: StoredBatch; ledger: LedgerPart }
  | { type: 'dropped'; ledger: LedgerPart }
  | { type: 'trouble'; source: ReaderName | 'keeper'; text: string | null }
  | {
      type: 'answer';
      id: number;
      answer?: StoreQuestions[keyof StoreQuestions]['answer'];
      error?: string;
      code?: string;
    }
  | { type: 'settled'; id: number }
  | { type: 'closed' };
