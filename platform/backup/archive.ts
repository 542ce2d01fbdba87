/**
 * A backup as one file: an ordinary tar, `manifest.json` first with its checksum, then its files in the order it gives them. First, so that
 * whoever restores it knows before a byte is written whether this Haechi can, how much room it takes, and what every file
 * must be; that costs reading the files twice when it is written.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { HaechiError, messageOf } from '@haechi/core';
import { Header, Parser, Pax, type ReadEntry } from 'tar';
import {
  CHECKSUM_NAME,
  checksumLine,
  MANIFEST_NAME,
  MANIFEST_SIZE_MAX,
  type Manifest,
  type ManifestFile,
  manifestText,
  parseManifest,
} from './manifest.ts';

const BLOCK_SIZE = 512;
/** The key and password hashes are among the files. */
const FILE_MODE = 0o600;
/** Two empty blocks, the end of a tar. */
const END = Buffer.alloc(2 * BLOCK_SIZE);

/** The archive, as it is written: the manifest and its files from `folder`, with nothing of this machine's users in it. */
export async function* packArchive(folder: string, manifest: Manifest): AsyncGenerator<Buffer> {
  const takenAt = new Date(manifest.takenAt);
  for (const { path, text } of headFiles(manifest)) yield* packed({ path, size: text.length }, takenAt, [text]);
  for (const file of manifest.files) yield* packed(file, takenAt, createReadStream(join(folder, file.path)));
  yield END;
}

async function* packed(
  { path, size }: Pick<ManifestFile, 'path' | 'size'>,
  mtime: Date,
  bytes: AsyncIterable<Buffer> | Iterable<Buffer>,
): AsyncGenerator<Buffer> {
  yield* headOf(path, size, mtime);
  let sent = 0;
  for await (const chunk of bytes) {
    sent += chunk.length;
    yield chunk;
  }
  if (sent !== size) throw new Error(`${path} has changed from ${size} to ${sent} bytes while it was packed`);
  yield Buffer.alloc(paddingOf(size));
}

/** A long path or a size beyond 8 GiB goes into a header of its own before the file's. */
function headOf(path: string, size: number, mtime: Date): Buffer[] {
  const header = new Header({ path, size, mtime, mode: FILE_MODE, type: 'File' });
  const needsMore = header.encode();
  const block = header.block ?? Buffer.alloc(0);
  return needsMore ? [new Pax({ path, size }).encode(), block] : [block];
}

function paddingOf(size: number): number {
  return (BLOCK_SIZE - (size % BLOCK_SIZE)) % BLOCK_SIZE;
}

/** What stands before the files themselves. */
function headFiles(manifest: Manifest): { path: string; text: Buffer }[] {
  const text = manifestText(manifest);
  return [
    { path: MANIFEST_NAME, text },
    { path: CHECKSUM_NAME, text: checksumLine(text) },
  ];
}

/** Bytes of the whole archive. */
export function archiveSize(manifest: Manifest): number {
  const takenAt = new Date(manifest.takenAt);
  const head = headFiles(manifest).map(({ path, text }) => ({ path, size: text.length }));
  const sizes = [...head, ...manifest.files].map(({ path, size }) => {
    const headSize = headOf(path, size, takenAt).reduce((sum, block) => sum + block.length, 0);
    return headSize + size + paddingOf(size);
  });
  return sizes.reduce((sum, size) => sum + size, END.length);
}

export interface ArchiveReader {
  /** Before the first file. What it throws ends the reading. */
  onManifest?: (manifest: Manifest) => void | Promise<void>;
  /** Takes a file's bytes as they come; they are checked when it has come to their end. */
  onFile: (file: ManifestFile, bytes: AsyncIterable<Buffer>) => Promise<void>;
}

/**
 * Reads an archive from its bytes and holds every file against the manifest.
 * @throws HaechiError BACKUP_INVALID naming the first file that is damaged, missing, or not to be there.
 */
export async function readArchive(bytes: AsyncIterable<Uint8Array>, reader: ArchiveReader): Promise<Manifest> {
  let text: Buffer | undefined;
  let manifest: Manifest | undefined;
  let read = 0;
  const take = async (entry: ReadEntry): Promise<void> => {
    if (!text) {
      text = await readHead(entry, MANIFEST_NAME);
      return;
    }
    if (!manifest) {
      if (!(await readHead(entry, CHECKSUM_NAME)).equals(checksumLine(text)))
        throw invalid(`${MANIFEST_NAME} is damaged: its sha256 is another`);
      manifest = parseManifest(text.toString());
      await reader.onManifest?.(manifest);
      return;
    }
    const file = manifest.files[read];
    if (!file || entry.path !== file.path || entry.type !== 'File')
      throw invalid(`${JSON.stringify(entry.path)} stands where ${file?.path ?? 'its end'} is expected`);
    read++;
    await takeFile(entry, file, reader);
  };
  await parse(bytes, take);
  if (!manifest) throw invalid('it is empty');
  const missing = manifest.files[read];
  if (missing) throw invalid(`it is cut: ${missing.path} and what comes after it are missing`);
  return manifest;
}

async function readHead(entry: ReadEntry, name: string): Promise<Buffer> {
  if (entry.path === name && entry.type === 'File' && entry.size <= MANIFEST_SIZE_MAX) return await entry.concat();
  throw invalid(`${JSON.stringify(entry.path)} stands where ${name} is expected`);
}

async function takeFile(entry: ReadEntry, file: ManifestFile, { onFile }: ArchiveReader): Promise<void> {
  const hash = createHash('sha256');
  let size = 0;
  async function* checked() {
    for await (const chunk of entry) {
      hash.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  }
  await onFile(file, checked());
  if (size !== file.size) throw invalid(`${file.path} has ${size} bytes and not ${file.size}`);
  if (hash.digest('hex') !== file.sha256) throw invalid(`${file.path} is damaged: its sha256 is another`);
}

/** Hands over the entries one after the other; where it throws, none of them is being read any more. */
async function parse(bytes: AsyncIterable<Uint8Array>, take: (entry: ReadEntry) => Promise<void>): Promise<void> {
  const failing = new AbortController();
  const { signal } = failing;
  let reading: ReadEntry | undefined;
  signal.addEventListener('abort', () => reading?.destroy(signal.reason));
  let taken = Promise.resolve();
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      entry.on('error', () => undefined); // seen by who reads it
      taken = taken.then(async () => {
        if (signal.aborted) return;
        reading = entry;
        await take(entry).catch((error: unknown) => failing.abort(error));
      });
    },
  });
  // A flipped bit in a header, or an end before the end.
  parser.on('error', (cause: unknown) => failing.abort(invalid(messageOf(cause), cause)));
  try {
    for await (const chunk of bytes) {
      const goesOn = parser.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      signal.throwIfAborted();
      if (!goesOn) await once(parser, 'drain', { signal });
    }
    const ended = once(parser, 'end', { signal });
    parser.end();
    await ended;
    await taken;
    signal.throwIfAborted();
  } catch (error) {
    failing.abort(error);
    await taken;
    throw signal.reason;
  }
}

function invalid(what: string, cause?: unknown): HaechiError {
  return new HaechiError('BACKUP_INVALID', `this is no whole backup: ${what}`, { cause });
}
