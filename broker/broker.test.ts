import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { eventually } from '../tests/support/eventually.ts';
import { tempFolder } from '../tests/support/temp-folder.ts';
import { device, rawSocket, SECRET, startCity } from '../tests/support/test-broker.ts';

const OWN = 'city/mapo/flood/lamp-1/telemetry';

/** A CONNECT of MQTT 3.1.1 with name and secret, as bytes. */
function connectPacket({
  clientId,
  keepalive,
  clean,
}: {
  clientId: string;
  keepalive: number;
  clean: boolean;
}): Buffer {
  const name = (text: string) => [Buffer.from([0, text.length]), Buffer.from(text)];
  const flags = 0b1100_0000 | (clean ? 0b10 : 0);
  const head = [...name('MQTT'), Buffer.from([4, flags, 0, keepalive])];
  const body = Buffer.concat([...head, ...name(clientId), ...name('lamp-1'), ...name(SECRET)]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}

describe('sign-in', () => {
  it('lets a device in with its own secret', async () => {
    const city = await startCity();
    await city.connect('lamp-1');
    expect(city.broker.connections).toBe(1);
  });

  it.each([
    ['a wrong secret', { password: 'guess' }, 4, 'wrong-secret'],
    ['an unknown id', { username: 'nobody' }, 4, 'wrong-secret'],
    ['no name at all', { username: undefined, password: undefined }, 5, 'anonymous'],
    ['a name without a secret', { password: undefined }, 5, 'anonymous'],
  ])('refuses %s with its return code, and counts it', async (_, given, code, reason) => {
    const city = await startCity();
    await expect(city.connect('lamp-1', given)).rejects.toMatchObject({ code });
    expect(await city.refused(reason)).toBe(1);
    expect(city.broker.connections).toBe(0);
  });

  it.each(['city/mapo/flood/lamp-2/status', 'city/mapo/flood/lamp-1/command', '$SYS/x', 'haechi/x'])(
    'refuses a will on %s',
    async (topic) => {
      const city = await startCity();
      const will = { topic, payload: Buffer.from('{}'), qos: 1 as const, retain: false };
      await expect(city.connect('lamp-1', { will })).rejects.toMatchObject({ code: 5 });
      expect(await city.refused('will-topic')).toBe(1);
    },
  );

  // MQTT 3.1.1 §3.1.3.1: the server must answer 0x02, for nobody could come back to such a session.
  it('refuses an empty client id that wants its session kept', async () => {
    const city = await startCity();
    const { socket, received } = await rawSocket(city.broker.port);
    socket.write(connectPacket({ clientId: '', keepalive: 0, clean: false }));
    await eventually(() => received().length >= 4);
    expect([...received()]).toEqual([0x20, 2, 0, 2]);
  });

  it('gives nobody another device’s session, whatever client id it takes', async () => {
    const city = await startCity();
    const first = await city.connect('lamp-1', { clientId: 'same' });
    const second = await city.connect('lamp-2', { clientId: 'same' });
    await second.publishAsync('city/mapo/flood/lamp-2/telemetry', '{}', { qos: 1 });
    await first.publishAsync(OWN, '{}', { qos: 1 });
    expect(city.broker.connections).toBe(2);
  });
});

describe('publishing', () => {
  it('acknowledges QoS 1 only once the message is admitted', async () => {
    const city = await startCity();
    city.hold = true;
    const client = await city.connect('lamp-1');
    const pubacks: unknown[] = [];
    client.on('packetreceive', (packet) => packet.cmd === 'puback' && pubacks.push(packet));
    const published = client.publishAsync(OWN, '{"waterDepth": 3}', { qos: 1 });
    await eventually(() => city.held.length === 1);
    // A whole round trip on the same connection, so that an early PUBACK would have been here by now.
    await client.subscribeAsync('city/mapo/flood/lamp-1/command');
    expect(pubacks).toEqual([]);

    city.held.shift()?.();
    await published;
    expect(pubacks).toHaveLength(1);
    expect(city.admitted).toMatchObject([{ device: { id: 'lamp-1' }, topic: OWN }]);
    expect(Buffer.from(city.admitted[0]?.payload ?? []).toString()).toBe('{"waterDepth": 3}');
  });

  it('answers QoS 2 only once the message is admitted', async () => {
    const city = await startCity();
    city.hold = true;
    const client = await city.connect('lamp-1');
    const pubrecs: unknown[] = [];
    client.on('packetreceive', (packet) => packet.cmd === 'pubrec' && pubrecs.push(packet));
    const published = client.publishAsync(OWN, '{}', { qos: 2 });
    await eventually(() => city.held.length === 1);
    await client.subscribeAsync('city/mapo/flood/lamp-1/command');
    expect(pubrecs).toEqual([]);
    city.held.shift()?.();
    await published;
    expect(pubrecs).toHaveLength(1);
  });

  it.each([
    ['city/mapo/flood/lamp-2/telemetry', 'topic-foreign'],
    ['city/jongno/flood/lamp-1/telemetry', 'topic-misplaced'],
    ['city/mapo/street-light/lamp-1/telemetry', 'topic-misplaced'],
    ['city/mapo/flood/lamp-1/command', 'channel-down'],
    ['city/mapo/flood/lamp-1/telemetry/more', 'topic-malformed'],
    ['$SYS/broker/clients', 'topic-malformed'],
    ['haechi/internal', 'topic-malformed'],
  ])('refuses %s, counts it and hangs up', async (topic, reason) => {
    const city = await startCity();
    const client = await city.connect('lamp-1');
    client.publish(topic, '{}', { qos: 1 });
    await eventually(() => !client.connected);
    expect(await city.refused(reason)).toBe(1);
    expect(city.admitted).toEqual([]);
  });

  it('asks the registry as it is now, not as it was at sign-in', async () => {
    const city = await startCity();
    const client = await city.connect('lamp-1');
    city.devices.set('lamp-1', device('lamp-1', { district: 'jongno' }));
    await client.publishAsync('city/jongno/flood/lamp-1/telemetry', '{}', { qos: 1 });
    client.publish(OWN, '{}', { qos: 1 });
    await eventually(() => !client.connected);
    expect(city.admitted.map(({ topic }) => topic)).toEqual(['city/jongno/flood/lamp-1/telemetry']);
  });

  it('does not acknowledge what is not admitted; the device sends it again and it is admitted then', async () => {
    const city = await startCity();
    city.hold = true;
    const client = await city.connect('lamp-1', { reconnectPeriod: 20, clean: false });
    const published = client.publishAsync(OWN, '{"waterDepth": 1}', { qos: 1 });
    await eventually(() => city.held.length === 1);
    city.hold = false;
    city.held.shift()?.(new Error('the journal is full'));
    await published;
    expect(city.admitted).toHaveLength(2);
    expect(await city.refused('not-stored')).toBe(1);
  });

  it('keeps what one device has in flight bounded, and loses none of it', async () => {
    const city = await startCity();
    city.hold = true;
    const client = await city.connect('lamp-1');
    const count = 5000;
    const payload = Buffer.alloc(900, 'x');
    const published = Promise.all(Array.from({ length: count }, () => client.publishAsync(OWN, payload, { qos: 1 })));
    // The bound, and beyond it what is read already: the socket's buffer and one chunk more.
    const bound = 10 + (2 * 65_536) / payload.length;
    let highest = 0;
    for (let answered = 0; answered < count; ) {
      await eventually(() => city.held.length > 0);
      highest = Math.max(highest, city.held.length);
      answered += city.held.length;
      for (const done of city.held.splice(0)) done();
    }
    await published;
    expect(city.admitted).toHaveLength(count);
    expect(highest).toBeGreaterThanOrEqual(10);
    expect(highest).toBeLessThanOrEqual(bound);
  });

  it('publishes the will of a device whose connection broke', async () => {
    const city = await startCity();
    const topic = 'city/mapo/flood/lamp-1/status';
    const will = { topic, payload: Buffer.from('{"state":"offline"}'), qos: 1 as const, retain: true };
    const client = await city.connect('lamp-1', { will });
    client.stream.destroy();
    await eventually(() => city.admitted.length === 1);
    expect(city.admitted[0]).toMatchObject({ topic, device: { id: 'lamp-1' } });
  });
});

/** PUBLISH at QoS 1 as bytes. */
function publishPacket(messageId: number, payload: string, { topic = OWN, retain = false } = {}): Buffer {
  const body = Buffer.concat([
    Buffer.from([0, topic.length]),
    Buffer.from(topic),
    Buffer.from([messageId >> 8, messageId & 0xff]),
    Buffer.from(payload),
  ]);
  return Buffer.concat([Buffer.from([retain ? 0x33 : 0x32, body.length]), body]);
}

describe('what a device sends as bytes', () => {
  async function signedIn(city: Awaited<ReturnType<typeof startCity>>) {
    const raw = await rawSocket(city.broker.port);
    raw.socket.write(connectPacket({ clientId: 'raw', keepalive: 0, clean: true }));
    await eventually(() => raw.received().length === 4);
    const acknowledged = () => {
      const bytes = raw.received().subarray(4);
      return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt16BE(index * 4 + 2));
    };
    return { ...raw, acknowledged };
  }
  const payloads = (city: Awaited<ReturnType<typeof startCity>>) =>
    city.admitted.map(({ payload }) => Buffer.from(payload).toString());

  it('is taken and acknowledged in order, however it is cut', async () => {
    const city = await startCity();
    const { socket, acknowledged } = await signedIn(city);
    socket.setNoDelay(true);
    const numbers = Array.from({ length: 40 }, (_, index) => index + 1);
    const status = 'city/mapo/flood/lamp-1/status';
    const bytes = Buffer.concat(
      numbers.map((id) => publishPacket(id, `${id}`, id % 5 === 0 ? { topic: status, retain: true } : {})),
    );
    for (let at = 0; at < bytes.length; at += 61) {
      socket.write(bytes.subarray(at, at + 61));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(() => acknowledged().length === numbers.length);
    expect(acknowledged()).toEqual(numbers);
    expect(payloads(city)).toEqual(numbers.map(String));
  });

  it('is acknowledged in order also where some messages go through aedes and are admitted at once with the others', async () => {
    const city = await startCity();
    city.hold = true;
    const { socket, acknowledged } = await signedIn(city);
    const retained = { topic: 'city/mapo/flood/lamp-1/status', retain: true };
    socket.write(Buffer.concat([publishPacket(1, 'a'), publishPacket(2, 'b', retained), publishPacket(3, 'c')]));
    await eventually(() => city.held.length === 3);
    for (const done of city.held.splice(0)) done();
    await eventually(() => acknowledged().length === 3);
    expect(acknowledged()).toEqual([1, 2, 3]);
  });

  it('counts for the keep-alive', async () => {
    const city = await startCity({ keepaliveSMax: 1 });
    const { socket, closed } = await signedIn(city);
    for (let id = 1; id <= 8; id++) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      socket.write(publishPacket(id, 'x'));
    }
    expect(closed()).toBe(false);
    await eventually(() => closed());
  });
});

