import { readFileSync } from 'node:fs';
import { createLog, HaechiError, messageOf } from '@haechi/core';
import { buildDemoCity, type DemoCity, runSimulation } from '@haechi/simulators';
import { type Command, InvalidArgumentError } from 'commander';
import { signIn } from './platform-flags.ts';

interface Flags {
  lights: number;
  vehicles: number;
  seed: number;
  speed: number;
  broker: string;
  provision?: string;
  password?: string;
  credentials?: string;
  start?: string;
  duration?: number;
  quiet?: boolean;
}

function numberIn(min: number, max: number) {
  return (text: string) => {
    const value = Number(text);
    if (text === '' || !(value >= min && value <= max))
      throw new InvalidArgumentError(`a number from ${min} to ${max}`);
    return value;
  };
}

export function addSimulateCommand(program: Command): void {
  program
    .command('simulate')
    .description('a city of simulated devices, each a real MQTT client, against any broker')
    .option('--lights <count>', 'street lights', numberIn(0, 10_000), 600)
    .option('--vehicles <count>', 'vehicles', numberIn(0, 2000), 45)
    .option('--seed <number>', 'the same seed gives the same city and the same readings', numberIn(0, 2 ** 31), 7)
    .option(
      '--speed <factor>',
      'how fast the simulated day runs; devices report as much more often',
      numberIn(0.1, 1000),
      1,
    )
    .option('--broker <address>', 'the MQTT broker', 'mqtt://localhost:1883')
    .option('--provision <address>', 'register city and devices on the Haechi at this address first')
    .option(
      '--password <text>',
      'its administrator’s password (HAECHI_ADMIN_PASSWORD)',
      process.env['HAECHI_ADMIN_PASSWORD'],
    )
    .option('--credentials <file>', 'lines of `id secret`, as `haechi device add` prints them')
    .option('--start <time>', 'the moment the simulated day begins, RFC 3339 (now)')
    .option('--duration <seconds>', 'end after this long', numberIn(1, 30 * 86_400))
    .option('--quiet', 'no line every ten seconds')
    .action(simulate);
}

async function simulate(flags: Flags): Promise<void> {
  const { seed, speed, broker } = flags;
  const demoCity = buildDemoCity({ seed, lights: flags.lights, vehicles: flags.vehicles });
  const startMs = flags.start === undefined ? Date.now() : Date.parse(flags.start);
  if (Number.isNaN(startMs)) throw new HaechiError('USAGE', `--start ${flags.start} is not an RFC 3339 time`);
  const credentials = await credentialsFor(flags, demoCity);
  const log = createLog('info', 'simulate');
  const simulation = await runSimulation({ demoCity, brokerUrl: broker, credentials, speed, startMs, seed, log });

  const tell = () => {
    const { connected, published, acknowledged, refused, errors } = simulation.stats();
    process.stdout.write(
      `connected ${connected}/${demoCity.devices.length} · published ${published} · acknowledged ${acknowledged} · refused ${refused} · errors ${errors}\n`,
    );
  };
  const ticker = flags.quiet ? undefined : setInterval(tell, 10_000);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
    // The demo's parent is gone: nobody is left to end this.
    process.once('disconnect', resolve);
    if (flags.duration !== undefined) setTimeout(resolve, flags.duration * 1000);
  });
  clearInterval(ticker);
  await simulation.stop();
  tell();
  process.exit();
}

async function credentialsFor(flags: Flags, demoCity: DemoCity): Promise<Map<string, string> | undefined> {
  if (flags.provision !== undefined) {
    await using client = await signIn({
      url: flags.provision,
      user: 'admin',
      ...(flags.password ? { password: flags.password } : {}),
    });
    await client.change('PUT', '/city', demoCity.city);
    const { items } = await client.change<{ items: { id: string; secret: string }[] }>('POST', '/devices', {
      devices: demoCity.devices,
      existing: 'renew',
    });
    return new Map(items.map(({ id, secret }) => [id, secret]));
  }
  return flags.credentials === undefined ? undefined : readCredentials(flags.credentials);
}

function readCredentials(file: string): Map<string, string> {
  try {
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '');
    return new Map(lines.map((line) => line.trim().split(/\s+/) as [string, string]));
  } catch (cause) {
    throw new HaechiError('USAGE', `--credentials ${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
