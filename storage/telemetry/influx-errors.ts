/** What an answer of InfluxDB, or none, means to us; in one line that says where and what to do. */
import { HaechiError, messageOf } from '@haechi/core';
import { HttpError } from '@influxdata/influxdb-client';

export interface InfluxPlace {
  /** As shown: without user and password. */
  url: string;
  org: string;
  bucket: string;
  /** 1, 2 or 3; 0 while unknown. */
  major: number;
}

/**
 * `split`: too large. `refuse`: there is a line in it that will never be taken. `keep`: try again later with the same lines.
 * We retry, not the client: its buffer is in memory, and its `flush` resolved although a batch was lost (client 1.35.0, measured).
 */
export type Verdict = 'split' | 'refuse' | 'keep';

export function verdictOf(error: unknown): Verdict {
  const status = error instanceof HttpError ? error.statusCode : 0;
  if (status === 413) return 'split';
  return status === 400 || status === 422 ? 'refuse' : 'keep';
}

/** The server's own words. 1.x says `{"error"}`, 2.x `{"code","message"}`, 3.x either. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof HttpError)) return messageOf(error) || codeOf(error) || 'no answer';
  const { error: word, message } = (error.json ?? {}) as { error?: unknown; message?: unknown };
  for (const text of [word, message, error.body]) if (typeof text === 'string' && text !== '') return text;
  return error.statusMessage ?? 'no reason given';
}

/** Node gives a refused connection on both ::1 and 127.0.0.1 as one error without a message. */
function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** STORE_UNREACHABLE where waiting may help (no answer, 408, 429, 5xx), else STORE_REFUSED: somebody has to do something. */
export function storeError(cause: unknown, place: InfluxPlace): HaechiError {
  if (cause instanceof HaechiError) return cause;
  const at = `InfluxDB at ${place.url}`;
  const refused = (text: string) => new HaechiError('STORE_REFUSED', text, { cause });
  if (!(cause instanceof HttpError)) {
    return new HaechiError('STORE_UNREACHABLE', `${at} does not answer: ${wordsOf(cause)}`, { cause });
  }
  const status = cause.statusCode;
  if (status === 401 || status === 403) {
    const form = place.major === 1 ? ' (user:password for InfluxDB 1.x)' : '';
    return refused(
      `${at} answers ${status}, ${wordsOf(cause)}: set INFLUX_TOKEN to one that may read and write ${place.bucket}${form}`,
    );
  }
  if (status === 404) return missingBucket(place, cause);
  if (status === 408 || status === 429 || status >= 500) {
    return new HaechiError('STORE_UNREACHABLE', `${at} answers ${status}: ${wordsOf(cause)}`, { cause });
  }
  return refused(`${at} answers ${status}: ${wordsOf(cause)}`);
}

export function missingBucket({ url, org, bucket, major }: InfluxPlace, cause: unknown): HaechiError {
  const what = {
    0: 'nothing that InfluxDB would have',
    1: `no database ${bucket}: create it (CREATE DATABASE "${bucket}") or set INFLUX_BUCKET`,
    2: `no bucket ${bucket} in ${org}: create it (influx bucket create -o "${org}" -n "${bucket}") or set INFLUX_BUCKET and INFLUX_ORG`,
  }[major];
  const text = what ?? `no database ${bucket}: create it (influxdb3 create database "${bucket}") or set INFLUX_BUCKET`;
  return new HaechiError('STORE_REFUSED', `InfluxDB at ${url} has ${text}`, { cause });
}
