import type { Command } from 'commander';
import { addPlatformFlags, type PlatformFlags, signIn } from './platform-flags.ts';

interface AddFlags extends PlatformFlags {
  name?: string;
  admin?: boolean;
}

export function addPersonCommand(program: Command): void {
  const person = program.command('person').description('people who may sign in to a running platform');
  addPlatformFlags(
    person
      .command('add')
      .description('add an operator, or give one a new password, and print it')
      .argument('<username>')
      .option('--name <text>', 'as shown to others (the user name)')
      .option('--admin', 'an administrator instead of an operator'),
  ).action(async (username: string, flags: AddFlags) => {
    await using client = await signIn(flags);
    const { password } = await client.change<{ password: string }>('POST', '/people', {
      username,
      displayName: flags.name ?? username,
      role: flags.admin ? 'admin' : 'operator',
    });
    process.stdout.write(`${username} ${password}\n`);
  });
}
