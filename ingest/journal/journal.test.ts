import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { createMetrics, silentLog } from '@haechi/core';
import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { Journal, type JournalOptions } from './journal.ts';
import { keyOf, openLevel } from './level.ts';
import { type JournalRecord, readGroup } from './record.ts';

async function open(folder: string, more: Partial<JournalOptions> = {}): Promise<Journal> {
  const readers = ['store', 'rules'];
  const journal = await Journal.open({
    folder,
    sizeMax: 1_000_000,
    readers,
    log: silentLog(),
    metrics: createMetrics(),
    ...more,
  });
  onTestFinished(() => journal.close());
  return journal;
}

function message(text: string, receivedAt = 1000): JournalRecord {
  return { kind: 'message', receivedAt, topic: 'city/mapo/flood/up-1/telemetry', payload: Buffer.from(text) };
}

function append(journal: Journal, record: JournalRecord): Promise<void> {
  return new Promise((resolve, reject) => journal.append(record, (error) => (error ? reject(error) : resolve())));
}

/** One record a group. */
async function appendEach(journal: Journal, ...texts: string[]): Promise<void> {
  for (const text of texts) await append(journal, message(text));
}

async function textsOf(journal: Journal): Promise<string[]> {
  const texts: string[] = [];
  for (let group = 1; group <= journal.head; group++) {
    const bytes = await journal.read(group);
    if (bytes) texts.push(...readGroup(bytes).map(({ payload }) => Buffer.from(payload).toString()));
  }
  return texts;
}

