/** What a telemetry folder holds, looked through without changing it: for backups. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { HaechiError, messageOf } from '@haechi/core';
import type { StorePosition } from './telemetry-store.ts';

export interface TelemetryContent {
  /** False where readings are kept on a server, and the folder has the cursor alone. */
  inside: boolean;
  /** Rows of every table, and of every file of sealed readings by its path. */
  rows: Record<string, number>;
  /** How far the store has come; where nothing of it is written yet, its beginning. */
  position: StorePosition;
  /** What is not as it should be, a line each. */
  problems: string[];
}

const DATABASE = 'telemetry.duckdb';
const POSITION = 'position';
const CURSOR = 'influx-cursor.json';
const BEGINNING: StorePosition = {
  group: 0,
  tally: { accepted: 0, stored: 0, duplicate: 0, deadLettered: 0, expired: 0 },
};
const MEMORY_LIMIT = '1GB';

/**
 * `everything` reads every value, so that a damaged block is found; `counts` what tells the rows.
 * @throws HaechiError DATA_FOLDER where there is no store in it, or one that cannot be read at all.
 */
export async function lookAtTelemetry(folder: string, depth: 'counts' | 'everything'): Promise<TelemetryContent> {
  try {
    if (existsSync(join(folder, DATABASE))) return await lookAtDuckDb(folder, depth === 'everything');
    const kept = JSON.parse(readFileSync(join(folder, CURSOR), 'utf8')) as Partial<StorePosition>;
    return { inside: false, rows: {}, position: { ...BEGINNING, ...kept }, problems: [] };
  } catch (cause) {
    throw new HaechiError('DATA_FOLDER', `the telemetry store ${folder} cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}

async function lookAtDuckDb(folder: string, everything: boolean): Promise<TelemetryContent> {
  const options = { access_mode: 'READ_ONLY', memory_limit: MEMORY_LIMIT, threads: '2' };
  const instance = await DuckDBInstance.create(join(folder, DATABASE), options);
  const connection = await instance.connect();
  const found: TelemetryContent = { inside: true, rows: {}, position: BEGINNING, problems: [] };
  try {
    const tables = await connection.runAndReadAll(
      'SELECT table_name FROM duckdb_tables() WHERE NOT internal ORDER BY 1',
    );
    for (const [name] of tables.getRows()) {
      await countRows(connection, `"${name}"`, String(name), found, everything);
    }
    if (Object.hasOwn(found.rows, POSITION)) found.position = await readPosition(connection);
    for (const path of parquetFiles(folder)) {
      await countRows(
        connection,
        `read_parquet('${join(folder, path).replaceAll("'", "''")}')`,
        path,
        found,
        everything,
      );
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  return found;
}

async function readPosition(connection: DuckDBConnection): Promise<StorePosition> {
  const [row] = (await connection.runAndReadAll(`SELECT * FROM ${POSITION}`)).getRowObjects();
  const value = (name: string) => Number(row?.[name] ?? 0);
  return {
    group: value('last_group'),
    tally: {
      accepted: value('accepted'),
      stored: value('stored'),
      duplicate: value('duplicate'),
      deadLettered: value('dead_lettered'),
      expired: value('expired'),
    },
  };
}

async function countRows(
  connection: DuckDBConnection,
  source: string,
  name: string,
  { rows, problems }: TelemetryContent,
  everything: boolean,
): Promise<void> {
  try {
    const values = everything ? ', max(hash(r))' : '';
    const [row] = (await connection.runAndReadAll(`SELECT count(*)${values} FROM ${source} AS r`)).getRows();
    rows[name] = Number(row?.[0] ?? 0);
  } catch (error) {
    problems.push(`${name} cannot be read: ${messageOf(error).split('\n')[0]}`);
  }
}

function parquetFiles(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return paths.filter((path) => path.endsWith('.parquet')).sort();
}
