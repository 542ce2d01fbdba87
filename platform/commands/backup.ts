import { createReadStream, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createLog, HaechiError } from '@haechi/core';
import type { Command } from 'commander';
import { readArchive } from '../backup/archive.ts';
import { Backups } from '../backup/backups.ts';
import type { Manifest } from '../backup/manifest.ts';
import { openResting } from '../backup/resting.ts';
import { amount, showProgress } from '../progress.ts';
import { addPlatformFlags, type PlatformFlags, signIn } from './platform-flags.ts';
import { refuseExisting, saveFile } from './save-file.ts';
import { settingsFrom } from './setting-flags.ts';

interface Flags extends PlatformFlags {
  out?: string;
  data?: string;
}

export function addBackupCommand(program: Command): void {
  const command = addPlatformFlags(
    program
      .command('backup')
      .description('a consistent copy of everything as one file, while the platform runs or while it rests')
      .option('--out <file.tar>', 'where to (haechi-<time>.tar in this folder)')
      .option('--data <folder>', 'data folder of the platform (HAECHI_DATA, ./data)'),
  );
  command.action(async (flags: Flags) => {
    const elsewhere = command.getOptionValueSource('url') === 'cli' || process.env['HAECHI_URL'] !== undefined;
    await backUp(flags, elsewhere);
  });
}

/** What a backup is taken from: named and sized, and the bytes of its archive. */
interface Taken extends AsyncDisposable {
  name: string;
  size: number;
  bytes: AsyncIterable<Buffer>;
}

async function backUp(flags: Flags, elsewhere: boolean): Promise<void> {
  if (flags.out !== undefined) refuseExisting(flags.out);
  process.stderr.write('backup: copying what belongs together; this takes a while where there is much\n');
  await using taken = elsewhere && flags.data === undefined ? await fromRunning(flags) : await fromFolder(flags);
  const out = resolve(flags.out ?? taken.name);
  refuseExisting(out);
  using progress = showProgress({ label: 'backup', unit: 'bytes', expected: taken.size });
  let manifest: Manifest | undefined;
  const size = await saveFile(out, taken.bytes, {
    onSize: (written) => progress.set(written),
    check: async (part) => {
      progress.end();
      manifest = await lookedThrough(part, taken.size);
    },
  });
  if (manifest) tell(out, size, manifest);
}

/** Read once more from the disk: a backup that nobody has read is a hope. */
async function lookedThrough(path: string, size: number): Promise<Manifest> {
  using progress = showProgress({ label: 'reading it back', unit: 'bytes', expected: size });
  let read = 0;
  async function* counted() {
    for await (const chunk of createReadStream(path)) {
      yield chunk as Buffer;
      read += (chunk as Buffer).length;
      progress.set(read);
    }
  }
  return await readArchive(counted(), {
    onFile: async (_file, bytes) => {
      for await (const _ of bytes);
    },
  });
}

/** Where a platform runs on the folder, from it; else from the folder itself. */
async function fromFolder(flags: Flags): Promise<Taken> {
  const settings = settingsFrom({ data: flags.data }, { logLevel: 'error' });
  if (!existsSync(join(settings.data, 'journal'))) {
    if (flags.data !== undefined) throw new HaechiError('USAGE', `${flags.data} is no data folder of a Haechi`);
    return await fromRunning(flags);
  }
  const log = createLog(settings.logLevel, 'backup');
  try {
    const resting = await openResting(settings, log);
    try {
      const { bytes, finished, ...backup } = await new Backups(resting.sources, log).take();
      const close = async () => {
        bytes.destroy();
        await finished;
        await resting[Symbol.asyncDispose]();
      };
      return { ...backup, bytes, [Symbol.asyncDispose]: close };
    } catch (error) {
      await resting[Symbol.asyncDispose]();
      throw error;
    }
  } catch (error) {
    if (error instanceof HaechiError && error.code === 'DATA_LOCKED') return await fromRunning(flags);
    throw error;
  }
}

async function fromRunning(flags: Flags): Promise<Taken> {
  const client = await signIn(flags);
  try {
    const response = await client.download('POST', '/backup');
    const [, name = 'haechi.tar'] = /filename="([\w.-]+)"/.exec(response.headers['content-disposition'] ?? '') ?? [];
    const size = Number(response.headers['content-length']);
    const close = async () => {
      response.destroy();
      await client.close();
    };
    return { name, size, bytes: response, [Symbol.asyncDispose]: close };
  } catch (error) {
    await client.close();
    throw error;
  }
}

function tell(out: string, size: number, { journal, readingsInside, store, files }: Manifest): void {
  process.stdout.write(`${out}  ${amount(size, 'bytes')}, ${files.length} files\n`);
  process.stdout.write(
    `${journal.accepted.toLocaleString('en')} messages acknowledged up to it; journal groups ${journal.first} to ${journal.last}\n`,
  );
  if (!readingsInside)
    process.stdout.write(
      `The readings are NOT in it: they are in ${store}, which has its own backup (docs/backup.md)\n`,
    );
}
