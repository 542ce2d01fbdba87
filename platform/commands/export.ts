import { resolve } from 'node:path';
import { HaechiError } from '@haechi/core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXPORT_FORMATS, EXPORT_RESOLUTIONS } from '../../dashboard/server/contract.ts';
import { amount, showProgress } from '../progress.ts';
import { addPlatformFlags, type PlatformFlags, signIn } from './platform-flags.ts';
import { refuseExisting, saveFile } from './save-file.ts';

interface Flags extends PlatformFlags {
  domain: string;
  devices?: string;
  district?: string;
  fields?: string;
  from: number;
  to: number;
  resolution: string;
  format: string;
  out: string;
}

export function addExportCommand(program: Command): void {
  addPlatformFlags(
    program
      .command('export')
      .description('readings of a system as one CSV or Parquet file')
      .requiredOption('--domain <system>', 'street-light, flood …')
      .option('--devices <a,b>', 'of these devices (of all)')
      .option('--district <id>', 'of the devices of a district')
      .option('--fields <x,y>', 'these fields (all)')
      .requiredOption('--from <time>', 'RFC 3339, or a day: 2026-11-01 (UTC)', moment)
      .requiredOption('--to <time>', 'up to this, itself left out', moment)
      .addOption(
        new Option('--resolution <name>', 'readings, or their roll-ups').choices(EXPORT_RESOLUTIONS).default('raw'),
      )
      .addOption(new Option('--format <name>', 'file format').choices(EXPORT_FORMATS).default('csv'))
      .requiredOption('--out <file>', 'where to'),
  ).action(exportReadings);
}

async function exportReadings(flags: Flags): Promise<void> {
  const out = resolve(flags.out);
  refuseExisting(out);
  await using client = await signIn(flags);
  const query = new URLSearchParams();
  for (const name of ['domain', 'devices', 'district', 'fields', 'from', 'to', 'resolution', 'format'] as const) {
    if (flags[name] !== undefined) query.set(name, String(flags[name]));
  }
  process.stderr.write('export: the platform writes the file\n');
  const response = await client.download('GET', `/export?${query}`);
  const expected = Number(response.headers['content-length']);
  using progress = showProgress({ label: 'export', unit: 'bytes', expected });
  const size = await saveFile(out, response, { onSize: (written) => progress.set(written) });
  progress.end();
  if (size !== expected) throw new HaechiError('USAGE', `${out} has ${size} bytes, ${expected} were announced`);
  const rows = Number(response.headers['x-haechi-rows']).toLocaleString('en');
  process.stdout.write(`${out}  ${rows} rows, ${amount(size, 'bytes')}\n`);
}

const TIME = /^\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:\d{2}))?$/;

/** A time with its offset: one without would be that of this machine. */
function moment(text: string): number {
  const at = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new InvalidArgumentError('a time like 2026-11-01T09:00:00+09:00, or a day');
  return at;
}
