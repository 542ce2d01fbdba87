import { readFileSync } from 'node:fs';
import { HaechiError, messageOf } from '@haechi/core';
import type { Command } from 'commander';
import type { DeviceResource } from '../../dashboard/server/contract.ts';
import { addPlatformFlags, type PlatformFlags, signIn } from './platform-flags.ts';

interface AddFlags extends PlatformFlags {
  name?: string;
  district?: string;
  at?: string;
  interval: string;
  parent?: string;
  set: string[];
  file?: string;
  renew?: boolean;
}

const gather = (value: string, before: string[]) => [...before, value];

export function addDeviceCommand(program: Command): void {
  const device = program.command('device').description('devices of a running platform');
  addPlatformFlags(
    device
      .command('add')
      .description('register a device, or a file of them, and print each one’s secret')
      .argument('[kind]', 'system and kind: flood/underpass')
      .argument('[id]', 'its id')
      .option('--name <text>', 'what people call it (its id)')
      .option('--district <id>', 'district')
      .option('--at <latitude,longitude>', 'where it stands, WGS 84')
      .option('--interval <seconds>', 'how often it reports', '60')
      .option('--parent <id>', 'what it hangs on')
      .option('--set <name=value>', 'an attribute that its kind asks for; may be repeated', gather, [])
      .option('--file <json>', 'a JSON array of devices instead')
      .option('--renew', 'give a device that is registered already this entry and a new secret'),
  ).action(async (kind: string | undefined, id: string | undefined, flags: AddFlags) => {
    const devices = flags.file === undefined ? [oneDevice(kind, id, flags)] : readDevices(flags.file);
    await using client = await signIn(flags);
    const existing = flags.renew ? 'renew' : 'refuse';
    const { items } = await client.change<{ items: { id: string; secret: string }[] }>('POST', '/devices', {
      devices,
      existing,
    });
    for (const item of items) process.stdout.write(`${item.id} ${item.secret}\n`);
  });

  addPlatformFlags(device.command('list').description('id, system, kind, district and name of every device')).action(
    async (flags: PlatformFlags) => {
      await using client = await signIn(flags);
      const { items } = await client.get<{ items: DeviceResource[] }>('/device-map');
      for (const { id, domain, kind, district, name } of items) {
        process.stdout.write(`${[id, `${domain}/${kind}`, district, name].join('\t')}\n`);
      }
    },
  );
}

function oneDevice(path: string | undefined, id: string | undefined, flags: AddFlags) {
  const [domain, kind] = path?.split('/') ?? [];
  if (!domain || !kind || !id)
    throw new HaechiError('USAGE', 'name a kind and an id: device add flood/underpass up-7 …');
  const [latitude, longitude] = (flags.at ?? '').split(',').map(Number);
  if (!flags.at || !Number.isFinite(latitude) || !Number.isFinite(longitude))
    throw new HaechiError('USAGE', '--at is latitude,longitude: --at 37.51,127.02');
  return {
    id,
    domain,
    kind,
    district: flags.district,
    name: flags.name ?? id,
    latitude,
    longitude,
    intervalS: Number(flags.interval),
    ...(flags.parent === undefined ? {} : { parent: flags.parent }),
    attributes: Object.fromEntries(flags.set.map(readAttribute)),
  };
}

function readAttribute(text: string): [string, unknown] {
  const at = text.indexOf('=');
  if (at < 1) throw new HaechiError('USAGE', `--set ${text}: write name=value`);
  const value = text.slice(at + 1);
  if (value === 'true' || value === 'false') return [text.slice(0, at), value === 'true'];
  return [text.slice(0, at), value !== '' && Number.isFinite(Number(value)) ? Number(value) : value];
}

function readDevices(file: string): unknown[] {
  try {
    const devices: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (Array.isArray(devices)) return devices;
  } catch (cause) {
    throw new HaechiError('USAGE', `${file}: ${messageOf(cause)}`, { cause });
  }
  throw new HaechiError('USAGE', `${file}: a JSON array of devices is expected`);
}
