import { Problem } from './problems.ts';

/** A list's cursor as it travels: opaque to whoever gets it. */
export function writeCursor(parts: (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** @throws Problem 422 where it is none of ours. */
export function readCursor(cursor: string): (string | number)[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(parts) && parts.every((part) => typeof part === 'string' || typeof part === 'number'))
      return parts;
  } catch {
    // not ours: told below like one that is JSON and still not ours
  }
  throw new Problem(422, 'querystring cursor: take it as it came with the page before');
}