describe('a connection', () => {
  it('of a device that is hung up on ends, with its will, and others’ go on', async () => {
    const city = await startCity();
    const topic = 'city/mapo/flood/lamp-1/status';
    const will = { topic, payload: Buffer.from('{"state":"offline"}'), qos: 1 as const, retain: true };
    const first = await city.connect('lamp-1', { clientId: 'a', will });
    const second = await city.connect('lamp-1', { clientId: 'b', clean: false });
    const other = await city.connect('lamp-2');
    city.broker.disconnect(['lamp-1', 'nobody']);
    await eventually(() => !first.connected && !second.connected && city.broker.connections === 1);
    expect(city.admitted).toMatchObject([{ topic }]);
    await other.publishAsync('city/mapo/flood/lamp-2/telemetry', '{}', { qos: 1 });
    await city.connect('lamp-1');
    expect(city.broker.connections).toBe(2);
  });

  // MQTT 3.1.1 §3.1.2.10: a server may hang up on a client it deems gone, whatever keep-alive it asked for.
  it.each([0, 60])('that is silent ends, though its device asked for a keep-alive of %i s', async (keepalive) => {
    const city = await startCity({ keepaliveSMax: 1 });
    const { socket, received, closed } = await rawSocket(city.broker.port);
    socket.write(connectPacket({ clientId: 'x', keepalive, clean: true }));
    await eventually(() => received().length >= 4);
    expect([...received()]).toEqual([0x20, 2, 0, 0]);
    await eventually(() => closed());
    await eventually(() => city.broker.connections === 0);
  });

  it('that breaks while it signs in is not counted for ever', async () => {
    const city = await startCity();
    for (let i = 0; i < 20; i++) {
      const { socket } = await rawSocket(city.broker.port);
      socket.write(connectPacket({ clientId: `x-${i}`, keepalive: 0, clean: i % 2 === 0 }), () => socket.destroy());
    }
    const client = await city.connect('lamp-2');
    await eventually(() => city.broker.connections === 1);
    await client.endAsync();
    await eventually(() => city.broker.connections === 0);
    await eventually(async () => (await city.metrics.connections.get()).values[0]?.value === 0);
  });
});

