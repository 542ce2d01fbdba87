import type { Command } from 'commander';
import { restore } from '../backup/restore.ts';
import { showProgress } from '../progress.ts';
import { tellCheck } from './verify.ts';

export function addRestoreCommand(program: Command): void {
  program
    .command('restore')
    .description('brings a backup back into a data folder that no platform runs on')
    .argument('<archive>')
    .requiredOption('--data <folder>', 'the data folder')
    .option('--replace', 'move what is in it aside, to <folder>.before-restore-<time>')
    .action(async (archive: string, { data, replace = false }: { data: string; replace?: boolean }) => {
      using progress = showProgress({ label: 'restore', unit: 'bytes' });
      const { manifest, movedTo } = await restore({
        archive,
        data,
        replace,
        now: new Date(),
        onProgress: (read, size) => progress.set(read, size),
        onCheck: (check) => {
          progress.end();
          tellCheck(check);
        },
      });
      if (movedTo !== undefined) process.stdout.write(`what was there is now in ${movedTo}\n`);
      process.stdout.write(`${data} is as it was at ${manifest.takenAt}; start it: npx haechi start --data ${data}\n`);
      if (!manifest.readingsInside)
        process.stdout.write(`The readings are not in the backup: they are in ${manifest.store}\n`);
    });
}
