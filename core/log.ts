import { pino } from 'pino';

export type Log = pino.Logger;

/** A structured log on standard error, one JSON object a line. */
export function createLog(level: string, name: string): Log {
  return pino({ level, name, base: { name } }, pino.destination(2));
}

/** For tests and tools that say their own words. */
export function silentLog(): Log {
  return pino({ level: 'silent' });
}
