import { join } from 'node:path';
import { createMetrics, silentLog } from '@haechi/core';
import { expect, it } from 'vitest';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { copyGroups, journalIsFree, lookAtJournal } from './copy.ts';
import { Journal } from './journal.ts';
import { keyOf, openLevel } from './level.ts';

const open = (folder: string, readers = ['store', 'rules']) =>
  Journal.open({ folder, sizeMax: 1e9, readers, log: silentLog(), metrics: createMetrics() });

/** Groups of one message each. */
async function fill(journal: Journal, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await new Promise<void>((resolve, reject) => {
      const payload = Buffer.from(`message ${index}`);
      journal.append({ kind: 'message', receivedAt: index, topic: 't', payload }, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }
}

it('copies a part that opens as a journal of its own and goes on with the numbering', async () => {
  const folder = tempFolder();
  const journal = await open(join(folder, 'a'));
  await fill(journal, 9);
  const read = (group: number) => journal.read(group);
  expect(await copyGroups({ read, first: 4, last: 8, folder: join(folder, 'b') })).toBe(8);
  expect(await lookAtJournal(join(folder, 'b'), 6)).toEqual({
    first: 4,
    last: 8,
    accepted: 8,
    messagesAfter: 2,
    problems: [],
  });
  const copy = await open(join(folder, 'b'));
  expect([copy.oldest, copy.head, copy.accepted]).toEqual([4, 8, 8]);
  expect(await copy.read(5)).toEqual(await journal.read(5));
  await fill(copy, 1);
  expect(copy.head).toBe(9);
  await expect(journalIsFree(join(folder, 'b'))).rejects.toMatchObject({ code: 'DATA_LOCKED' });
  await copy.close();
  await journalIsFree(join(folder, 'b'));
  await expect(copyGroups({ read, first: 9, last: 10, folder: join(folder, 'c') })).rejects.toThrow('no group 10');
  await journal.close();
});

it('keeps what somebody holds, and lets it go afterwards', async () => {
  const folder = tempFolder();
  const journal = await open(folder);
  await fill(journal, 3);
  const release = journal.hold();
  const releaseOther = journal.hold();
  await fill(journal, 3);
  for (const reader of ['store', 'rules']) await journal.moveCursor(reader, 5);
  expect(await journal.read(1)).toBeDefined();
  expect(journal.oldest).toBe(1);
  release();
  await journal.moveCursor('store', 6);
  expect(journal.oldest).toBe(1);
  releaseOther();
  await journal.moveCursor('store', 6);
  expect(journal.oldest).toBe(6);
  await journal.close();
});

it('finds damaged groups, gaps and wrong counts, and mends none of them', async () => {
  const folder = tempFolder();
  const journal = await open(folder);
  await fill(journal, 6);
  await journal.close();
  const db = await openLevel(folder);
  const bytes = await db.get(keyOf(3));
  if (bytes) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  await db.put(keyOf(3), bytes ?? Buffer.alloc(0));
  await db.del(keyOf(5));
  await db.close();
  const expected = { first: 1, last: 6, problems: ['group 3 is damaged', 'groups 5 to 5 are missing'] };
  expect(await lookAtJournal(folder, 0)).toMatchObject(expected);
  expect(await lookAtJournal(folder, 0)).toMatchObject(expected);
});