describe('the log', () => {
  it('holds no more than the beginning of what somebody wrote as a name', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
    const city = await startCity({ log });
    await expect(city.connect('lamp-1', { username: 'x'.repeat(1000) })).rejects.toMatchObject({ code: 4 });
    await eventually(() => lines.length > 0);
    expect(lines.join('')).toContain('x'.repeat(80));
    expect(lines.join('')).not.toContain('x'.repeat(81));
  });
});

describe('a payload that is too large', () => {
  it('is refused by the length it announces, told, and the device hung up on', async () => {
    const city = await startCity();
    const client = await city.connect('lamp-1');
    client.publish(OWN, Buffer.alloc(10_000), { qos: 1 });
    await eventually(() => !client.connected);
    expect(city.oversized).toMatchObject([{ device: 'lamp-1' }]);
    expect(city.oversized[0]?.size).toBeGreaterThanOrEqual(10_000);
    expect(await city.refused('packet-too-large')).toBe(1);
    expect(city.admitted).toEqual([]);
  });

  it('is refused where only the payload, not the packet, is over the bound', async () => {
    const city = await startCity();
    const client = await city.connect('lamp-1');
    await client.publishAsync(OWN, Buffer.alloc(1024), { qos: 1 });
    client.publish(OWN, Buffer.alloc(1025), { qos: 1 });
    await eventually(() => !client.connected);
    expect(city.oversized).toEqual([{ device: 'lamp-1', size: 1025 }]);
    expect(city.admitted).toHaveLength(1);
  });

  it('is refused before anybody has signed in', async () => {
    const city = await startCity();
    const { socket, closed } = await rawSocket(city.broker.port);
    // A CONNECT that announces 200 MiB.
    socket.write(Buffer.from([0x10, 0x80, 0x80, 0x80, 0x64]));
    await eventually(() => closed());
    expect(await city.refused('packet-too-large')).toBe(1);
  });
});

