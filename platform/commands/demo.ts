import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '@haechi/core';
import type { Command } from 'commander';
import { ensureDataFolder } from '../data-folder.ts';
import { run } from '../run.ts';
import { printWelcome } from '../welcome.ts';
import { addSettingFlags, settingsFrom } from './setting-flags.ts';

export function addDemoCommand(program: Command): void {
  addSettingFlags(
    program.command('demo').description('the platform with a simulated city, in a data folder of its own'),
  )
    .option('--lights <count>', 'street lights', '600')
    .option('--vehicles <count>', 'vehicles', '45')
    .option('--seed <number>', 'which city', '7')
    .action(demo);
}

async function demo(options: Record<string, string>): Promise<void> {
  const settings = settingsFrom(options, { data: './data-demo', logLevel: 'warn' });
  const password = settings.adminPassword ?? (await keptPassword(settings));
  const platform = await run({ settings: { ...settings, adminPassword: password }, mode: 'demo' });
  const simulator = startSimulator(platform, settings.host, password, options);
  platform.beforeClose(() => ended(simulator));
  simulator.once('exit', (code) => {
    if (code === 0 || code === null) return;
    process.stderr.write(`haechi: the simulator ended with code ${code}\n`);
    platform.end(1);
  });
  printWelcome({
    platform,
    settings,
    password,
    notes: [
      `city        ${options['lights']} lights and ${options['vehicles']} vehicles, simulated; the first alert comes within a minute`,
    ],
  });
  process.exitCode = await platform.ended;
  process.exit();
}

/** The demo's password stays the same from start to start, so that a browser stays signed in. */
async function keptPassword({ data }: Settings): Promise<string> {
  await ensureDataFolder(data);
  const path = join(data, 'demo-password');
  if (existsSync(path)) return readFileSync(path, 'utf8').trim();
  const password = randomBytes(9).toString('base64url');
  writeFileSync(path, password, { mode: 0o600 });
  return password;
}

/** In a process of its own: a thousand MQTT clients are no part of the platform. */
function startSimulator(
  platform: { httpPort: number; mqttPort: number },
  host: string,
  password: string,
  { lights = '600', vehicles = '45', seed = '7' }: Record<string, string>,
): ChildProcess {
  const address = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  const flags = { lights, vehicles, seed, broker: `mqtt://${address}:${platform.mqttPort}` };
  const args = Object.entries({ ...flags, provision: `http://${address}:${platform.httpPort}` }).flatMap(
    ([name, value]) => [`--${name}`, value],
  );
  return fork(join(import.meta.dirname, '../main.ts'), ['simulate', ...args, '--quiet'], {
    env: { ...process.env, HAECHI_ADMIN_PASSWORD: password },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}
