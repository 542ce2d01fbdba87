/** Writes readings, and finds those that the server will never take. */
import type { Reading } from '@haechi/core';
import { type Verdict, verdictOf, wordsOf } from './influx-errors.ts';
import type { InfluxServer } from './influx-server.ts';
import type { RefusedReading } from './readings-refused.ts';

/** InfluxData's advice is 5,000 to 10,000 lines a request; ours have up to 20 fields and stay below the 10 MB that 3.x takes. */
const LINES_MAX = 5000;
/** Each bad line costs about log2(LINES_MAX) requests to find, so one call looks for no more than these. */
const REFUSED_MAX = 256;

export interface Line {
  reading: Reading;
  text: string;
}

/** Lines go out in order, one request at a time: of two values for one point the later one stays. */
export async function writeLines(
  server: Pick<InfluxServer, 'write'>,
  lines: readonly Line[],
): Promise<RefusedReading[]> {
  const refused: RefusedReading[] = [];
  for (let start = 0; start < lines.length && refused.length < REFUSED_MAX; start += LINES_MAX) {
    await writePart(server, lines.slice(start, start + LINES_MAX), refused);
  }
  return refused;
}

async function writePart(
  server: Pick<InfluxServer, 'write'>,
  part: readonly Line[],
  refused: RefusedReading[],
): Promise<void> {
  if (refused.length >= REFUSED_MAX) return;
  try {
    await server.write(part.map(({ text }) => text));
  } catch (error) {
    const verdict = verdictOf(error);
    if (verdict === 'keep') throw error;
    const reason = wordsOf(error);
    if (part.length === 1 || (verdict === 'refuse' && droppedCount(reason) === part.length)) {
      refused.push(...part.map(({ reading }) => ({ reading, reason })));
      return;
    }
    for (const smaller of partsOf(part, verdict)) await writePart(server, smaller, refused);
  }
}

/** 1.x and 2.x write the good lines of a refused request and say how many they dropped: `partial write: … dropped=3`. */
function droppedCount(reason: string): number {
  return Number(/ dropped=(\d+)/.exec(reason)?.[1] ?? 0);
}

/**
 * A field whose type somebody else has fixed is refused in every reading that has it, so readings of one shape go together first.
 * That may turn the order of two values for one point, and does no harm: what is not refused is appended again, in order.
 */
function partsOf(part: readonly Line[], verdict: Verdict): Line[][] {
  if (verdict === 'refuse') {
    const byShape = [
      ...Map.groupBy(part, ({ reading }) => `${reading.domain} ${Object.keys(reading.values)}`).values(),
    ];
    if (byShape.length > 1) return byShape;
  }
  const middle = part.length >> 1;
  return [part.slice(0, middle), part.slice(middle)];
}