describe('bounds and ends', () => {
  it('counts sockets that have not signed in towards the bound on connections', async () => {
    const city = await startCity({ connectionsMax: 2 });
    const first = await rawSocket(city.broker.port);
    const second = await rawSocket(city.broker.port);
    const third = await rawSocket(city.broker.port);
    await eventually(() => third.closed());
    expect([first.closed(), second.closed()]).toEqual([false, false]);
    expect(await city.refused('connections-full')).toBe(1);
  });

  it('says that its port is taken', async () => {
    const { broker } = await startCity();
    const second = startCity({ port: broker.port });
    await expect(second).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(String(broker.port)),
    });
  });

  it('says that its folder is in use', async () => {
    const folder = tempFolder();
    await startCity({ folder });
    await expect(startCity({ folder })).rejects.toMatchObject({ code: 'DATA_FOLDER' });
  });

  it('waits with closing for the messages in flight, and acknowledges them', async () => {
    const city = await startCity();
    city.hold = true;
    const client = await city.connect('lamp-1');
    const published = client.publishAsync(OWN, '{}', { qos: 1 });
    await eventually(() => city.held.length === 1);
    const { port } = city.broker;
    let closed = false;
    const closing = city.broker.close().then(() => {
      closed = true;
    });
    await expect(rawSocket(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(closed).toBe(false);
    city.held.shift()?.();
    await published;
    await closing;
    await eventually(() => !client.connected);
  });
});
