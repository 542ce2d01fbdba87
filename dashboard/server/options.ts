import type { Readable } from 'node:stream';
import type { Clock, DeadLetter, Log, Metrics } from '@haechi/core';
import type { Domain } from '@haechi/domains';
import type { AlertBook, CompiledRule, People, Registry } from '@haechi/services';
import type { CityStore } from './city-store.ts';
import type {
  EXPORT_FORMATS,
  EXPORT_RESOLUTIONS,
  HistoryResource,
  ImportResult,
  PlatformResource,
  ReplayRequest,
  ReplayResult,
} from './contract.ts';
import type { LiveFeed } from './live-feed.ts';

export interface HistoryRequest {
  domain: string;
  device: string;
  fields: string[];
  from: number;
  to: number;
  pointsMax: number;
  gapMs: number;
}

/** Many devices of a system as one series; all of the system where `devices` is absent. */
export interface GroupHistoryRequest {
  domain: string;
  devices?: string[];
  fields: string[];
  from: number;
  to: number;
  pointsMax: number;
  figures?: ('count' | 'min' | 'mean' | 'max' | 'sum')[];
}

export type Series = Pick<HistoryResource, 'intervalMs' | 'resolution' | 'ts' | 'fields'>;

export interface DeadLetterRequest {
  device?: string | undefined;
  reason?: string | undefined;
  limit: number;
  before?: number | undefined;
}

export interface ExportRequest {
  domain: string;
  /** All devices of the system where it is absent; so are fields. */
  devices?: string[];
  fields?: string[];
  from: number;
  to: number;
  resolution: (typeof EXPORT_RESOLUTIONS)[number];
  format: (typeof EXPORT_FORMATS)[number];
}

/** A file on its way to who asked for it; however its bytes end, what they are read from is cleared away. */
export interface FileDownload {
  /** What it is called where it is saved. */
  name: string;
  size: number;
  bytes: Readable;
}

/** What the dashboard's server needs; the platform hands it over. */
export interface DashboardOptions {
  host: string;
  port: number;
  /** One proxy stands in front: what it says of a request's address, protocol and host counts. */
  trustProxy?: boolean;
  mode: PlatformResource['mode'];
  version: string;
  /** The built app's folder. */
  webFolder: string;
  clock: Clock;
  speed: () => number;
  city: CityStore;
  domains: readonly Domain[];
  rules: readonly CompiledRule[];
  registry: Registry;
  alerts: AlertBook;
  people: People;
  feed: LiveFeed;
  history: (request: HistoryRequest) => Promise<Series>;
  groupHistory: (request: GroupHistoryRequest) => Promise<Series>;
  deadLetters: (request: DeadLetterRequest) => Promise<(DeadLetter & { id: number; replayable: boolean })[]>;
  replayDeadLetters: (request: ReplayRequest) => Promise<ReplayResult>;
  platform: () => Promise<PlatformResource>;
  /** A consistent copy of everything. @throws HaechiError BUSY while another is under way, DISK_FULL … */
  backup: () => Promise<FileDownload>;
  /** @throws HaechiError BUSY while as many are under way as may */
  exportReadings: (request: ExportRequest) => Promise<FileDownload & { rows: number }>;
  /** Takes lines of JSON (`importLine`); resolves when those accepted are in the journal for good. */
  importReadings: (lines: readonly string[]) => Promise<ImportResult>;
  log: Log;
  metrics: Metrics;
}
