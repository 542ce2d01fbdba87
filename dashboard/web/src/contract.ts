/** The wire contract, as types only: none of the server's code may reach the bundle. */
export type { DomainLocale, Language } from '../../../core/model.ts';
export type {
  AlertResource,
  AlertWithEvents,
  CityResource,
  DeadLetterResource,
  DeviceResource,
  DomainResource,
  HistoryResource,
  LedgerResource,
  LimitResource,
  LiveState,
  Person,
  PlatformResource,
  ReplayResult,
  WsDelta,
  WsServerMessage,
  WsSnapshot,
} from '../../server/contract.ts';

import type { DomainResource } from '../../server/contract.ts';

export type Field = DomainResource['fields'][number];
export type Kind = DomainResource['kinds'][number];
export type MapSymbol = Kind['symbol'];
export type Value = number | string | boolean;
