/**
 * One schema for every setting: defaults, then haechi.yaml, then the environment, then flags.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import * as z from 'zod';
import { HaechiError, messageOf } from './errors.ts';
import { isTimeZone } from './time-zone.ts';

const port = z.coerce.number().int().min(0).max(65_535);

const days = z.number().int().min(1).max(36_600);

/** A setting with parts, as the environment has to write it; what is no JSON is left for the schema to refuse. */
function parseJson(given: unknown): unknown {
  if (typeof given !== 'string') return given;
  try {
    return JSON.parse(given);
  } catch {
    return given;
  }
}

export const settingsSchema = z.strictObject({
  /** The data folder: state, journal, telemetry. */
  data: z.string().min(1).default('./data'),
  /** Address both servers listen on. */
  host: z.string().min(1).default('0.0.0.0'),
  httpPort: port.default(8080),
  mqttPort: port.default(1883),
  /** One proxy stands before the dashboard: what it says of a request's address and protocol counts. */
  trustProxy: z.union([z.boolean(), z.stringbool()]).default(false),
  store: z.enum(['duckdb', 'influxdb']).default('duckdb'),
  influxUrl: z.url().default('http://localhost:8086'),
  influxToken: z.string().default(''),
  influxOrg: z.string().default('haechi'),
  influxBucket: z.string().default('haechi'),
  /** Password of the first account, `admin`. Without one it is made and printed once at the first start. */
  adminPassword: z.string().min(8, 'at least 8 characters').optional(),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** Largest MQTT payload, bytes. */
  payloadSizeMax: z.coerce.number().int().min(128).max(1_048_576).default(65_536),
  /** Messages of one device accepted and not yet acknowledged, before its socket is paused. */
  inflightMax: z.coerce.number().int().min(1).max(1000).default(100),
  /** Devices connected at once. */
  connectionsMax: z.coerce.number().int().min(1).default(20_000),
  /** The journal's bound, bytes: at it, acknowledgement stops until the readers have caught up. */
  journalSizeMax: z.coerce
    .number()
    .int()
    .min(65_536)
    .default(2 * 1024 ** 3),
  /** How far ahead of our clock a measurement may say it was taken, seconds. */
  futureMaxS: z.coerce.number().min(0).default(300),
  /** How old a measurement may be, days. */
  pastMaxDays: z.coerce.number().min(1).default(3660),
  /** Dead letters kept; the oldest go first. */
  deadLettersMax: z.coerce.number().int().min(100).default(10_000),
  /**
   * Days that readings and their roll-ups to a minute, an hour and a day are kept: `default`, and by system what differs. In the
   * environment as JSON: {"default": {"raw": 90}, "flood": {"raw": 3660}}. InfluxDB has its own.
   */
  retention: z.preprocess(
    parseJson,
    z.record(z.string(), z.strictObject({ raw: days, minute: days, hour: days, day: days }).partial()).default({}),
  ),
  /** An IANA time zone: the city's. */
  timeZone: z.string().refine(isTimeZone, 'not an IANA time zone').default('Asia/Seoul'),
  /** GeoJSON and names of the city; see docs/city-file.md. Without it the map shows devices on an empty ground. */
  cityFile: z.string().optional(),
});

export type Settings = z.output<typeof settingsSchema>;
export type SettingName = keyof Settings;

/** Environment variable of each setting; those with a name of their own first, the rest are HAECHI_ and the name in capitals. */
export const ENVIRONMENT: Record<SettingName, string> = {
  data: 'HAECHI_DATA',
  host: 'HAECHI_HOST',
  httpPort: 'HAECHI_HTTP_PORT',
  mqttPort: 'HAECHI_MQTT_PORT',
  trustProxy: 'HAECHI_TRUST_PROXY',
  store: 'HAECHI_STORE',
  influxUrl: 'INFLUX_URL',
  influxToken: 'INFLUX_TOKEN',
  influxOrg: 'INFLUX_ORG',
  influxBucket: 'INFLUX_BUCKET',
  adminPassword: 'HAECHI_ADMIN_PASSWORD',
  logLevel: 'HAECHI_LOG_LEVEL',
  payloadSizeMax: 'HAECHI_PAYLOAD_SIZE_MAX',
  inflightMax: 'HAECHI_INFLIGHT_MAX',
  connectionsMax: 'HAECHI_CONNECTIONS_MAX',
  journalSizeMax: 'HAECHI_JOURNAL_SIZE_MAX',
  futureMaxS: 'HAECHI_FUTURE_MAX_S',
  pastMaxDays: 'HAECHI_PAST_MAX_DAYS',
  deadLettersMax: 'HAECHI_DEAD_LETTERS_MAX',
  retention: 'HAECHI_RETENTION',
  timeZone: 'HAECHI_TIME_ZONE',
  cityFile: 'HAECHI_CITY_FILE',
};

export interface SettingSources {
  /** What a command puts in the place of the defaults. */
  presets?: Record<string, unknown>;
  /** Parsed flags; undefined ones are left out. */
  flags?: Record<string, unknown>;
  env?: NodeJS.ProcessEnv;
  /** Where haechi.yaml is looked for. */
  folder?: string;
}

/** @throws HaechiError SETTING_INVALID, one line that names the setting and where it came from. */
export function loadSettings({
  presets = {},
  flags = {},
  env = process.env,
  folder = process.cwd(),
}: SettingSources = {}): Settings {
  const given: Record<string, unknown> = {};
  const origin: Record<string, string> = {};
  const take = (name: string, value: unknown, from: string) => {
    if (value === undefined || value === null || value === '') return;
    given[name] = value;
    origin[name] = from;
  };
  for (const [name, value] of Object.entries(presets)) take(name, value, name);
  for (const [name, value] of Object.entries(readSettingsFile(resolve(folder, 'haechi.yaml')))) {
    take(name, value, `haechi.yaml: ${name}`);
  }
  for (const [name, variable] of Object.entries(ENVIRONMENT)) take(name, env[variable], variable);
  for (const [name, value] of Object.entries(flags)) take(name, value, `--${kebab(name)}`);

  const result = settingsSchema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const [name = unknown ?? '', ...part] = (issue?.path ?? []).map(String);
  const where = part.length > 0 ? `${part.join('.')}: ` : '';
  const what =
    unknown === undefined
      ? (issue?.message ?? 'invalid')
      : `no such ${name === unknown ? 'setting' : `part: ${unknown}`}`;
  throw new HaechiError('SETTING_INVALID', `setting ${origin[name] ?? name} is wrong: ${where}${what}`);
}

function readSettingsFile(path: string): Record<string, unknown> {
  if (!existsSync(path)) return {};
  try {
    const parsed: unknown = parseYaml(readFileSync(path, 'utf8'));
    return z.record(z.string(), z.unknown()).parse(parsed ?? {});
  } catch (cause) {
    throw new HaechiError('SETTING_INVALID', `${path} cannot be read: ${messageOf(cause).split('\n')[0]}`, { cause });
  }
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
}
