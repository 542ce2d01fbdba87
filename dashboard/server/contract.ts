/**
 * What the dashboard's server and the operators' app say to each other: the single source of the REST
 * resources (and so of OpenAPI), of the WebSocket messages, and of the web app's types.
 */
import { citySchema, LANGUAGES, localeSchema, STAGES, SYMBOLS, TRANSITIONS } from '@haechi/core';
import * as z from 'zod';

const value = z.union([z.number(), z.string(), z.boolean()]);
const stage = z.enum(STAGES);
/** Epoch milliseconds on the city's clock. */
const time = z.number();

export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string().optional(),
  code: z.string().optional(),
});

/** What a guarded route may answer besides its own. */
export const SIGNED_IN = { 401: problem };
export const ADMIN_ONLY = { 401: problem, 403: problem };

// ── people ──────────────────────────────────────────────────────────────────

export const credentials = z.strictObject({
  username: z.string().min(1).max(64),
  password: z.string().min(1).max(256),
});
export const person = z.object({ username: z.string(), displayName: z.string(), role: z.enum(['operator', 'admin']) });
export type Person = z.output<typeof person>;

export const newPerson = z.strictObject({
  username: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'lower-case letters, digits, . _ and -, at most 64'),
  displayName: z.string().min(1).max(120),
  role: z.enum(['operator', 'admin']),
});
export const newPersonResult = z.object({ username: z.string(), password: z.string() });

// ── the city and its systems ────────────────────────────────────────────────

export const cityResource = citySchema.extend({
  /** `replay` and `demo` are said on the screen, so that nobody takes them for the real city. */
  mode: z.enum(['live', 'demo', 'replay']),
  now: time,
  /** City seconds in a real second: 1, or a replay's speed; 0 while a recording stands still. */
  speed: z.number(),
});
export type CityResource = z.output<typeof cityResource>;

