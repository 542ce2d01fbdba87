/** Whether a data folder, or one that was unpacked, is whole: what is in it, and whether its parts fit together. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@haechi/core';
import { type JournalContent, lookAtJournal, NOTHING_YET } from '@haechi/ingest';
import { lookAtState, lookAtTelemetry, type StorePosition } from '@haechi/storage';
import type { Manifest } from './manifest.ts';

export interface Check {
  name: string;
  /** What was found, for a person. */
  detail: string;
  /** What is wrong, a line each; none where all is well. */
  problems: string[];
}

/** Looks at every part, one after the other; with a manifest, also whether it is what was backed up. */
export async function* verifyFolder(folder: string, manifest?: Manifest): AsyncGenerator<Check> {
  const part = (name: string, look: () => Promise<Omit<Check, 'name'>> | Omit<Check, 'name'>) => checked(name, look);
  let rulesCursor = 0;
  yield await part('state', () => {
    const path = join(folder, 'state.sqlite');
    const state = lookAtState(path, 'everything');
    rulesCursor = state.rulesCursor;
    const problems = [...state.problems, ...otherRows(state.rows, manifest?.rows.state)];
    return { detail: `SQLite, ${sum(state.rows)} rows in ${Object.keys(state.rows).length} tables`, problems };
  });
  let position: StorePosition = { group: 0, tally: NOTHING_YET };
  yield await part('readings', async () => {
    const telemetry = await lookAtTelemetry(join(folder, 'telemetry'), 'everything');
    position = telemetry.position;
    const problems = [...telemetry.problems, ...otherRows(telemetry.rows, manifest?.rows.telemetry)];
    const detail = telemetry.inside
      ? `DuckDB, ${sum(telemetry.rows)} rows in ${Object.keys(telemetry.rows).length} tables and files`
      : 'on an InfluxDB server: back that up by its own means';
    return { detail, problems };
  });
  let journal: JournalContent | undefined;
  yield await part('journal', async () => {
    journal = await lookAtJournal(join(folder, 'journal'), position.group);
    const { first, last, problems } = journal;
    const needed = Math.min(position.group, rulesCursor) + 1;
    const gaps =
      last > 0 && first > needed ? [`groups ${needed} to ${first - 1}, which a reader still needs, are missing`] : [];
    const behind = last < Math.max(position.group, rulesCursor) ? ['it ends before what its readers have had'] : [];
    return { detail: last === 0 ? 'empty' : `groups ${first} to ${last}`, problems: [...problems, ...gaps, ...behind] };
  });
  yield await part('ledger', () => balance(position, journal));
  yield await part('key', () => ({
    detail: 'device-secrets.key',
    problems: existsSync(join(folder, 'device-secrets.key')) ? [] : ['it is missing: no device could sign in any more'],
  }));
}

async function checked(name: string, look: () => Promise<Omit<Check, 'name'>> | Omit<Check, 'name'>): Promise<Check> {
  try {
    return { name, ...(await look()) };
  } catch (error) {
    return { name, detail: '', problems: [messageOf(error)] };
  }
}

function otherRows(found: Record<string, number>, expected: Record<string, number> | undefined): string[] {
  if (!expected) return [];
  const names = new Set([...Object.keys(found), ...Object.keys(expected)]);
  return [...names].flatMap((name) =>
    found[name] === expected[name]
      ? []
      : [`${name} has ${found[name] ?? 'no'} rows, the backup had ${expected[name] ?? 'none'}`],
  );
}

/** Every message accepted has become one of four, or is in the journal behind the store's place. */
function balance({ tally }: StorePosition, journal: JournalContent | undefined): Omit<Check, 'name'> {
  if (!journal) return { detail: '', problems: ['the journal cannot be read'] };
  const { accepted, stored, duplicate, deadLettered, expired } = tally;
  const pending = journal.accepted - accepted;
  const problems: string[] = [];
  const settled = stored + duplicate + deadLettered + expired;
  if (settled !== accepted) problems.push(`${accepted} messages were read and ${settled} are accounted for`);
  if (journal.last > 0 && pending !== journal.messagesAfter)
    problems.push(`${pending} messages are to be read, and the journal holds ${journal.messagesAfter} of them`);
  const parts = [`${stored} stored`, `${duplicate} duplicates`, `${deadLettered} set aside`, `${expired} expired`];
  return { detail: `${journal.accepted} accepted: ${parts.join(', ')}, ${Math.max(0, pending)} waiting`, problems };
}

function sum(rows: Record<string, number>): string {
  return Object.values(rows)
    .reduce((total, count) => total + count, 0)
    .toLocaleString('en');
}
