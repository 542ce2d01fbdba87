import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { Header } from 'tar';
import { expect, it } from 'vitest';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { archiveSize, packArchive, readArchive } from './archive.ts';
import { describeFiles, filesBelow } from './files.ts';
import { type Manifest, parseManifest } from './manifest.ts';

async function archived(files: Record<string, Buffer>): Promise<{ manifest: Manifest; bytes: Buffer }> {
  const folder = tempFolder();
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  const manifest: Manifest = {
    format: 1,
    version: '0.1.0',
    takenAt: '2026-11-24T03:00:00Z',
    store: 'DuckDB',
    readingsInside: true,
    journal: { first: 1, last: 1, cursors: { store: 0, rules: 0 }, accepted: 0 },
    tally: { accepted: 0, stored: 0, duplicate: 0, deadLettered: 0, expired: 0 },
    rows: { state: {}, telemetry: {} },
    files: await describeFiles(folder, await filesBelow(folder)),
  };
  return { manifest, bytes: await gathered(packArchive(folder, manifest)) };
}

async function gathered(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* inChunks(bytes: Buffer, size = 10_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function readWhole(bytes: Buffer, chunkSize?: number) {
  const files: Record<string, Buffer> = {};
  const manifest = await readArchive(inChunks(bytes, chunkSize), {
    onFile: async ({ path }, content) => {
      files[path] = await gathered(content);
    },
  });
  return { manifest, files };
}

const read = async (bytes: Buffer, chunkSize?: number) => (await readWhole(bytes, chunkSize)).files;

/** Where the header of an archive's last file of less than a block stands: before its content and the end. */
const lastHeader = (bytes: Buffer) => bytes.length - 1024 - 512 - 512;

const FILES = {
  'city.json': Buffer.from('{}'),
  empty: Buffer.alloc(0),
  'journal/000005.ldb': randomBytes(70_001),
  [`telemetry/flood/${'a-long-name-'.repeat(12)}.parquet`]: randomBytes(512),
  'telemetry/telemetry.duckdb': randomBytes(300_000),
};

it('reads what it has written, whatever pieces it comes in', async () => {
  const { manifest, bytes } = await archived(FILES);
  expect(bytes.length).toBe(archiveSize(manifest));
  for (const size of [1_000_000, 65_536, 513, 100]) expect(await read(bytes, size)).toEqual(FILES);
});

it('is an ordinary tar', async () => {
  const { bytes } = await archived(FILES);
  const first = new Header(bytes, 0);
  expect(first).toMatchObject({ path: 'manifest.json', type: 'File', cksumValid: true, mode: 0o600 });
});

it('finds any flipped byte of a file, of the manifest and of a header', async () => {
  const { manifest, bytes } = await archived({ a: randomBytes(2000), b: randomBytes(512) });
  const whole = { manifest, files: await read(bytes) };
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ flip;
      const outcome = await readWhole(damaged).catch((error: unknown) => error);
      // In what fills up a block nothing is lost.
      if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'BACKUP_INVALID' });
      else expect(outcome).toEqual(whole);
    }),
    { numRuns: 500 },
  );
  const flipped = Buffer.from(bytes);
  const inB = bytes.length - 1024 - 10;
  flipped[inB] = (flipped[inB] ?? 0) ^ 1;
  await expect(read(flipped)).rejects.toThrow('b is damaged: its sha256 is another');
});

it('finds a cut wherever it is', async () => {
  const { bytes } = await archived(FILES);
  const cuts = [0, 100, 512, 900, 1024, 5000, bytes.length / 2, bytes.length - 200_000, bytes.length - 1536];
  for (const cut of cuts) {
    await expect(read(bytes.subarray(0, Math.floor(cut))), `cut at ${cut}`).rejects.toMatchObject({
      code: 'BACKUP_INVALID',
    });
  }
});

it('refuses an entry that would lead out of the folder, in the manifest and in the tar', async () => {
  const { manifest, bytes } = await archived({ a: Buffer.from('a') });
  for (const path of ['../a', '/etc/passwd', 'a/../../b', 'a//b', './a', 'C:\\a', '', '.', 'a/.', '..']) {
    const files = [{ ...manifest.files[0], path }];
    expect(() => parseManifest(JSON.stringify({ ...manifest, files })), path).toThrow('a path within the data folder');
  }
  const at = lastHeader(bytes);
  for (const path of ['../a', '/a']) {
    const forged = Buffer.from(bytes);
    new Header({ path, size: 1, mode: 0o600, type: 'File' }).encode(forged, at);
    await expect(read(forged), path).rejects.toThrow('stands where a is expected');
  }
});

it('refuses a link in the place of a file', async () => {
  const { bytes } = await archived({ a: Buffer.from('a') });
  const forged = Buffer.from(bytes);
  const at = lastHeader(bytes);
  new Header({ path: 'a', size: 0, type: 'SymbolicLink', linkpath: '/etc' }).encode(forged, at);
  await expect(read(forged)).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
});

it('says what is no backup at all, or one of a newer Haechi', async () => {
  const { manifest } = await archived({});
  await expect(read(randomBytes(5000))).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
  await expect(read(Buffer.from('a text file, and not even long'))).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
  expect(() => parseManifest(JSON.stringify({ ...manifest, format: 2 }))).toThrow('newer Haechi (format 2)');
  expect(() => parseManifest('{')).toThrow('not JSON');
  expect(() => parseManifest('null')).toThrow('manifest.json');
});

it('ends when its taker fails, with the taker’s reason', async () => {
  const { bytes } = await archived(FILES);
  const onFile = async () => {
    throw new Error('no room');
  };
  await expect(readArchive(inChunks(bytes), { onFile })).rejects.toThrow('no room');
});

it('leaves nothing open where its source ends in an error', async () => {
  const { bytes } = await archived(FILES);
  async function* broken() {
    yield bytes.subarray(0, 80_000);
    throw new Error('the line broke');
  }
  let ended = 0;
  const onFile = async (_file: unknown, content: AsyncIterable<Buffer>) => {
    try {
      await gathered(content);
    } finally {
      ended++;
    }
  };
  await expect(readArchive(broken(), { onFile })).rejects.toThrow('the line broke');
  expect(ended).toBeGreaterThan(0);
});

it('notices a file that changes while it is packed', async () => {
  const folder = tempFolder();
  writeFileSync(join(folder, 'a'), 'abc');
  const { manifest } = await archived({ a: Buffer.from('abc') });
  writeFileSync(join(folder, 'a'), 'abcd');
  await expect(gathered(packArchive(folder, manifest))).rejects.toThrow('a has changed from 3 to 4 bytes');
  expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('abcd');
});
