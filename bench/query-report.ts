/** The query benchmark's flags, and its figures for a person or as JSON. */
import { parseArgs } from 'node:util';
import { HaechiError } from '@haechi/core';
import { benchQuery, type QueryFigures, quantile } from './query.ts';

/** Fewer than a reading an hour, and there is no month by hour. */
const ROWS_MIN = 10_000_000;

/** @throws HaechiError USAGE; TypeError where a flag is not one of its own */
export async function queryReport(flags: string[]): Promise<string> {
  const { values } = parseArgs({
    args: flags,
    options: { rows: { type: 'string' }, keep: { type: 'string' }, json: { type: 'boolean' } },
  });
  const { keep, json, rows: wanted } = values;
  if (wanted !== undefined && !(Number(wanted) >= ROWS_MIN))
    throw new HaechiError('USAGE', `--rows is a number from ${ROWS_MIN.toLocaleString('en')} on, not ${wanted}`);
  const { queries, rows, sealMs, sealMemoryMax } = await benchQuery({
    ...(wanted !== undefined && { rows: Number(wanted) }),
    ...(keep !== undefined && { keep }),
  });
  if (json) return `${JSON.stringify({ rows, sealMs, sealMemoryMax, queries })}\n`;
  const sealed = `a day was sealed in ${(quantile(sealMs, 0.5) / 1000).toFixed(1)} s, ${(Math.max(...sealMs) / 1000).toFixed(1)} s at most`;
  const memory = `memory up to ${(sealMemoryMax / 1e6).toFixed(0)} MB`;
  return `${rows.toLocaleString('en')} rows; ${sealed}, ${memory}\n\n${queries.map(line).join('\n')}\n`;
}

function line({ name, targetMs, firstMs, medianMs, p95Ms, met }: QueryFigures): string {
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  return [
    name.padEnd(46),
    `median ${ms(medianMs)}`.padStart(18),
    `p95 ${ms(p95Ms)}`.padStart(16),
    `first ${ms(firstMs)}`.padStart(18),
    `   target ${targetMs} ms, ${met ? 'met' : 'missed'}`,
  ].join('');
}
