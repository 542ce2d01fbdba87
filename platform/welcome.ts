import type { Settings } from '@haechi/core';
import type { Instance } from './instance.ts';

interface Welcome {
  platform: Pick<Instance, 'httpPort' | 'mqttPort'>;
  settings: Settings;
  /** Where it may be told. */
  password?: string | undefined;
  notes?: string[];
}

/** What a person needs to begin, on standard output. */
export function printWelcome({ platform, settings, password, notes = [] }: Welcome): void {
  const host = settings.host === '0.0.0.0' || settings.host === '::' ? 'localhost' : settings.host;
  const lines = [
    `  dashboard   http://${host}:${platform.httpPort}`,
    `  sign in     admin${password === undefined ? '' : ` / ${password}`}`,
    `  MQTT        mqtt://${host}:${platform.mqttPort}`,
    ...notes.map((note) => `  ${note}`),
    '  Ctrl-C ends it',
  ];
  process.stdout.write(`\nHaechi is running\n${lines.join('\n')}\n\n`);
}
