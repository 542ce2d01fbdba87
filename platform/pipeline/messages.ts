/** What the main thread (broker, journal, dashboard) and the worker (decoding, rules, stores) say to each other. */
import type { Alert, Device, Values } from '@haechi/core';
import type { RuleTransition } from '@haechi/services';
import type { RangeQuery, RangeResult } from '@haechi/storage';

/** What the worker is started with; models and rules it loads itself. */
export interface WorkerSetup {
  dataFolder: string;
  store: 'duckdb' | 'influxdb';
  influx: { url: string; token: string; org: string; bucket: string };
  futureMaxMs: number;
  pastMaxMs: number;
  deadLettersMax: number;
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

export type ToWorker =
  /** Where each reader starts: after the last group that it has had or that is gone. */
  | { type: 'begin'; after: Record<ReaderName, number> }
  | { type: 'group'; group: number; bytes?: Uint8Array }
  | { type: 'fetched'; group: number; bytes?: Uint8Array; error?: string }
  /** All that was received before `now` lies in groups up to `head`. */
  | { type: 'tick'; now: number; head: number }
  | { type: 'devices'; devices: Device[] }
  | { type: 'range'; id: number; query: RangeQuery }
  | { type: 'settle'; id: number; head: number }
  | { type: 'close' };

export type FromWorker =
  | {
      type: 'ready';
      cursors: Record<ReaderName, number>;
      devices: LiveValues[];
      store: string;
      readings: number;
    }
  | { type: 'failed'; code: string; message: string }
  | { type: 'received'; group: number }
  | { type: 'fetch'; group: number }
  | { type: 'cursor'; reader: ReaderName; group: number }
  | { type: 'live'; devices: LiveValues[]; alerts: Alert[]; transitions: RuleTransition[] }
  | { type: 'stored'; readings: number; deadLetters: number }
  | { type: 'trouble'; source: ReaderName; text: string | null }
  | { type: 'range'; id: number; result?: RangeResult; error?: string; code?: string }
  | { type: 'settled'; id: number }
  | { type: 'closed' };
