/** The `haechi` command: one file for each of its commands under commands/. */
import { HaechiError, messageOf } from '@haechi/core';
import { Command, CommanderError } from 'commander';
import { addBackupCommand } from './commands/backup.ts';
import { addDeadLettersCommand } from './commands/dead-letters.ts';
import { addDemoCommand } from './commands/demo.ts';
import { addDeviceCommand } from './commands/device.ts';
import { addExportCommand } from './commands/export.ts';
import { addImportCommand } from './commands/import.ts';
import { addPersonCommand } from './commands/person.ts';
import { addReplayCommand } from './commands/replay.ts';
import { addRestoreCommand } from './commands/restore.ts';
import { addSimulateCommand } from './commands/simulate.ts';
import { addStartCommand } from './commands/start.ts';
import { addVerifyCommand } from './commands/verify.ts';

const program = new Command('haechi')
  .description('Smart-city telemetry: MQTT in, every reading kept, alerts on a live dashboard.')
  .showHelpAfterError('(haechi --help lists the commands)')
  .exitOverride();

addStartCommand(program);
addDemoCommand(program);
addSimulateCommand(program);
addReplayCommand(program);
addDeviceCommand(program);
addPersonCommand(program);
addDeadLettersCommand(program);
addExportCommand(program);
addImportCommand(program);
addBackupCommand(program);
addVerifyCommand(program);
addRestoreCommand(program);

// `haechi replay … | head`: who reads has had enough, and that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else if (error instanceof HaechiError) {
    process.stderr.write(`haechi: ${error.message} [${error.code}]\n`);
    process.exitCode = 1;
  } else {
    process.stderr.write(`haechi: ${messageOf(error)}\n${error instanceof Error ? `${error.stack}\n` : ''}`);
    process.exitCode = 1;
  }
}
