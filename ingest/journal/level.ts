/** The journal's LevelDB: opened, looked through, and made whole again. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { HaechiError, type Log, messageOf } from '@haechi/core';
import { ClassicLevel } from 'classic-level';
import { acceptedOf, groupIsSound, HEADER_SIZE, readGroup, sealGroup, upgradedGroup } from './record.ts';

export type Level = ClassicLevel<Buffer, Buffer>;

const WRITE_BUFFER_SIZE = 16 * 1024 * 1024;

/** @throws HaechiError DATA_LOCKED, DATA_FOLDER */
export async function openLevel(folder: string): Promise<Level> {
  try {
    mkdirSync(folder, { recursive: true });
    const db = new ClassicLevel<Buffer, Buffer>(folder, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      compression: false,
      writeBufferSize: WRITE_BUFFER_SIZE,
    });
    await db.open();
    return db;
  } catch (cause) {
    const locked = (cause as { cause?: { code?: string } }).cause?.code === 'LEVEL_LOCKED';
    throw new HaechiError(
      locked ? 'DATA_LOCKED' : 'DATA_FOLDER',
      locked
        ? `the data folder ${dirname(folder)} is in use by another Haechi`
        : `the journal ${folder} cannot be opened: ${messageOf((cause as Error).cause ?? cause)}`,
      { cause },
    );
  }
}

export interface Held {
  /** Bytes of every group, from the oldest to the newest, without gaps. */
  sizes: Map<number, number>;
  /** When the newest record came; 0 where there is none. */
  newestReceivedAt: number;
  /** Messages accepted up to its newest group, since the first start; 0 where it holds none. */
  accepted: number;
}

/**
 * What the journal holds. A torn or corrupt tail is cut at the last sound group; a corrupt or missing group between sound
 * ones is replaced by an empty one, so that what was acknowledged after it is not lost with it. Both are told.
 */
export async function lookThrough(db: Level, log: Log): Promise<Held> {
  const sizes = new Map<number, number>();
  let newest: Buffer | undefined;
  const accepted = () => (newest ? acceptedOf(newest) : 0);
  let last: number | undefined;
  let bad: number | undefined;
  for await (const [key, kept] of db.iterator()) {
    const group = groupOf(key);
    const upgraded = upgradedGroup(kept, accepted());
    if (upgraded) await db.put(key, upgraded, { sync: true });
    const value = upgraded ?? kept;
    if (!groupIsSound(value)) {
      bad ??= group;
      continue;
    }
    if (last === undefined && bad !== undefined) await db.clear({ lt: key });
    if (last !== undefined && group > last + 1) await fill(db, sizes, last + 1, group - 1, accepted());
    if (bad !== undefined || (last !== undefined && group > last + 1))
      log.error(
        { from: bad ?? (last ?? 0) + 1, to: group - 1 },
        'journal: groups corrupt or missing, their messages are lost',
      );
    sizes.set(group, value.length);
    newest = value;
    last = group;
    bad = undefined;
  }
  if (bad !== undefined) {
    log.error({ group: bad, sound: last ?? null }, 'journal: corrupt from this group on, cut there');
    await db.clear({ gte: keyOf(bad) });
  }
  const newestReceivedAt = newest ? (readGroup(newest).at(-1)?.receivedAt ?? 0) : 0;
  return { sizes, newestReceivedAt, accepted: accepted() };
}

/** Puts empty groups where there are none; `accepted` messages were taken before them. */
export async function fill(
  db: Level,
  sizes: Map<number, number>,
  from: number,
  to: number,
  accepted: number,
): Promise<void> {
  const empty = Buffer.alloc(HEADER_SIZE);
  sealGroup(empty, HEADER_SIZE, 0, accepted);
  const batch = db.batch();
  for (let group = from; group <= to; group++) {
    batch.put(keyOf(group), empty);
    sizes.set(group, HEADER_SIZE);
  }
  await batch.write({ sync: true });
}

export function keyOf(group: number): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeBigUInt64BE(BigInt(group));
  return key;
}

export function groupOf(key: Buffer): number {
  return Number(key.readBigUInt64BE());
}
