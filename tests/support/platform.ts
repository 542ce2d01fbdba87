/** A whole platform as a user starts it: the command in a process of its own, on free ports. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { ApiClient } from '../../platform/api-client.ts';

const MAIN = join(import.meta.dirname, '../../platform/main.ts');
export const PASSWORD = 'correct horse battery';

export interface StartedPlatform {
  process: ChildProcess;
  url: string;
  mqttPort: number;
  api: ApiClient;
  /** What it wrote so far. */
  output: () => string;
  /** Ends it with a signal; gives its exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Runs the command to its end. */
export async function haechi(args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], { env: bareEnv(env), stdio: ['ignore', 'pipe', 'pipe'] });
  const out = collect(child);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...out() };
}

export async function startPlatform(
  data: string,
  { command = 'start', args = [] as string[], env = {} as NodeJS.ProcessEnv } = {},
): Promise<StartedPlatform> {
  const flags = ['--data', data, '--host', '127.0.0.1', '--http-port', '0', '--mqtt-port', '0', ...args];
  const child = spawn(process.execPath, [MAIN, command, ...flags], {
    env: bareEnv({ HAECHI_ADMIN_PASSWORD: PASSWORD, ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A test that fails half-way leaves none behind.
  const killLeft = () => child.kill('SIGKILL');
  process.once('exit', killLeft);
  child.once('close', () => process.removeListener('exit', killLeft));
  const out = collect(child);
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', () => /Ctrl-C/.test(out().stdout) && resolve());
  });
  await Promise.race([
    ready,
    exited.then((code) => {
      throw new Error(`the platform ended with ${code}: ${out().stdout}${out().stderr}`);
    }),
  ]);
  const url = /dashboard +(\S+)/.exec(out().stdout)?.[1] ?? '';
  const mqttPort = Number(/MQTT +\S+:(\d+)/.exec(out().stdout)?.[1]);
  return {
    process: child,
    url,
    mqttPort,
    api: await ApiClient.signIn(url, 'admin', env['HAECHI_ADMIN_PASSWORD'] ?? PASSWORD),
    output: () => out().stdout + out().stderr,
    end: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return await exited;
    },
  };
}

/** Nothing of the machine's own settings reaches it. */
function bareEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('HAECHI_') && !name.startsWith('INFLUX_'),
  );
  return { ...Object.fromEntries(kept), ...env };
}

function collect(child: ChildProcess) {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += String(chunk);
  });
  child.stderr?.on('data', (chunk) => {
    stderr += String(chunk);
  });
  return () => ({ stdout, stderr });
}