async function changeOnDisk(folder: string, group: number, change: (bytes: Buffer) => Buffer): Promise<void> {
  const db = new ClassicLevel<Buffer, Buffer>(folder, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
  const key = Buffer.alloc(8);
  key.writeBigUInt64BE(BigInt(group));
  const bytes = await db.get(key);
  if (!bytes) throw new Error(`no group ${group}`);
  await db.put(key, change(Buffer.from(bytes)));
  await db.close();
}

describe('appending', () => {
  it('gives back what was appended, in its order, whatever bytes and topics', async () => {
    const journal = await open(tempFolder(), { sizeMax: 100_000_000 });
    const anyRecord = fc.record<JournalRecord>({
      kind: fc.constantFrom('message', 'start'),
      receivedAt: fc.double({ noNaN: true }),
      topic: fc.string({ unit: 'grapheme', maxLength: 200 }),
      payload: fc.uint8Array({ maxLength: 2000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { minLength: 1, maxLength: 50 }), async (records) => {
        const first = journal.head + 1;
        await Promise.all(records.map((record) => append(journal, record)));
        const back: JournalRecord[] = [];
        for (let group = first; group <= journal.head; group++) {
          back.push(...readGroup((await journal.read(group)) ?? Buffer.alloc(12)));
        }
        expect(back.map((record) => ({ ...record, payload: new Uint8Array(record.payload) }))).toEqual(records);
      }),
      { numRuns: 50 },
    );
  });

  it('calls back in order and only when the group is on disk, and tells of groups in order without gaps', async () => {
    const journal = await open(tempFolder());
    const called: number[] = [];
    const groups: number[] = [];
    journal.onGroup((group) => groups.push(group));
    const done = Array.from({ length: 300 }, async (_, index) => {
      await append(journal, message(`${index} ${'x'.repeat(2000)}`));
      called.push(index);
      expect((await textsOf(journal)).some((text) => text.startsWith(`${index} `))).toBe(true);
    });
    expect(called).toEqual([]);
    await Promise.all(done);
    expect(called).toEqual([...called].sort((a, b) => a - b));
    expect(groups.length).toBeGreaterThan(1);
    expect(groups).toEqual(groups.map((_, index) => index + 1));
    expect(journal.accepted).toBe(300);
  });

  it('takes a record larger than a group', async () => {
    const journal = await open(tempFolder());
    const text = 'y'.repeat(500_000);
    await appendEach(journal, 'small', text, 'small again');
    expect(await textsOf(journal)).toEqual(['small', text, 'small again']);
  });

  it('says until when nothing more can come', async () => {
    const journal = await open(tempFolder());
    expect(journal.settledBefore(5000)).toBe(5000);
    const appended = append(journal, message('a', 4200));
    expect(journal.settledBefore(5000)).toBe(4200);
    await appended;
    await append(journal, message('b', 4300));
    await Promise.resolve();
    expect(journal.settledBefore(5000)).toBe(5000);
  });
});

describe('opening again', () => {
  it('goes on with the numbering and finds everything', async () => {
    const folder = tempFolder();
    const before = await open(folder);
    await appendEach(before, 'a', 'b');
    await before.close();
    const after = await open(folder);
    expect(after.head).toBe(2);
    await appendEach(after, 'c');
    expect(after.head).toBe(3);
    expect(await textsOf(after)).toEqual(['a', 'b', 'c']);
  });

  it('finds what was appended and not yet synced when it was closed', async () => {
    const folder = tempFolder();
    const before = await open(folder);
    const appended = Promise.all(['a', 'b', 'c'].map((text) => append(before, message(text))));
    await before.close();
    await appended;
    expect(await textsOf(await open(folder))).toEqual(['a', 'b', 'c']);
  });

  it.each([
    [
      'a flipped byte',
      (bytes: Buffer) => {
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
        return bytes;
      },
    ],
    ['a torn end', (bytes: Buffer) => bytes.subarray(0, bytes.length - 3)],
    ['nothing left', () => Buffer.alloc(0)],
  ])('cuts a tail with %s, and tells', async (_, change) => {
    const folder = tempFolder();
    const before = await open(folder);
    await appendEach(before, 'a', 'b', 'c', 'd');
    await before.close();
    await changeOnDisk(folder, 3, change);
    await changeOnDisk(folder, 4, change);

    const told: unknown[] = [];
    const log = silentLog();
    log.error = (details: unknown) => void told.push(details);
    const after = await open(folder, { log });
    expect(told).toEqual([{ group: 3, sound: 2 }]);
    expect(await textsOf(after)).toEqual(['a', 'b']);
    await appendEach(after, 'e');
    await after.close();
    expect(await textsOf(await open(folder))).toEqual(['a', 'b', 'e']);
  });

  it('loses a corrupt group between sound ones, and nothing after it', async () => {
    const folder = tempFolder();
    const before = await open(folder);
    await appendEach(before, 'a', 'b', 'c', 'd');
    await before.close();
    await changeOnDisk(folder, 2, (bytes) => bytes.subarray(0, bytes.length - 3));

    const told: unknown[] = [];
    const log = silentLog();
    log.error = (details: unknown) => void told.push(details);
    const after = await open(folder, { log });
    expect(told).toEqual([{ from: 2, to: 2 }]);
    expect(await textsOf(after)).toEqual(['a', 'c', 'd']);
    await appendEach(after, 'e');
    expect(after.head).toBe(5);
    await after.close();
    expect(await textsOf(await open(folder))).toEqual(['a', 'c', 'd', 'e']);
  });

  it('is refused while another has it open', async () => {
    const folder = join(tempFolder(), 'journal');
    await open(folder);
    const second = open(folder);
    await expect(second).rejects.toMatchObject({ name: 'HaechiError', code: 'DATA_LOCKED' });
  });

  it('is refused where the folder cannot be one', async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'a'));
    await expect(open('/dev/null/journal')).rejects.toMatchObject({ code: 'DATA_FOLDER' });
  });

  it('goes on after the groups that a reader has had, where its folder was lost', async () => {
    const journal = await open(tempFolder());
    expect(journal.oldest).toBe(1);
    await journal.startAfter(41);
    expect(journal.oldest).toBe(42);
    await appendEach(journal, 'a');
    expect(journal.head).toBe(42);
    await journal.startAfter(42);
    expect(journal.head).toBe(42);
  });

  it('goes on after a reader that is ahead of it, where its tail was cut', async () => {
    const folder = tempFolder();
    const journal = await open(folder);
    await appendEach(journal, 'a', 'b');
    await journal.startAfter(5);
    await appendEach(journal, 'c');
    expect(journal.head).toBe(6);
    expect(await textsOf(journal)).toEqual(['a', 'b', 'c']);
    await journal.close();
    expect(await textsOf(await open(folder))).toEqual(['a', 'b', 'c']);
  });
});

