import fc from 'fast-check';
import { generate, type Packet, parser } from 'mqtt-packet';
import { expect, it } from 'vitest';
import { isBegunPublish, type KnownTopic, takePublishes } from './publish-bytes.ts';

const TOPICS = ['city/mapo/flood/lamp-1/telemetry', 'city/mapo/flood/lamp-1/event'];
const KNOWN: KnownTopic[] = TOPICS.map((text) => ({ text, bytes: Buffer.from(text) }));
const LIMITS = { payloadSizeMax: 300, packetSizeMax: 400 };

interface Publish {
  topic: string;
  payload: string;
  messageId: number;
}

function take(bytes: Buffer) {
  const taken: Publish[] = [];
  const end = takePublishes(bytes, KNOWN, LIMITS, (topic, payload, messageId) => {
    taken.push({ topic, payload: payload.toString('latin1'), messageId });
    return true;
  });
  return { taken, rest: bytes.subarray(end) };
}

/** What a whole parser finds in the bytes. */
function parsed(bytes: Buffer): Packet[] {
  const packets: Packet[] = [];
  const whole = parser();
  whole.on('packet', (packet) => packets.push(packet));
  whole.on('error', () => undefined); // what is no MQTT ends it; the packets before count
  whole.parse(bytes);
  return packets;
}

const publish = fc.record({
  cmd: fc.constant('publish' as const),
  topic: fc.constantFrom(...TOPICS, 'city/mapo/flood/lamp-1/telemetr', 'city/mapo/flood/lamp-2/telemetry', 'a'),
  payload: fc.uint8Array({ maxLength: 320 }).map((bytes) => Buffer.from(bytes)),
  qos: fc.constantFrom(0 as const, 1 as const, 1 as const, 2 as const),
  retain: fc.boolean(),
  dup: fc.boolean(),
  messageId: fc.integer({ min: 1, max: 65_535 }),
});
const other = fc.constantFrom<Packet>(
  { cmd: 'pingreq' },
  { cmd: 'puback', messageId: 7 },
  { cmd: 'subscribe', messageId: 8, subscriptions: [{ topic: 'a', qos: 1 }] },
  { cmd: 'disconnect' },
);
const packets = fc.array(fc.oneof({ weight: 9, arbitrary: publish }, { weight: 1, arbitrary: other }), {
  maxLength: 8,
});

function isPlain(packet: Packet): boolean {
  return (
    packet.cmd === 'publish' &&
    packet.qos < 2 &&
    !packet.retain &&
    !(packet.qos === 0 && packet.dup) &&
    TOPICS.includes(packet.topic) &&
    packet.payload.length <= LIMITS.payloadSizeMax
  );
}

it('takes what a whole parser finds, in order, up to the first that is anything else, and leaves that whole', () => {
  fc.assert(
    fc.property(packets, fc.nat(), (sent, cut) => {
      const all = Buffer.concat(sent.map((packet) => generate(packet)));
      const bytes = all.subarray(0, cut % (all.length + 1));
      const { taken, rest } = take(bytes);
      const found = parsed(bytes);
      const until = found.findIndex((packet) => !isPlain(packet));
      const plain = found.slice(0, until < 0 ? found.length : until);
      expect(taken).toEqual(
        plain.map((packet) => {
          if (packet.cmd !== 'publish') throw new Error('no publish');
          const payload = Buffer.from(packet.payload).toString('latin1');
          return { topic: packet.topic, payload, messageId: packet.messageId ?? 0 };
        }),
      );
      expect(parsed(Buffer.from(rest))).toEqual(found.slice(plain.length));
    }),
    { numRuns: 2000 },
  );
});

it('takes nothing that a whole parser would not, of any bytes', () => {
  const bytes = fc.uint8Array({ maxLength: 60 }).map((some) => Buffer.concat([Buffer.from([0x32]), some]));
  fc.assert(
    fc.property(bytes, (some) => {
      expect(take(some).taken.length).toBeLessThanOrEqual(parsed(Buffer.from(some)).length);
    }),
    { numRuns: 2000 },
  );
});

it('goes on where the rest of a cut publish arrives', () => {
  const payload = Buffer.alloc(200, 'x');
  const whole = generate({
    cmd: 'publish',
    topic: TOPICS[0] ?? '',
    payload,
    qos: 1,
    messageId: 5,
    retain: false,
    dup: false,
  });
  for (let cut = 1; cut < whole.length; cut++) {
    const { taken, rest } = take(whole.subarray(0, cut));
    expect([taken.length, rest.length, isBegunPublish(rest, LIMITS)]).toEqual([0, cut, true]);
  }
  expect(take(whole).taken).toHaveLength(1);
});

it('leaves a packet over the bound, and one that is no publish of this kind, to the parser from its first byte', () => {
  const tooLarge = generate({
    cmd: 'publish',
    topic: 'a',
    payload: Buffer.alloc(500),
    qos: 0,
    retain: false,
    dup: false,
  });
  for (const bytes of [
    tooLarge.subarray(0, 3),
    generate({ cmd: 'pingreq' }),
    Buffer.from([0x32, 0xff, 0xff, 0xff, 0xff]),
  ])
    expect([take(bytes).rest.length, isBegunPublish(bytes, LIMITS)]).toEqual([bytes.length, false]);
});
