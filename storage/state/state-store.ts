import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { HaechiError, messageOf } from '@haechi/core';
import { migrate } from './migrations.ts';
import { openSqlite, type StateDb } from './sqlite.ts';

/** Opens (and makes, and brings up to date) the state database at `path`. */
export async function openState(path: string): Promise<StateDb> {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const db = openSqlite(path);
    await migrate(db);
    return db;
  } catch (cause) {
    throw new HaechiError('DATA_FOLDER', `the state database ${path} cannot be opened: ${messageOf(cause)}`, { cause });
  }
}