describe('clearing', () => {
  it('follows the slowest reader', async () => {
    const journal = await open(tempFolder());
    await appendEach(journal, 'a', 'b', 'c', 'd');
    await journal.moveCursor('store', 3);
    expect(await textsOf(journal)).toEqual(['a', 'b', 'c', 'd']);
    await journal.moveCursor('rules', 2);
    expect(await textsOf(journal)).toEqual(['c', 'd']);
    expect(journal.cursors()).toEqual({ store: 3, rules: 2 });
  });

  it('keeps the newest group, so that the numbering outlives a restart', async () => {
    const folder = tempFolder();
    const before = await open(folder);
    await appendEach(before, 'a', 'b', 'c');
    await before.moveCursor('store', 3);
    await before.moveCursor('rules', 3);
    expect(await textsOf(before)).toEqual(['c']);
    await before.close();
    const after = await open(folder);
    expect(after.head).toBe(3);
    await appendEach(after, 'd');
    expect(await textsOf(after)).toEqual(['c', 'd']);
  });

  it('knows its readers', async () => {
    const journal = await open(tempFolder());
    await expect(journal.moveCursor('nobody', 1)).rejects.toThrow('nobody');
  });
});

describe('the bound', () => {
  async function fill(journal: Journal): Promise<number> {
    for (let count = 0; ; count++) {
      try {
        await append(journal, message('z'.repeat(3000)));
      } catch (error) {
        expect(error).toMatchObject({ code: 'JOURNAL_FULL' });
        return count;
      }
    }
  }

  it('refuses at it, loses nothing, and accepts again once the readers have caught up', async () => {
    const journal = await open(tempFolder(), { sizeMax: 65_536 });
    const count = await fill(journal);
    expect(journal.accepting).toBe(false);
    expect(journal.size).toBeLessThan(65_536 + 4000);
    expect(await textsOf(journal)).toHaveLength(count);
    await journal.moveCursor('store', journal.head);
    expect(journal.accepting).toBe(false);
    await journal.moveCursor('rules', journal.head);
    expect(journal.accepting).toBe(true);
    await appendEach(journal, 'again');
  });

  it('does not count the newest group against it once every reader has had it', async () => {
    const journal = await open(tempFolder(), { sizeMax: 65_536 });
    // One group that is as large as the bound.
    const filled = Promise.allSettled(Array.from({ length: 30 }, () => append(journal, message('z'.repeat(3000)))));
    expect((await filled).filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
    expect(journal.head).toBe(1);
    expect(journal.accepting).toBe(false);
    await journal.moveCursor('store', 1);
    await journal.moveCursor('rules', 1);
    expect(journal.accepting).toBe(true);
    await appendEach(journal, 'again');
  });

  it('is closed to appends once it is closed', async () => {
    const journal = await open(tempFolder());
    await journal.close();
    expect(journal.accepting).toBe(false);
    await expect(append(journal, message('late'))).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

describe('groups as version 0.1.0 wrote them', () => {
  it('are taken over with the messages they hold, and counted', async () => {
    const folder = tempFolder();
    const journal = await open(folder);
    await appendEach(journal, 'a', 'b', 'c');
    const old: Buffer[] = [];
    for (let group = 1; group <= journal.head; group++) old.push((await journal.read(group)) ?? Buffer.alloc(0));
    await journal.close();
    const level = await openLevel(folder);
    for (const [index, bytes] of old.entries()) {
      const before = Buffer.concat([bytes.subarray(0, 12), bytes.subarray(20)]);
      before.writeUInt32BE(0x484a3031, 0);
      before.writeUInt32BE(crc32(before.subarray(8)), 4);
      await level.put(keyOf(index + 1), before);
    }
    await level.close();
    const again = await open(folder);
    expect(await textsOf(again)).toEqual(['a', 'b', 'c']);
    expect(again.accepted).toBe(3);
    expect(await Promise.all([0, 1, 3].map((group) => again.acceptedThrough(group)))).toEqual([0, 1, 3]);
    await appendEach(again, 'd');
    expect(again.accepted).toBe(4);
  });
});
