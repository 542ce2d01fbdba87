import type { Command } from 'commander';
import type { DeadLetterResource } from '../../dashboard/server/contract.ts';
import { addPlatformFlags, type PlatformFlags, signIn } from './platform-flags.ts';

interface ListFlags extends PlatformFlags {
  device?: string;
  reason?: string;
  limit: string;
  json?: boolean;
}

export function addDeadLettersCommand(program: Command): void {
  addPlatformFlags(
    program
      .command('dead-letters')
      .description('payloads that were acknowledged and set aside, newest first')
      .option('--device <id>', 'of one device')
      .option('--reason <word>', 'for one reason')
      .option('--limit <count>', 'at most this many', '50')
      .option('--json', 'one JSON object a line, payload included'),
  ).action(async (flags: ListFlags) => {
    await using client = await signIn(flags);
    const query = new URLSearchParams({ limit: flags.limit });
    if (flags.device) query.set('device', flags.device);
    if (flags.reason) query.set('reason', flags.reason);
    const { items } = await client.get<{ items: DeadLetterResource[] }>(`/dead-letters?${query}`);
    for (const letter of items) {
      const at = new Date(letter.receivedAt).toISOString();
      const line = flags.json ? JSON.stringify(letter) : [at, letter.topic, letter.reason, letter.detail].join('\t');
      process.stdout.write(`${line}\n`);
    }
  });
}
