/** A part of a journal as a journal of its own, and what one holds: for backups. */
import { HaechiError } from '@haechi/core';
import { groupOf, keyOf, openLevel } from './level.ts';
import { acceptedOf, groupIsSound, readGroup } from './record.ts';

/** Written at once; bounds what is in memory. */
const BATCH_SIZE_MAX = 8 * 1024 * 1024;

/**
 * Copies groups `first` to `last` into the new journal `folder`, as they are.
 * @param read gives a group's bytes; the journal must hold on to them meanwhile
 * @returns messages accepted up to `last`, since the first start
 * @throws HaechiError JOURNAL_FAILED where a group is not there or not sound
 */
export async function copyGroups({
  read,
  first,
  last,
  folder,
}: {
  read: (group: number) => Promise<Buffer | undefined>;
  first: number;
  last: number;
  folder: string;
}): Promise<number> {
  const db = await openLevel(folder);
  try {
    let accepted = 0;
    let batch = db.batch();
    let size = 0;
    for (let group = first; group <= last; group++) {
      const bytes = await read(group);
      if (!bytes || !groupIsSound(bytes)) throw new HaechiError('JOURNAL_FAILED', `the journal has no group ${group}`);
      accepted = acceptedOf(bytes);
      batch.put(keyOf(group), bytes);
      size += bytes.length;
      if (size < BATCH_SIZE_MAX) continue;
      await batch.write();
      batch = db.batch();
      size = 0;
    }
    await batch.write({ sync: true });
    return accepted;
  } finally {
    await db.close();
  }
}

export interface JournalContent {
  /** The oldest and the newest group; 0 where it holds none. */
  first: number;
  last: number;
  /** Messages accepted up to the newest group, since the first start. */
  accepted: number;
  /** Messages in groups after `after`. */
  messagesAfter: number;
  /** What is not as it should be, a line each. */
  problems: string[];
}

const PROBLEMS_MAX = 20;

/**
 * Looks through the journal `folder` without mending anything in it.
 * @throws HaechiError DATA_LOCKED, DATA_FOLDER
 */
export async function lookAtJournal(folder: string, after: number): Promise<JournalContent> {
  const found: JournalContent = { first: 0, last: 0, accepted: 0, messagesAfter: 0, problems: [] };
  const tell = (problem: string) => {
    if (found.problems.length < PROBLEMS_MAX) found.problems.push(problem);
  };
  const db = await openLevel(folder);
  try {
    for await (const [key, value] of db.iterator()) {
      const group = groupOf(key);
      if (found.last > 0 && group !== found.last + 1) tell(`groups ${found.last + 1} to ${group - 1} are missing`);
      if (found.first === 0) found.first = group;
      found.last = group;
      if (!groupIsSound(value)) {
        tell(`group ${group} is damaged`);
        continue;
      }
      const messages = readGroup(value).filter(({ kind }) => kind === 'message').length;
      const accepted = acceptedOf(value);
      if (accepted < found.accepted + messages && found.accepted > 0)
        tell(`group ${group} counts ${accepted} accepted messages, fewer than there are before its end`);
      found.accepted = accepted;
      if (group > after) found.messagesAfter += messages;
    }
  } finally {
    await db.close();
  }
  return found;
}

/**
 * Whether nobody else has the journal `folder` open.
 * @throws HaechiError DATA_LOCKED, DATA_FOLDER
 */
export async function journalIsFree(folder: string): Promise<void> {
  await (await openLevel(folder)).close();
}
