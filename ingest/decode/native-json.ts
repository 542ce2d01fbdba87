/**
 * The native JSON payload: an object, an array of them, or bare values.
 *
 *   {"ts": 1790000000000, "seq": 17, "values": {"activePower": 88.2}}
 *   [{"ts": …, "values": {…}}, …]
 *   {"activePower": 88.2}
 *
 * What a model does not know or allow is set aside field by field; the rest is kept.
 */
import type { DomainModel, Values } from '@haechi/core';
import { plainCheckOf } from './plain-check.ts';

export const READINGS_PER_PAYLOAD_MAX = 1000;
const DETAIL_LENGTH_MAX = 120;

export interface Decoded {
  ts: number;
  seq: number | undefined;
  values: Values;
}

/** Why a payload, or a part of it, could not be used. */
export interface Refusal {
  reason: string;
  detail: string;
}

export interface DecodeResult {
  readings: Decoded[];
  refusals: Refusal[];
}

export interface TimeLimits {
  futureMaxMs: number;
  pastMaxMs: number;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Never throws, whatever the bytes. `receivedAt` stands in where a reading says no time of its own. */
export function decodeNativeJson(
  payload: Uint8Array,
  model: DomainModel,
  receivedAt: number,
  limits: TimeLimits,
): DecodeResult {
  let parsed: unknown;
  try {
    parsed = JSON.parse(utf8.decode(payload));
  } catch (error) {
    return refused(
      'json-malformed',
      error instanceof TypeError ? 'the payload is not UTF-8' : (error as Error).message,
    );
  }
  if (!Array.isArray(parsed)) return decodeOne(parsed, '', model, receivedAt, limits);
  if (parsed.length === 0) return refused('empty', 'an array without readings');
  if (parsed.length > READINGS_PER_PAYLOAD_MAX) {
    return refused(
      'too-many-readings',
      `${parsed.length} readings in one payload, at most ${READINGS_PER_PAYLOAD_MAX}`,
    );
  }
  const result: DecodeResult = { readings: [], refusals: [] };
  parsed.forEach((entry, index) => {
    const one = decodeOne(entry, `[${index}]: `, model, receivedAt, limits);
    result.readings.push(...one.readings);
    result.refusals.push(...one.refusals);
  });
  return result;
}

function decodeOne(
  entry: unknown,
  where: string,
  model: DomainModel,
  receivedAt: number,
  limits: TimeLimits,
): DecodeResult {
  if (!isObject(entry)) return refused('not-an-object', `${where}a reading is an object, not ${describe(entry)}`);
  const { ts: rawTs, seq: rawSeq } = entry;
  const refusals: Refusal[] = [];

  const ts = readTime(rawTs, receivedAt);
  if (typeof ts === 'string') return refused('ts-invalid', `${where}${ts}`);
  if (ts > receivedAt + limits.futureMaxMs || ts < receivedAt - limits.pastMaxMs) {
    return refused(
      'ts-out-of-range',
      `${where}ts ${timeText(ts)} is ${ts > receivedAt ? 'ahead of' : 'too far before'} our clock${secondsHint(ts, receivedAt)}`,
    );
  }
  let seq: number | undefined;
  if (Number.isSafeInteger(rawSeq) && (rawSeq as number) >= 0) seq = rawSeq as number;
  else if (rawSeq !== undefined) refusals.push({ reason: 'seq-invalid', detail: `${where}seq is ${describe(rawSeq)}` });

  let given: Record<string, unknown>;
  if ('values' in entry) {
    const { values } = entry;
    if (!isObject(values)) return refused('not-an-object', `${where}values is an object, not ${describe(values)}`);
    given = values;
    for (const name in entry) {
      if (name !== 'ts' && name !== 'seq' && name !== 'values')
        refusals.push({ reason: 'field-unknown', detail: `${where}${name} is no part of a reading` });
    }
  } else {
    const { ts: _ts, seq: _seq, ...bare } = entry;
    given = bare;
  }
  const values = checkValues(given, where, model, refusals);
  if (values) return { readings: [{ ts, seq, values }], refusals };
  if (refusals.length === 0) refusals.push({ reason: 'empty', detail: `${where}a reading without values` });
  return { readings: [], refusals };
}

/** The values the model allows; `undefined` where none is left. One plain pass when all are good. */
function checkValues(
  given: Record<string, unknown>,
  where: string,
  model: DomainModel,
  refusals: Refusal[],
): Values | undefined {
  if (plainCheckOf(model)(given)) return isEmpty(given) ? undefined : (given as Values);
  const whole = model.telemetry.safeParse(given);
  if (whole.success) return isEmpty(given) ? undefined : (given as Values);

  const bad = new Set<string>();
  for (const issue of whole.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const name of issue.keys) {
        bad.add(name);
        refusals.push({ reason: 'field-unknown', detail: `${where}${clip(name)} is not a field of ${model.id}` });
      }
      continue;
    }
    const name = String(issue.path[0]);
    if (bad.has(name)) continue;
    bad.add(name);
    const reason = issue.code === 'too_big' || issue.code === 'too_small' ? 'out-of-range' : 'value-invalid';
    refusals.push({ reason, detail: `${where}${clip(name)} = ${describe(given[name])}: ${issue.message}` });
  }
  const good = Object.entries(given).filter(([name]) => !bad.has(name));
  return good.length > 0 ? (Object.fromEntries(good) as Values) : undefined;
}

/** RFC 3339 §5.6, with its offset: a time without one could be any zone's. */
const RFC_3339 = /^\d{4}-\d{2}-(\d{2})[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** Epoch milliseconds, or in words what is wrong with it. */
function readTime(raw: unknown, receivedAt: number): number | string {
  if (raw === undefined || raw === null) return receivedAt;
  if (typeof raw === 'number' && Number.isFinite(raw)) return Math.round(raw);
  const day = typeof raw === 'string' ? RFC_3339.exec(raw)?.[1] : undefined;
  if (day !== undefined) {
    const ts = Date.parse(String(raw));
    // V8 takes 31 November for 1 December.
    if (!Number.isNaN(ts) && (Number(day) <= 28 || dayOfMonth(String(raw)) === Number(day))) return ts;
  }
  return `ts is epoch milliseconds or RFC 3339 with an offset, not ${describe(raw)}`;
}

function dayOfMonth(rfc3339: string): number {
  return new Date(`${rfc3339.slice(0, 10)}T00:00:00Z`).getUTCDate();
}

function secondsHint(ts: number, receivedAt: number): string {
  return Math.abs(ts * 1000 - receivedAt) < 366 * 86_400_000 ? '; it looks like seconds, milliseconds are meant' : '';
}

function timeText(ts: number): string {
  return Math.abs(ts) <= 8.64e15 ? new Date(ts).toISOString() : String(ts);
}

function isEmpty(values: Record<string, unknown>): boolean {
  for (const _ in values) return false;
  return true;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  if (typeof value === 'number') return String(value);
  // Not as JSON: a payload can nest deeper than the stack that writing it takes.
  if (Array.isArray(value)) return 'an array';
  return clip(isObject(value) ? 'an object' : JSON.stringify(value));
}

function clip(text: string): string {
  return text.length > DETAIL_LENGTH_MAX ? `${text.slice(0, DETAIL_LENGTH_MAX)}…` : text;
}

function refused(reason: string, detail: string): DecodeResult {
  return { readings: [], refusals: [{ reason, detail }] };
}
