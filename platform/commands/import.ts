import type { Command } from 'commander';
import { csvSize } from '../import/csv-rows.ts';
import { importFile } from '../import/import-file.ts';
import { RefusedRows } from '../import/refused-rows.ts';
import { showProgress } from '../progress.ts';
import { readMapping } from '../replay/mapping.ts';
import { addPlatformFlags, type PlatformFlags, signIn } from './platform-flags.ts';

interface Flags extends PlatformFlags {
  map: string;
  register?: boolean;
}

export function addImportCommand(program: Command): void {
  addPlatformFlags(
    program
      .command('import')
      .description('brings a CSV file of the past into a running platform; it raises no alerts, and may be repeated')
      .argument('<file.csv>')
      .requiredOption('--map <mapping.yaml>', 'what its columns mean, as for replay')
      .option('--register', 'register devices that are not there yet, as the mapping describes them'),
  ).action(async (file: string, flags: Flags) => {
    const mapping = readMapping(flags.map);
    const size = csvSize(file);
    await using client = await signIn(flags);
    const refused = new RefusedRows(file);
    const startedAt = performance.now();
    using progress = showProgress({ label: 'import', unit: 'rows' });
    const totals = await importFile({
      client,
      file,
      mapping,
      register: flags.register ?? false,
      refused,
      // How many rows there are is known when all are read; until then what a row takes tells it.
      onProgress: ({ rows }, bytes) => progress.set(rows, Math.round((rows * size) / bytes)),
      onWaiting: (reason) => progress.note(reason),
    });
    await refused.close();
    progress.set(totals.rows, totals.rows);
    progress.end();
    const { rows, empty, readings, registered } = totals;
    const parts = [
      `${count(rows)} rows`,
      `${count(readings)} readings on their way into the store`,
      ...(registered > 0
        ? [`${count(registered)} devices registered (haechi device add --renew gives one a secret)`]
        : []),
      ...(empty > 0 ? [`${count(empty)} rows without a value`] : []),
      `${count(refused.count)} refused`,
      `${count(Math.round(rows / ((performance.now() - startedAt) / 1000)))} rows/s`,
    ];
    process.stdout.write(`${parts.join(' · ')}\n`);
    if (refused.count > 0) process.stdout.write(`refused rows with their reasons: ${refused.path}\n`);
  });
}

const count = (number: number) => number.toLocaleString('en');
