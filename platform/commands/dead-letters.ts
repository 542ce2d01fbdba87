import type { Command } from 'commander';
import type { DeadLetterResource, ReplayResult } from '../../dashboard/server/contract.ts';
import { addPlatformFlags, type PlatformFlags, signIn } from './platform-flags.ts';

interface FilterFlags extends PlatformFlags {
  device?: string;
  reason?: string;
}

interface ListFlags extends FilterFlags {
  limit: string;
  json?: boolean;
}

export function addDeadLettersCommand(program: Command): void {
  const command = program
    .command('dead-letters')
    .description('payloads that were acknowledged and set aside: newest first, or sent through the platform once more');
  addFilterFlags(command.command('list', { isDefault: true }).description('newest first'))
    .option('--limit <count>', 'at most this many', '50')
    .option('--json', 'one JSON object a line, payload included')
    .action(list);
  addFilterFlags(
    command.command('replay').description('send them through once more, after what was wrong with them is mended'),
  ).action(replay);
}

function addFilterFlags(command: Command): Command {
  return addPlatformFlags(command).option('--device <id>', 'of one device').option('--reason <word>', 'for one reason');
}

function filterOf({ device, reason }: FilterFlags): Record<string, string> {
  return { ...(device ? { device } : {}), ...(reason ? { reason } : {}) };
}

async function list(flags: ListFlags): Promise<void> {
  await using client = await signIn(flags);
  const query = new URLSearchParams({ limit: flags.limit, ...filterOf(flags) });
  const { items } = await client.get<{ items: DeadLetterResource[] }>(`/dead-letters?${query}`);
  for (const letter of items) {
    const at = new Date(letter.receivedAt).toISOString();
    const line = flags.json ? JSON.stringify(letter) : [at, letter.topic, letter.reason, letter.detail].join('\t');
    process.stdout.write(`${line}\n`);
  }
}

async function replay(flags: FilterFlags): Promise<void> {
  await using client = await signIn(flags);
  let messages = 0;
  for (let next: ReplayResult['next'] | undefined; next !== null; ) {
    const request = { ...filterOf(flags), ...next };
    const result: ReplayResult = await client.change('POST', '/dead-letters/replay', request);
    messages += result.messages;
    next = result.next;
  }
  process.stdout.write(`${messages} messages are on their way once more; what still cannot be used stays listed\n`);
}
