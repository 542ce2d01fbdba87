import type * as z from 'zod';
import { Problem } from './problems.ts';

/** A list's cursor as it travels: opaque to whoever gets it. */
export function writeCursor(parts: (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** @throws Problem 422 where it is none of ours, or another list's. */
export function readCursor<T>(cursor: string, parts: z.ZodType<T>): T {
  try {
    return parts.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw new Problem(422, 'querystring cursor: take it as it came with the page before');
  }
}
