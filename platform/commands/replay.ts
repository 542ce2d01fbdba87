import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { citySchema, HaechiError, loadSettings, VirtualClock } from '@haechi/core';
import type { RuleTransition } from '@haechi/services';
import { type Command, InvalidArgumentError } from 'commander';
import { type Mapping, readMapping } from '../replay/mapping.ts';
import { play } from '../replay/player.ts';
import { type Recording, readRecording } from '../replay/recording.ts';
import { type Running, run } from '../run.ts';
import { printWelcome } from '../welcome.ts';

interface Flags {
  map: string;
  speed?: number;
  serve?: boolean;
  json?: boolean;
  httpPort?: string;
}

/** Where somebody watches and has not said how fast: a week in half an hour. */
const SERVE_SPEED = 300;

export function addReplayCommand(program: Command): void {
  program
    .command('replay')
    .description('plays a recording through an instance of its own and prints the alerts it raises')
    .argument('<file.csv>')
    .requiredOption('--map <mapping.yaml>', 'what its columns mean')
    .option('--speed <factor>', 'recorded seconds in a real second (as fast as it goes; 300 with --serve)', (text) => {
      if (!(Number(text) > 0)) throw new InvalidArgumentError('a number above 0');
      return Number(text);
    })
    .option('--serve', 'show it on the dashboard, and stay there afterwards')
    .option('--http-port <port>', 'the dashboard’s port with --serve (HAECHI_HTTP_PORT, 8080)')
    .option('--json', 'one JSON object a line')
    .action(replay);
}

async function replay(file: string, flags: Flags): Promise<void> {
  const mapping = readMapping(flags.map);
  const recording = readRecording(file, mapping);
  const data = mkdtempSync(join(tmpdir(), 'haechi-replay-'));
  // Whichever way it ends, also where who reads its output has had enough.
  process.on('exit', () => rmSync(data, { recursive: true, force: true }));
  const clock = new VirtualClock(recording.moments[0]?.ts ?? 0);
  const speed = flags.speed ?? (flags.serve ? SERVE_SPEED : undefined);
  let playing = true;
  const tell = flags.json ? jsonLine : textLine;
  // Isolated: of the environment only what is about this run, and no haechi.yaml, for the folder holds none.
  const { HAECHI_HTTP_PORT, HAECHI_LOG_LEVEL } = process.env;
  const settings = loadSettings({
    presets: { logLevel: 'warn', timeZone: mapping.city.timeZone },
    env: { HAECHI_HTTP_PORT, HAECHI_LOG_LEVEL },
    flags: { httpPort: flags.httpPort },
    folder: data,
  });
  const platform = await run({
    settings: {
      ...settings,
      data,
      host: '127.0.0.1',
      mqttPort: 0,
      httpPort: flags.serve ? settings.httpPort : 0,
    },
    mode: 'replay',
    clock,
    speed: () => (playing ? (speed ?? 0) : 0),
    onTransitions: (transitions) => process.stdout.write(transitions.map(tell).join('')),
  });
  if (flags.serve)
    printWelcome({ platform, settings: { ...settings, host: '127.0.0.1' }, password: platform.newPassword });
  const player = new AbortController();
  platform.beforeClose(async () => player.abort());
  const played = playAll(platform, { recording, mapping, clock, speed, signal: player.signal }).finally(() => {
    playing = false;
  });
  played.then(
    () => flags.serve || platform.end(0),
    () => platform.end(1),
  );
  process.exitCode = await platform.ended;
  await played;
  process.exit();
}

interface Playing {
  recording: Recording;
  mapping: Mapping;
  clock: VirtualClock;
  speed: number | undefined;
  signal: AbortSignal;
}

async function playAll(platform: Running, { recording, mapping, clock, speed, signal }: Playing): Promise<void> {
  const { registry, city, mqttPort } = platform;
  const secrets = await registry.provision(recording.devices);
  const devices = registry.list();
  const ground = { ...city.get(() => devices), ...mapping.city };
  await city.set(citySchema.parse(ground));
  await play(recording.moments, { brokerUrl: `mqtt://127.0.0.1:${mqttPort}`, devices, secrets, clock, speed, signal });
  if (signal.aborted) return;
  await platform.settled();
  const { messagesAccepted, deadLetters } = await platform.platform();
  const expected = recording.moments.reduce((sum, { readings }) => sum + readings.length, 0);
  process.stderr.write(
    `${recording.rows} rows, ${devices.length} devices, ${expected} readings; ${messagesAccepted} acknowledged, ${deadLetters} set aside\n`,
  );
  if (messagesAccepted !== expected) throw new HaechiError('RECORDING_INVALID', 'not every reading was acknowledged');
}

function jsonLine(transition: RuleTransition): string {
  const { rule, domain, device, stage, field, value, limit, at, raisedAt } = transition;
  const line = {
    at: new Date(at).toISOString(),
    rule,
    domain,
    device,
    transition: transition.transition,
    stage,
    field,
    value,
    limit,
    raisedAt: new Date(raisedAt).toISOString(),
  };
  return `${JSON.stringify(line)}\n`;
}

function textLine({ at, transition, stage, rule, device, field, value, limit }: RuleTransition): string {
  const held = value === null ? '' : ` ${field ?? ''} ${value}${limit === null ? '' : ` (limit ${limit})`}`;
  const parts = [new Date(at).toISOString(), transition.padEnd(12), stage.padEnd(9), `${device} ${rule}`];
  return `${parts.join('  ')} ${held}\n`;
}
