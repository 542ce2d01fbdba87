import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import type { StateDb } from './sqlite.ts';
import { openState } from './state-store.ts';

async function open(path: string) {
  const db = await openState(path);
  onTestFinished(() => db.destroy());
  return db;
}

const cursorRow = (reader: string) => ({ reader, last_group: 0, started_at: 0 });

describe('opening', () => {
  it('makes folder, file and tables, and finds them again', async () => {
    const path = join(tempFolder(), 'deep', 'state.sqlite');
    const db = await open(path);
    await db.insertInto('cursors').values({ reader: 'rules', last_group: 7, started_at: 5 }).execute();
    await db.destroy();
    const again = await open(path);
    expect(await again.selectFrom('cursors').selectAll().execute()).toEqual([
      { reader: 'rules', last_group: 7, started_at: 5 },
    ]);
  });

  it('makes every table that the types name', async () => {
    const db = await open(join(tempFolder(), 'state.sqlite'));
    const tables = [
      'devices',
      'people',
      'sessions',
      'twins',
      'cursors',
      'alerts',
      'alert_log',
      'dead_letters',
    ] as const;
    for (const table of tables) expect(await db.selectFrom(table).selectAll().execute()).toEqual([]);
  });

  it('brings what version 0.1.0 left up to date', async () => {
    const path = join(tempFolder(), 'state.sqlite');
    const indexes = async (db: StateDb) => {
      const found = sql<{
        sql: string;
      }>`SELECT sql FROM sqlite_master WHERE tbl_name = 'alerts' AND sql LIKE '% INDEX %'`;
      return (await found.execute(db)).rows.map((row) => row.sql.replaceAll('"', '')).sort();
    };
    const db = await open(path);
    const now = await indexes(db);
    expect(now).toHaveLength(4);
    await sql`DELETE FROM kysely_migration WHERE name <> '0001-start'`.execute(db);
    for (const name of ['alerts_raised', 'alerts_open', 'alerts_device'])
      await sql.raw(`DROP INDEX ${name}`).execute(db);
    await sql`CREATE INDEX alerts_device ON alerts (device, raised_at)`.execute(db);
    await sql`DROP INDEX dead_letters_message`.execute(db);
    for (const column of ['message', 'whole'])
      await sql.raw(`ALTER TABLE dead_letters DROP COLUMN ${column}`).execute(db);
    await sql`DROP TABLE dead_letter_replays`.execute(db);
    const letter = `INSERT INTO dead_letters (origin, received_at, topic, reason, detail, payload) VALUES ('1:2:0', 5, 't', 'r', 'd', x'00')`;
    await sql.raw(letter).execute(db);
    await db.destroy();
    const upgraded = await open(path);
    expect(await indexes(upgraded)).toEqual(now);
    // Nobody knows any more whether something of its message was stored: it stays as it is and is not replayed.
    const kept = await upgraded.selectFrom('dead_letters').selectAll().execute();
    expect(kept).toMatchObject([{ origin: '1:2:0', message: null, whole: 0 }]);
    expect(await upgraded.selectFrom('dead_letter_replays').selectAll().execute()).toEqual([]);
  });

  it('syncs what is committed, and keeps references whole', async () => {
    const db = await open(join(tempFolder(), 'state.sqlite'));
    const pragma = async (name: string) =>
      Object.values((await sql.raw(`PRAGMA ${name}`).execute(db)).rows[0] ?? {})[0];
    expect(await pragma('journal_mode')).toBe('wal');
    expect(await pragma('synchronous')).toBe(2);
    expect(await pragma('foreign_keys')).toBe(1);
  });

  it('says what is wrong with a file that is no database', async () => {
    await expect(openState('/dev/null/state.sqlite')).rejects.toMatchObject({ code: 'DATA_FOLDER' });
  });
});

describe('two that write at once', () => {
  // Pinned: without `begin immediate` a transaction that has read cannot write once the other has (SQLITE_BUSY_SNAPSHOT).
  it('do not fail and lose nothing, though each reads before it writes', async () => {
    const path = join(tempFolder(), 'state.sqlite');
    const db = await open(path);
    await db.insertInto('cursors').values(cursorRow('shared')).execute();
    const worker = new Worker(new URL('./test-counter.ts', import.meta.url), { workerData: { path, count: 200 } });
    const done = new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
    await new Promise((resolve) => worker.once('message', resolve));
    for (let i = 0; i < 200; i++) {
      await db.transaction().execute(async (tx) => {
        const { last_group } = await tx.selectFrom('cursors').select('last_group').executeTakeFirstOrThrow();
        await tx
          .updateTable('cursors')
          .set({ last_group: last_group + 1 })
          .execute();
      });
    }
    expect(await done).toBe(0);
    expect((await db.selectFrom('cursors').select('last_group').executeTakeFirstOrThrow()).last_group).toBe(400);
  });

  it('take turns within one connection too', async () => {
    const db = await open(join(tempFolder(), 'state.sqlite'));
    const add = (reader: string) =>
      db.transaction().execute(async (tx) => {
        await tx.insertInto('cursors').values(cursorRow(reader)).execute();
        if (reader === 'bad') throw new Error('changed my mind');
      });
    const results = await Promise.allSettled(['a', 'bad', 'c'].map(add));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const rows = await db.selectFrom('cursors').select('reader').orderBy('reader').execute();
    expect(rows.map(({ reader }) => reader)).toEqual(['a', 'c']);
  });
});

describe('the adapter to node:sqlite', () => {
  it('gives rows from what returns them, and counts from what does not', async () => {
    const db = await open(join(tempFolder(), 'state.sqlite'));
    const returned = await db.insertInto('cursors').values(cursorRow('a')).returning('reader').execute();
    expect(returned).toEqual([{ reader: 'a' }]);
    const deleted = await db.deleteFrom('cursors').executeTakeFirst();
    expect(deleted.numDeletedRows).toBe(1n);
  });

  it('goes on after more statements than it keeps prepared', async () => {
    const db = await open(join(tempFolder(), 'state.sqlite'));
    for (let i = 0; i < 600; i++) expect((await sql.raw(`SELECT ${i} AS n`).execute(db)).rows).toEqual([{ n: i }]);
  });

  it('keeps bytes and large whole numbers', async () => {
    const db = await open(join(tempFolder(), 'state.sqlite'));
    const payload = Buffer.from([0, 255, 1, 254]);
    const plain = { message: null, whole: 0, topic: 't', device: null, reason: 'r', detail: 'd' };
    await db
      .insertInto('dead_letters')
      .values({ origin: '1:0:0', received_at: 1_790_000_000_000, payload, ...plain })
      .execute();
    const row = await db.selectFrom('dead_letters').selectAll().executeTakeFirstOrThrow();
    expect(row.received_at).toBe(1_790_000_000_000);
    expect([...row.payload]).toEqual([...payload]);
  });
});
