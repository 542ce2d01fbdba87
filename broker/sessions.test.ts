/** What flows down: subscriptions, commands for devices that are away, and what survives a restart. */
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { connect } from 'mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../tests/support/eventually.ts';
import { tempFolder } from '../tests/support/temp-folder.ts';
import { device, SECRET, startCity, type TestCity } from '../tests/support/test-broker.ts';

const COMMAND = 'city/mapo/flood/lamp-1/command';
const STATUS = 'city/mapo/flood/lamp-1/status';

async function listening(city: TestCity, filter = COMMAND, more = {}) {
  const client = await city.connect('lamp-1', { clean: false, ...more });
  const got: string[] = [];
  client.on('message', (_topic, payload) => got.push(String(payload)));
  return { client, got, granted: await client.subscribeAsync(filter, { qos: 1 }) };
}

/** A device that comes back to its session and listens from the first byte on. */
function comeBack({ broker }: TestCity, id = 'lamp-1') {
  const identity = { clientId: id, username: id, password: SECRET };
  const client = connect(`mqtt://127.0.0.1:${broker.port}`, { ...identity, clean: false, reconnectPeriod: 0 });
  onTestFinished(() => void client.end(true));
  const got: string[] = [];
  let present: boolean | undefined;
  client.on('message', (_topic, payload) => got.push(String(payload)));
  client.on('connect', ({ sessionPresent }) => {
    present = sessionPresent;
  });
  return { client, got, sessionPresent: () => present };
}

/** The keys of a kind that a broker which has ended left on disk. */
async function kept(folder: string, kind: string): Promise<string[]> {
  const db = new ClassicLevel(join(folder, 'sessions'));
  const keys = await db.keys({ gte: `${kind}:`, lt: `${kind};` }).all();
  await db.close();
  return keys;
}

describe('subscribing', () => {
  it.each([
    'city/mapo/flood/lamp-2/command',
    'city/mapo/flood/+/command',
    'city/mapo/#',
    '#',
    '+/mapo/flood/lamp-1/command',
    'city/mapo/flood/lamp-1',
    'city/mapo/flood/lamp-1/#',
    'city/mapo/flood/lamp-1/+',
    'city/mapo/flood/lamp-1/telemetry',
    STATUS,
    '$SYS/#',
    '$share/group/city/mapo/flood/lamp-1/command',
    'haechi/#',
  ])('to %s is refused and counted, and nothing comes', async (filter) => {
    const city = await startCity();
    const client = await city.connect('lamp-1');
    const got: string[] = [];
    client.on('message', (topic) => got.push(topic));
    await expect(client.subscribeAsync(filter, { qos: 1 })).rejects.toThrow();
    expect(await city.refused('filter')).toBe(1);

    await city.broker.publish('city/mapo/flood/lamp-2/command', 'for another');
    await client.subscribeAsync(COMMAND, { qos: 1 });
    await city.broker.publish(COMMAND, 'mine');
    await eventually(() => got.length > 0);
    expect(got).toEqual([COMMAND]);
  });

  it('to its own commands is granted', async () => {
    const city = await startCity();
    const { got } = await listening(city);
    await city.broker.publish(COMMAND, 'open');
    await eventually(() => got.length === 1);
    expect(got).toEqual(['open']);
  });

  // aedes 1.2 alone keeps every filter of a SUBSCRIBE on disk as soon as one of them is granted.
  it('to what is refused leaves nothing in the session beside what is granted', async () => {
    const folder = tempFolder();
    const city = await startCity({ folder });
    const client = await city.connect('lamp-1', { clean: false });
    await client.subscribeAsync([COMMAND, 'city/#'], { qos: 1 }).catch(() => undefined); // one of two is refused
    await client.endAsync();
    await eventually(() => city.broker.connections === 0);
    const other = await city.connect('lamp-2');
    await other.publishAsync('city/mapo/flood/lamp-2/telemetry', 'a secret of another', { qos: 1 });
    await city.broker.publish(COMMAND, 'mine');

    const { client: again, got } = comeBack(city);
    await eventually(() => got.length > 0);
    await again.endAsync();
    expect(got).toEqual(['mine']);
    await city.broker.close();
    expect(await kept(folder, 'subscriptions')).toHaveLength(1);
  });
});

