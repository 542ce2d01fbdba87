/** What a backup says of itself: `manifest.json`, the first file of the archive. */
import { createHash } from 'node:crypto';
import { HaechiError } from '@haechi/core';
import * as z from 'zod';

/** Raised when an older Haechi could not restore what a newer one writes. */
export const FORMAT = 1;
export const MANIFEST_NAME = 'manifest.json';
/** Beside it, and of the form that `sha256sum -c` reads. */
export const CHECKSUM_NAME = 'manifest.sha256';
/** A list of some hundred thousand files; what claims to be more is none of ours. */
export const MANIFEST_SIZE_MAX = 64 * 1024 * 1024;

const count = z.number().int().min(0);

/** Plain folders and names: an entry may never lead out of the folder it is unpacked into. */
const path = z
  .string()
  .max(1000)
  .regex(/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/, 'a path within the data folder');

const tally = z.strictObject({
  accepted: count,
  stored: count,
  duplicate: count,
  deadLettered: z.number().int(),
  expired: count,
});

const manifestSchema = z.object({
  format: z.literal(FORMAT),
  /** Of the Haechi that wrote it. */
  version: z.string(),
  /** RFC 3339 */
  takenAt: z.string(),
  /** The telemetry store, as shown to a person. */
  store: z.string(),
  /** False where the readings are on a server of their own, which has its own backup. */
  readingsInside: z.boolean(),
  journal: z.strictObject({
    /** The groups in the backup, from the first that a reader still needs; `last` is the newest there was. */
    first: count,
    last: count,
    /** The last group that each reader is done with. */
    cursors: z.strictObject({ store: count, rules: count }),
    /** Messages acknowledged up to `last`, since the first start. */
    accepted: count,
  }),
  /** What had become of the messages up to the store's cursor. */
  tally,
  /** Rows of every table and readings file, by its name. */
  rows: z.strictObject({ state: z.record(z.string(), count), telemetry: z.record(z.string(), count) }),
  files: z.array(z.strictObject({ path, size: count, sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
});

export type Manifest = z.output<typeof manifestSchema>;
export type ManifestFile = Manifest['files'][number];

export function manifestText(manifest: Manifest): Buffer {
  return Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`);
}

export function checksumLine(text: Buffer): Buffer {
  return Buffer.from(`${createHash('sha256').update(text).digest('hex')}  ${MANIFEST_NAME}\n`);
}

/** @throws HaechiError BACKUP_INVALID */
export function parseManifest(text: string): Manifest {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (cause) {
    throw new HaechiError('BACKUP_INVALID', `${MANIFEST_NAME} is not JSON`, { cause });
  }
  const format = (given as { format?: unknown } | null)?.format;
  if (typeof format === 'number' && format > FORMAT) {
    throw new HaechiError('BACKUP_INVALID', `this backup is of a newer Haechi (format ${format}): use that one`);
  }
  const parsed = manifestSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new HaechiError('BACKUP_INVALID', `${MANIFEST_NAME}: ${issue?.path.join('.')}: ${issue?.message}`);
}

/** Bytes of all files of the backup. */
export function totalSize({ files }: Pick<Manifest, 'files'>): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}