export const fieldResource = z.object({
  name: z.string(),
  type: z.enum(['number', 'choice', 'flag', 'text']),
  unit: z.string(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  decimals: z.number().int(),
  counter: z.boolean(),
  choices: z.array(z.string()).nullable(),
});
export const domainResource = z.object({
  id: z.string(),
  icon: z.string(),
  order: z.number(),
  kinds: z.array(
    z.object({
      id: z.string(),
      symbol: z.enum(SYMBOLS),
      intervalS: z.number(),
      fields: z.array(z.string()),
      /** The number that fills the symbol. */
      level: z.string().nullable(),
      /** When the symbol is at work: the field holds one of `is`, or is above `above`. */
      active: z
        .object({
          field: z.string(),
          is: z.array(z.union([z.string(), z.boolean()])).nullable(),
          above: z.number().nullable(),
        })
        .nullable(),
    }),
  ),
  fields: z.array(fieldResource),
  locales: z.object(
    Object.fromEntries(LANGUAGES.map((l) => [l, localeSchema])) as Record<'en' | 'ko', typeof localeSchema>,
  ),
});
export type DomainResource = z.output<typeof domainResource>;
export const domainList = z.object({ items: z.array(domainResource) });

// ── devices ─────────────────────────────────────────────────────────────────

/** A line on a chart, a mark on a gauge: what a rule holds this device's field against. */
export const limitResource = z.object({
  field: z.string(),
  rule: z.string(),
  stage,
  value: z.number(),
  /** `rising`: at or above it is the stage's; `falling`: at or below; `none` where the rule's condition says more. */
  direction: z.enum(['rising', 'falling', 'none']),
});
export type LimitResource = z.output<typeof limitResource>;

export const deviceResource = z.object({
  id: z.string(),
  domain: z.string(),
  kind: z.string(),
  district: z.string(),
  name: z.string(),
  latitude: z.number(),
  longitude: z.number(),
  intervalS: z.number(),
  parent: z.string().nullable(),
  attributes: z.record(z.string(), z.unknown()),
  /** Fixed limits of the rules that watch it, lowest stage first. */
  limits: z.array(limitResource),
});
export type DeviceResource = z.output<typeof deviceResource>;

/** What a device last said. `at` of a value is when it was measured, where that differs from `ts`. */
export const liveState = z.object({
  id: z.string(),
  /** Time of its newest reading; null before its first. */
  ts: time.nullable(),
  receivedAt: time.nullable(),
  values: z.record(z.string(), value),
});
export type LiveState = z.output<typeof liveState>;

export const deviceWithState = deviceResource.extend({ state: liveState });
export const page = { next: z.string().nullable() };
export const deviceList = z.object({ items: z.array(deviceWithState), ...page });
export const deviceQuery = z.object({
  domain: z.string().optional(),
  kind: z.string().optional(),
  district: z.string().optional(),
  /** Part of the id or the name. */
  q: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(200).optional(),
});

/** Every device at once, without live values, for the map. Bounded by the registry's own bound. */
export const deviceMap = z.object({ items: z.array(deviceResource) });

export const provisionRequest = z.strictObject({
  devices: z.array(z.unknown()).min(1).max(20_000),
  /** What to do with an id that is registered already: refuse the whole request, or give it a new secret. */
  existing: z.enum(['refuse', 'renew']).default('refuse'),
});
/** The secrets are shown here once and kept only as a keyed hash. */
export const provisionResult = z.object({ items: z.array(z.object({ id: z.string(), secret: z.string() })) });

/** Within what a date can be. */
const MOMENT_MAX = 8.64e15;
/** A time that comes back in a cursor, or in a query. */
export const moment = z.number().min(-MOMENT_MAX).max(MOMENT_MAX);
const momentInQuery = z.coerce.number().min(-MOMENT_MAX).max(MOMENT_MAX);
export const historyQuery = z.object({
  /** Names of fields, comma-separated. */
  fields: z.string().max(500),
  from: momentInQuery,
  to: momentInQuery,
  /** Most points a field; more readings than that are aggregated into equal intervals. */
  points: z.coerce.number().int().min(10).max(4000).default(600),
});
/**
 * One entry of `ts` a row; every field has one entry of each of its lists a row, null where it has none.
 * `intervalMs` 0: raw readings, `min`, `mean` and `max` are the same. A choice, flag or text has `last` alone.
 */
export const historyResource = z.object({
  device: z.string(),
  from: time,
  to: time,
  intervalMs: z.number(),
  ts: z.array(time),
  fields: z.record(
    z.string(),
    z.object({
      min: z.array(z.number().nullable()).optional(),
      mean: z.array(z.number().nullable()).optional(),
      max: z.array(z.number().nullable()).optional(),
      last: z.array(value.nullable()).optional(),
    }),
  ),
});
export type HistoryResource = z.output<typeof historyResource>;

// ── alerts ──────────────────────────────────────────────────────────────────

export const alertResource = z.object({
  id: z.string(),
  rule: z.string(),
  domain: z.string(),
  device: z.string(),
  district: z.string(),
  stage,
  peakStage: stage,
  field: z.string().nullable(),
  value: value.nullable(),
  limit: z.number().nullable(),
  raisedAt: time,
  changedAt: time,
  acknowledgedAt: time.nullable(),
  acknowledgedBy: z.string().nullable(),
  clearedAt: time.nullable(),
  changeSeq: z.number().int(),
});
export type AlertResource = z.output<typeof alertResource>;
export const alertEventResource = z.object({
  seq: z.number().int(),
  at: time,
  what: z.enum([...TRANSITIONS, 'acknowledged']),
  stage,
  value: value.nullable(),
  actor: z.string().nullable(),
  comment: z.string().nullable(),
});
export const alertWithEvents = alertResource.extend({ events: z.array(alertEventResource) });
export type AlertWithEvents = z.output<typeof alertWithEvents>;
export const alertList = z.object({ items: z.array(alertResource), ...page });
export const alertQuery = z.object({
  /** `open`: not yet both cleared and acknowledged. */
  state: z.enum(['open', 'all']).default('open'),
  domain: z.string().optional(),
  district: z.string().optional(),
  device: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(200).optional(),
});
export const acknowledgeRequest = z.strictObject({ comment: z.string().max(2000).optional() });

// ── the platform ────────────────────────────────────────────────────────────

export const deadLetterResource = z.object({
  id: z.number().int(),
  receivedAt: time,
  topic: z.string(),
  device: z.string().nullable(),
  reason: z.string(),
  detail: z.string(),
  size: z.number().int(),
  /** The payload as text where it is UTF-8, else null. */
  text: z.string().nullable(),
  base64: z.string(),
});
export type DeadLetterResource = z.output<typeof deadLetterResource>;
export const deadLetterList = z.object({ items: z.array(deadLetterResource), ...page });
export const deadLetterQuery = z.object({
  device: z.string().optional(),
  reason: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(200).optional(),
});

export const platformResource = z.object({
  version: z.string(),
  startedAt: z.number(),
  uptimeS: z.number(),
  mode: z.enum(['live', 'demo', 'replay']),
  store: z.string(),
  devices: z.number().int(),
  connections: z.number().int(),
  messagesAccepted: z.number().int(),
  /** Over the last ten seconds. */
  messagesPerSecond: z.number(),
  readingsStored: z.number().int(),
  deadLetters: z.number().int(),
  journal: z.object({
    head: z.number().int(),
    sizeBytes: z.number(),
    sizeBytesMax: z.number(),
    cursors: z.record(z.string(), z.number().int()),
    accepting: z.boolean(),
  }),
  /** What is wrong with the platform itself now, a line each; empty when nothing is. */
  troubles: z.array(z.string()),
});
export type PlatformResource = z.output<typeof platformResource>;

// ── WebSocket /ws ───────────────────────────────────────────────────────────
// The app sends `hello`; the server answers with a snapshot, or, where `resume` names a point it still
// holds, with every delta since. Deltas are numbered by `seq` without gaps within an `epoch`.

export const wsHello = z.strictObject({
  type: z.literal('hello'),
  resume: z.strictObject({ epoch: z.string(), seq: z.number().int().min(0) }).optional(),
});

/** How many alerts are open, sent or not; absent where it has not changed. */
const openAlerts = z.number().int().optional();

export const wsSnapshot = z.object({
  type: z.literal('snapshot'),
  epoch: z.string(),
  seq: z.number().int(),
  now: time,
  speed: z.number(),
  devices: z.array(liveState),
  /** Alerts that are open: not yet both cleared and acknowledged. The 5,000 most pressing where there are more. */
  alerts: z.array(alertResource),
  openAlerts,
});

export const wsDelta = z.object({
  type: z.literal('delta'),
  epoch: z.string(),
  seq: z.number().int(),
  now: time,
  speed: z.number(),
  /** Only the values that changed or came again; merge them over what is shown. */
  devices: z.array(liveState),
  /** Whole alerts, as they stand after the change. */
  alerts: z.array(alertResource),
  openAlerts,
  /** The registry changed: fetch the devices again. */
  registry: z.boolean().optional(),
});

/** Sent once a second when nothing else was, so that silence means a lost connection. */
export const wsBeat = z.object({
  type: z.literal('beat'),
  epoch: z.string(),
  seq: z.number().int(),
  now: time,
  speed: z.number(),
});

export const wsServerMessage = z.discriminatedUnion('type', [wsSnapshot, wsDelta, wsBeat]);
export type WsServerMessage = z.output<typeof wsServerMessage>;
export type WsSnapshot = z.output<typeof wsSnapshot>;
export type WsDelta = z.output<typeof wsDelta>;
