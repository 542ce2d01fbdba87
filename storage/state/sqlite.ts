/**
 * Kysely on Node's own SQLite. Kysely's dialect expects better-sqlite3, which is compiled at
 * install; node:sqlite differs in taking parameters one by one and in how it tells a query that returns rows.
 */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';
import type { StateTables } from './tables.ts';

export type StateDb = Kysely<StateTables>;

const BUSY_TIMEOUT_MS = 5000;
const STATEMENTS_MAX = 500;

export function openSqlite(path: string): StateDb {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  // FULL: an acknowledgement given to a person is on disk, like one given to a device.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
  return new Kysely<StateTables>({ dialect: new SqliteDialect({ database: adapt(database) }) });
}

function adapt(database: DatabaseSync) {
  const prepared = new Map<string, ReturnType<typeof prepare>>();

  function prepare(sql: string) {
    const statement = database.prepare(sql);
    const input = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
    return {
      reader: statement.columns().length > 0,
      all: (parameters: readonly unknown[]) => statement.all(...input(parameters)),
      run: (parameters: readonly unknown[]) => statement.run(...input(parameters)),
      iterate: (parameters: readonly unknown[]) => statement.iterate(...input(parameters)),
    };
  }

  return {
    close: () => database.close(),
    prepare(given: string) {
      // Two threads write: one that began by reading could not go on where the other has written since.
      const sql = given === 'begin' ? 'begin immediate' : given;
      const known = prepared.get(sql);
      if (known) return known;
      const statement = prepare(sql);
      if (prepared.size >= STATEMENTS_MAX) prepared.clear();
      prepared.set(sql, statement);
      return statement;
    },
  };
}