describe('a session that is kept', () => {
  it('queues none of the device’s own messages', async () => {
    const folder = tempFolder();
    const city = await startCity({ folder });
    const { client } = await listening(city);
    await client.subscribeAsync('city/mapo/flood/lamp-1/#', { qos: 1 }).catch(() => undefined); // refused
    await client.endAsync();
    const again = await city.connect('lamp-1', { clientId: 'another' });
    for (let i = 0; i < 20; i++) await again.publishAsync('city/mapo/flood/lamp-1/telemetry', '{}', { qos: 1 });
    await again.endAsync();
    await city.broker.close();
    expect(await kept(folder, 'outgoing')).toEqual([]);
  });

  it('is one for each device: another client id’s replaces it, and its connection ends', async () => {
    const folder = tempFolder();
    const city = await startCity({ folder });
    const first = await listening(city, COMMAND, { clientId: 'first' });
    const second = await listening(city, COMMAND, { clientId: 'second' });
    await eventually(() => !first.client.connected);
    await city.broker.publish(COMMAND, 'open');
    await eventually(() => second.got.length === 1);
    await second.client.endAsync();
    await eventually(() => city.broker.connections === 0);
    await city.broker.publish(COMMAND, 'close');

    // The first comes back: what waited for the second is gone with it.
    const third = await listening(city, COMMAND, { clientId: 'first' });
    await city.broker.publish(COMMAND, 'the last word');
    await eventually(() => third.got.includes('the last word'));
    expect(third.got).toEqual(['the last word']);
    await third.client.endAsync();
    await city.broker.close();
    expect(await kept(folder, 'subscriptions')).toHaveLength(1);
    expect(await kept(folder, 'outgoing')).toEqual([]);
  });

  it('leaves another device’s alone', async () => {
    const city = await startCity();
    const { got } = await listening(city);
    await city.connect('lamp-2', { clean: false, clientId: 'x' });
    await city.broker.publish(COMMAND, 'open');
    await eventually(() => got.length === 1);
  });

  it('holds a bounded number of commands; the next is refused and counted, through a restart', async () => {
    const folder = tempFolder();
    const before = await startCity({ folder });
    const { client } = await listening(before);
    await client.endAsync();
    await eventually(() => before.broker.connections === 0);
    const sent = Array.from({ length: 1000 }, (_, index) => `${index}`);
    await Promise.all(sent.map((text) => before.broker.publish(COMMAND, text)));
    await expect(before.broker.publish(COMMAND, 'too many')).rejects.toMatchObject({ code: 'BUSY' });
    expect(await before.refused('queue-full')).toBe(1);
    await before.broker.publish('city/mapo/flood/lamp-2/command', 'for another');
    await before.broker.close();

    const after = await startCity({ folder });
    await expect(after.broker.publish(COMMAND, 'too many')).rejects.toMatchObject({ code: 'BUSY' });
    const { client: again, got } = comeBack(after);
    await eventually(() => got.length === sent.length);
    expect(got).toEqual(sent);
    // Its acknowledgements make room again.
    await eventually(
      async () =>
        await after.broker.publish(COMMAND, 'one more').then(
          () => true,
          () => false,
        ),
    );
    await eventually(() => got.at(-1) === 'one more');
    await again.endAsync();
    await after.broker.close();
    expect(await kept(folder, 'outgoing')).toEqual([]);
  });

  it('forgets what was subscribed to where the device was before', async () => {
    const city = await startCity();
    const { client } = await listening(city);
    await client.endAsync();
    await eventually(() => city.broker.connections === 0);
    city.devices.set('lamp-1', device('lamp-1', { district: 'jongno' }));
    const { client: again, got, sessionPresent } = comeBack(city);
    await eventually(() => again.connected);
    expect(sessionPresent()).toBe(false);
    await again.subscribeAsync('city/jongno/flood/lamp-1/command', { qos: 1 });
    await city.broker.publish('city/jongno/flood/lamp-1/command', 'hello');
    await eventually(() => got.length === 1);
  });

  it('ends where the device comes without it', async () => {
    const folder = tempFolder();
    const city = await startCity({ folder });
    const { client } = await listening(city);
    await client.endAsync();
    await eventually(() => city.broker.connections === 0);
    await city.broker.publish(COMMAND, 'open');
    const plain = await city.connect('lamp-1', { clean: true });
    await plain.endAsync();
    await city.broker.close();
    expect([await kept(folder, 'subscriptions'), await kept(folder, 'outgoing')]).toEqual([[], []]);
  });
});

describe('commands', () => {
  // Pinned: aedes 1.2 alone reorders such a burst and drops what was overtaken (moscajs/aedes issues 955, 994).
  it('arrive all and in order, however fast they are sent', async () => {
    const city = await startCity();
    const { got } = await listening(city);
    const sent = Array.from({ length: 200 }, (_, index) => `${index}`);
    await Promise.all(sent.map((text) => city.broker.publish(COMMAND, text)));
    await eventually(() => got.length >= sent.length);
    expect(got).toEqual(sent);
  });

  it('wait for a device that is away, through a restart of the broker', async () => {
    const folder = tempFolder();
    const before = await startCity({ folder });
    const { client } = await listening(before);
    await client.endAsync();
    await eventually(() => before.broker.connections === 0);
    await before.broker.publish(COMMAND, 'close the gate');
    await before.broker.close();

    const after = await startCity({ folder });
    const { got } = comeBack(after);
    await eventually(() => got.length === 1);
    expect(got).toEqual(['close the gate']);
    await after.broker.publish(COMMAND, 'open it');
    await eventually(() => got.length === 2);
    expect(got[1]).toBe('open it');
  });
});

describe('retained messages', () => {
  it('are kept of a status, through a restart, and of nothing else', async () => {
    const folder = tempFolder();
    const before = await startCity({ folder });
    const client = await before.connect('lamp-1');
    await client.publishAsync(STATUS, '{"state":"online"}', { qos: 1, retain: true });
    await client.publishAsync('city/mapo/flood/lamp-1/telemetry', '{"waterDepth":1}', { qos: 1, retain: true });
    await client.endAsync();
    await before.broker.close();

    expect(await kept(folder, 'retained')).toEqual([`retained:${STATUS}`]);
  });
});
