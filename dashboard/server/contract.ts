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
/** Ids, comma-separated. */
const idList = z
  .string()
  .max(65_000)
  .transform((text) => text.split(',').filter((id) => id !== ''))
  .refine((ids) => ids.length > 0 && ids.length <= 1000, 'name 1 to 1000 devices');
export const deviceQuery = z.object({
  /** Of these alone. */
  ids: idList.optional(),
  domain: z.string().optional(),
  kind: z.string().optional(),
  district: z.string().optional(),
  /** Part of the id or the name. */
  q: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(200).optional(),
});

export const nearestQuery = z.object({
  latitude: z.coerce.number().min(-90).max(90),
  longitude: z.coerce.number().min(-180).max(180),
  domain: z.string().optional(),
  kind: z.string().optional(),
  /** No further away than this, metres. */
  radiusM: z.coerce.number().positive().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(10),
});
/** Nearest first; a device that moves is where it last said it was. */
export const nearestList = z.object({ items: z.array(deviceWithState.extend({ distanceM: z.number() })) });

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
const column = <T extends z.ZodType>(entry: T) => z.array(entry.nullable()).optional();
/**
 * One entry of `ts` a row; every field has one entry of each of its lists a row, null where it has none. `intervalMs` 0: raw
 * readings, of which `min`, `mean`, `max` and `last` are the same. A choice, flag or text has no numbers but `count`; `sum` is a
 * counter's growth within the interval.
 */
const series = {
  intervalMs: z.number(),
  /** What it was read from: readings, or their roll-up to a minute, an hour or a day. */
  resolution: z.enum(['raw', 'minute', 'hour', 'day']),
  ts: z.array(time),
  fields: z.record(
    z.string(),
    z.object({
      count: column(z.number()),
      min: column(z.number()),
      mean: column(z.number()),
      max: column(z.number()),
      last: column(value),
      sum: column(z.number()),
    }),
  ),
};
export const historyResource = z.object({ device: z.string(), from: time, to: time, ...series });
export type HistoryResource = z.output<typeof historyResource>;

/** Devices of one system: those named, or all of a district, of a kind, or of the system. */
export const manyHistoryQuery = historyQuery.extend({
  domain: z.string(),
  ids: idList.optional(),
  district: z.string().optional(),
  kind: z.string().optional(),
});
const FIGURES = ['count', 'min', 'mean', 'max', 'sum'] as const;
export const groupHistoryQuery = manyHistoryQuery.extend({
  /** Which figures, comma-separated; all where it is absent. Over many devices and weeks fewer are faster. */
  figures: z
    .string()
    .max(100)
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(FIGURES)).min(1))
    .optional(),
});
/** All of them together as one series: an interval's figures are over every reading of every device in it. */
export const groupHistoryResource = z.object({ devices: z.number().int(), from: time, to: time, ...series });
export type GroupHistoryResource = z.output<typeof groupHistoryResource>;
/** A series each; for at most 50 devices. */
export const eachHistoryResource = z.object({ items: z.array(historyResource) });

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

// ── files of readings, out and in ───────────────────────────────────────────

export const EXPORT_FORMATS = ['csv', 'parquet'] as const;
export const EXPORT_RESOLUTIONS = ['raw', 'minute', 'hour', 'day'] as const;
/** Comma-separated names. */
const nameList = z
  .string()
  .max(8000)
  .transform((list) => [...new Set(list.split(',').filter((name) => name !== ''))]);

export const exportQuery = z.object({
  domain: z.string().max(64),
  /** Ids of devices; all of the system without them. */
  devices: nameList.optional(),
  /** Instead: all devices of a district. */
  district: z.string().max(64).optional(),
  /** All fields of the system without them. */
  fields: nameList.optional(),
  /** Epoch milliseconds; `from` inclusive, `to` exclusive. */
  from: momentInQuery,
  to: momentInQuery,
  resolution: z.enum(EXPORT_RESOLUTIONS).default('raw'),
  format: z.enum(EXPORT_FORMATS).default('csv'),
});

export const IMPORT_LINES_MAX = 5000;
/** One line of an import: a reading of a registered device. */
export const importLine = z.strictObject({
  device: z.string().max(64),
  /** Epoch milliseconds, or RFC 3339 with an offset. */
  ts: z.union([z.number(), z.string().max(64)]),
  values: z.record(z.string(), z.unknown()),
});
/** Every line is one of them: in the journal for good, or refused whole. Lines count from 1. */
export const importResult = z.object({
  accepted: z.number().int(),
  refused: z.array(z.object({ line: z.number().int(), reason: z.string() })),
});
export type ImportResult = z.output<typeof importResult>;

// ── the platform ────────────────────────────────────────────────────────────

export const deadLetterResource = z.object({
  id: z.number().int(),
  receivedAt: time,
  topic: z.string(),
  device: z.string().nullable(),
  reason: z.string(),
  detail: z.string(),
  size: z.number().int(),
  /** It was acknowledged, so it can go through the platform once more. */
  replayable: z.boolean(),
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

/** Dead letters to send through the platform once more: all, or those that fit. */
export const replayRequest = z.strictObject({
  ids: z.array(z.number().int()).min(1).max(1000).optional(),
  device: z.string().max(64).optional(),
  reason: z.string().max(64).optional(),
  after: z.number().int().min(0).default(0),
  until: z.number().int().min(0).optional(),
});
export type ReplayRequest = z.output<typeof replayRequest>;
export const replayResult = z.object({
  /** Messages on their way; which of them can be used now shows in the letters that are left. */
  messages: z.number().int(),
  /** There may be more: ask on with these, until it is null. */
  next: z.object({ after: z.number().int(), until: z.number().int() }).nullable(),
});
export type ReplayResult = z.output<typeof replayResult>;

/**
 * The delivery ledger: messages acknowledged since the first start, by what became of them. `accepted` is the sum of all the
 * others at every moment; `unaccounted` is 0, or something is wrong.
 */
export const ledgerResource = z.object({
  accepted: z.number().int(),
  stored: z.number().int(),
  duplicate: z.number().int(),
  deadLettered: z.number().int(),
  /** Older than what is kept: when they came, or by now. */
  expired: z.number().int(),
  /** In the journal, not yet looked at. */
  pending: z.number().int(),
  unaccounted: z.number().int(),
});
export type LedgerResource = z.output<typeof ledgerResource>;

export const platformResource = z.object({
  version: z.string(),
  startedAt: z.number(),
  uptimeS: z.number(),
  mode: z.enum(['live', 'demo', 'replay']),
  store: z.string(),
  devices: z.number().int(),
  connections: z.number().int(),
  messagesAccepted: z.number().int(),
  ledger: ledgerResource,
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
