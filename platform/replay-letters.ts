/** Dead letters once more through the journal: after a mistake in a model or a mapping is mended, or a system is added. */
import type { Clock } from '@haechi/core';
import type { ReplayRequest, ReplayResult } from '@haechi/dashboard';
import { type DeadLetterLog, type Journal, replayRecord } from '@haechi/ingest';

/** Letters looked at in one request; the caller asks again for the rest. */
const LETTERS_MAX = 200;

/**
 * Resolves when the messages are in the journal for good; what becomes of them, the ledger and the letters that are left tell.
 * @returns how many messages went, and how to ask on; `null` once there are no more
 * @throws HaechiError JOURNAL_FULL, JOURNAL_FAILED, CLOSED: none or some of them went, and sending them again does no harm.
 */
export async function replayLetters({
  deadLetters,
  journal,
  clock,
  request: { after, until: askedUntil, ...filter },
}: {
  deadLetters: DeadLetterLog;
  journal: Journal;
  clock: Clock;
  request: ReplayRequest;
}): Promise<ReplayResult> {
  // A message that fails again leaves new letters: they are not of this replay, or it would never end.
  const until = askedUntil ?? (await deadLetters.newest());
  const { messages, last } = await deadLetters.messages(filter, { after, until, limit: LETTERS_MAX });
  const now = clock.now();
  await Promise.all(
    messages.map(
      (message) =>
        new Promise<void>((resolve, reject) => {
          journal.append(replayRecord(message, now), (error) => (error ? reject(error) : resolve()));
        }),
    ),
  );
  return { messages: messages.length, next: last === null ? null : { after: last, until } };
}
