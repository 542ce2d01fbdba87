import type { Clock, DeadLetter, Log, Metrics } from '@haechi/core';
import type { Domain } from '@haechi/domains';
import type { AlertBook, CompiledRule, People, Registry } from '@haechi/services';
import type { CityStore } from './city-store.ts';
import type { HistoryResource, PlatformResource } from './contract.ts';
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

export interface DeadLetterRequest {
  device?: string | undefined;
  reason?: string | undefined;
  limit: number;
  before?: number | undefined;
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
  history: (request: HistoryRequest) => Promise<Pick<HistoryResource, 'intervalMs' | 'ts' | 'fields'>>;
  deadLetters: (request: DeadLetterRequest) => Promise<(DeadLetter & { id: number })[]>;
  platform: () => Promise<PlatformResource>;
  log: Log;
  metrics: Metrics;
}
