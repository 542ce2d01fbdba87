import type { Command } from 'commander';
import { run } from '../run.ts';
import { printWelcome } from '../welcome.ts';
import { addSettingFlags, settingsFrom } from './setting-flags.ts';

export function addStartCommand(program: Command): void {
  addSettingFlags(
    program.command('start', { isDefault: true }).description('the platform: broker, stores, rules, dashboard'),
  ).action(async (options: Record<string, unknown>) => {
    const settings = settingsFrom(options);
    const platform = await run({ settings, mode: 'live' });
    printWelcome({ platform, settings, password: platform.newPassword });
    process.exitCode = await platform.ended;
    process.exit();
  });
}
