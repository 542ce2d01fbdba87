/** The state database as a file of its own, and what one holds: for backups. */
import { backup, DatabaseSync } from 'node:sqlite';
import { HaechiError, messageOf } from '@haechi/core';

/** One step for all pages: a write by anybody else between two steps would begin the copy anew. */
const ALL_PAGES = 2 ** 31 - 1;

/** A consistent copy as it stands now; whoever writes goes on meanwhile. */
export async function copyState(path: string, to: string): Promise<void> {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    await backup(database, to, { rate: ALL_PAGES });
  } finally {
    database.close();
  }
}

export interface StateContent {
  /** Rows of every table. */
  rows: Record<string, number>;
  /** The last journal group that the rules are done with; 0 before the first. */
  rulesCursor: number;
  /** What SQLite finds wrong in it, a line each. */
  problems: string[];
}

/**
 * Looks through the database without changing it; `everything` reads every page, `counts` what tells the rows.
 * @throws HaechiError DATA_FOLDER where it is no state database
 */
export function lookAtState(path: string, depth: 'counts' | 'everything'): StateContent {
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      const problems = depth === 'everything' ? problemsOf(database) : [];
      const tables = database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
        .all() as { name: string }[];
      const count = (table: string) =>
        Number(database.prepare(`SELECT count(*) AS count FROM "${table}"`).get()?.['count']);
      const rows = Object.fromEntries(tables.map(({ name }) => [name, count(name)]));
      const cursor = database.prepare("SELECT last_group FROM cursors WHERE reader = 'rules'").get();
      return { rows, rulesCursor: Number(cursor?.['last_group'] ?? 0), problems };
    } finally {
      database.close();
    }
  } catch (cause) {
    throw new HaechiError('DATA_FOLDER', `the state database ${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function problemsOf(database: DatabaseSync): string[] {
  const checked = database.prepare('PRAGMA integrity_check').all() as { integrity_check: string }[];
  const problems = checked.map((row) => row.integrity_check).filter((line) => line !== 'ok');
  const broken = database.prepare('PRAGMA foreign_key_check').all();
  return broken.length === 0 ? problems : [...problems, `${broken.length} rows name another that is not there`];
}
