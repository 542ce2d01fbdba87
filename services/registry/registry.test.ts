import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DomainModel, defineDomain, number, VirtualClock } from '@haechi/core';
import { openState, type StateDb } from '@haechi/storage';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { Registry } from './registry.ts';
import { loadKey } from './secrets.ts';

const light: DomainModel = defineDomain({
  id: 'street-light',
  icon: 'bulb',
  order: 1,
  telemetry: { power: number({ unit: 'W', min: 0, max: 1000 }) },
  kinds: {
    lamp: {
      fields: ['power'],
      symbol: 'dot',
      intervalS: 60,
      attributes: z.object({ ratedPowerW: z.number().positive() }),
    },
  },
});

function lamp(id: string, more: object = {}) {
  const place = { district: 'mapo', latitude: 37.5, longitude: 127 };
  return {
    id,
    domain: 'street-light',
    kind: 'lamp',
    name: `Lamp ${id}`,
    intervalS: 60,
    attributes: { ratedPowerW: 90 },
    ...place,
    ...more,
  };
}

async function openRegistry(folder = tempFolder()): Promise<{ registry: Registry; db: StateDb }> {
  const db = await openState(join(folder, 'state.sqlite'));
  onTestFinished(() => db.destroy());
  const models = new Map([[light.id, light]]);
  const registry = await Registry.open({ db, key: loadKey(folder), models, clock: new VirtualClock(1000) });
  return { registry, db };
}

const bytes = (secret: string | undefined) => Buffer.from(secret ?? '');

describe('provisioning', () => {
  it('gives each device a secret that proves it, and no other', async () => {
    const { registry } = await openRegistry();
    const secrets = await registry.provision([lamp('b'), lamp('a')]);
    expect(registry.list().map(({ id }) => id)).toEqual(['a', 'b']);
    expect(registry.authenticate('a', bytes(secrets.get('a')))).toEqual({ ...lamp('a'), parent: null });
    expect(registry.authenticate('a', bytes(secrets.get('b')))).toBeUndefined();
    expect(registry.authenticate('a', bytes(''))).toBeUndefined();
    expect(registry.authenticate('nobody', bytes(secrets.get('a')))).toBeUndefined();
    expect(registry.authenticate('nobody', bytes(''))).toBeUndefined();
  });

  it.each([
    ['a bad id', lamp('not an id'), /device 2, id: /],
    ['a place that is none', lamp('x', { latitude: 91 }), /device 2, latitude: /],
    ['an unknown field', lamp('x', { colour: 'red' }), /device 2, .*colour/],
    ['no such system', lamp('x', { domain: 'tram' }), /device 2 \(x\): no kind lamp in tram/],
    ['no such kind', lamp('x', { kind: 'cabinet' }), /device 2 \(x\): no kind cabinet in street-light/],
    ['an attribute missing', lamp('x', { attributes: {} }), /device 2 \(x\) attributes, ratedPowerW: /],
    ['one twice', lamp('a'), /device a is there twice/],
    ['one that exists', lamp('old'), /device old exists already/],
    ['no object', 'x', /device 2, entry: /],
  ])('is all or none: %s', async (_, bad, message) => {
    const { registry } = await openRegistry();
    await registry.provision([lamp('old')]);
    await expect(registry.provision([lamp('a'), bad, lamp('c')])).rejects.toMatchObject({
      code: 'DEVICE_INVALID',
      message: expect.stringMatching(message),
    });
    expect(registry.list().map(({ id }) => id)).toEqual(['old']);
  });

  it('renews an entry and its secret where that is asked for, and voids the old one', async () => {
    const { registry } = await openRegistry();
    const old = (await registry.provision([lamp('a')])).get('a');
    const secrets = await registry.provision([lamp('a', { district: 'jongno' }), lamp('b')], { renew: true });
    expect(registry.authenticate('a', bytes(old))).toBeUndefined();
    expect(registry.authenticate('a', bytes(secrets.get('a')))?.district).toBe('jongno');
    expect(registry.size).toBe(2);
  });

  it('gives one of two that ask for the same id at once, and refuses the other', async () => {
    const { registry } = await openRegistry();
    const results = await Promise.allSettled([registry.provision([lamp('a')]), registry.provision([lamp('a')])]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const [won] = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(registry.authenticate('a', bytes(won?.get('a')))?.id).toBe('a');
  });

  it('goes on after one that failed', async () => {
    const { registry } = await openRegistry();
    await Promise.allSettled([registry.provision(['x']), registry.provision([lamp('a')])]);
    expect(registry.size).toBe(1);
  });

  it('tells of what changed', async () => {
    const { registry } = await openRegistry();
    const told: string[][] = [];
    registry.onChange((devices) => told.push(devices.map(({ id }) => id)));
    await registry.provision([lamp('a'), lamp('b')]);
    await registry.provision([lamp('b')], { renew: true });
    await expect(registry.provision([lamp('b')])).rejects.toThrow();
    expect(told).toEqual([['a', 'b'], ['b']]);
  });
});

describe('what is kept', () => {
  it('outlives a restart', async () => {
    const folder = tempFolder();
    const { registry, db } = await openRegistry(folder);
    const many = Array.from({ length: 1200 }, (_, index) => lamp(`l-${index}`, { parent: index ? 'l-0' : null }));
    const secrets = await registry.provision(many);
    await db.destroy();
    const { registry: again } = await openRegistry(folder);
    expect(again.list()).toEqual(registry.list());
    expect(again.authenticate('l-1199', bytes(secrets.get('l-1199')))?.parent).toBe('l-0');
  });

  it('holds no secret, and is worth nothing without the key beside it', async () => {
    const folder = tempFolder();
    const { registry, db } = await openRegistry(folder);
    const secret = (await registry.provision([lamp('a')])).get('a') ?? '';
    const row = await db.selectFrom('devices').selectAll().executeTakeFirstOrThrow();
    expect(Object.values(row).some((value) => String(value).includes(secret))).toBe(false);
    expect(statSync(join(folder, 'device-secrets.key')).mode & 0o077).toBe(0);

    const models = new Map([[light.id, light]]);
    const stolen = await Registry.open({ db, key: Buffer.alloc(32), models, clock: new VirtualClock(0) });
    expect(stolen.authenticate('a', bytes(secret))).toBeUndefined();
  });

  it('keeps one key for the installation', () => {
    const folder = join(tempFolder(), 'new', 'folder');
    expect(loadKey(folder)).toEqual(loadKey(folder));
    expect(loadKey(folder)).toHaveLength(32);
  });

  it('takes no key that a crash left half-written', () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'device-secrets.key'), '');
    expect(() => loadKey(folder)).toThrow(expect.objectContaining({ code: 'DATA_FOLDER' }));
  });
});
