import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHANNELS, formatTopic, parseTopic, TopicIndex, UPLINK_CHANNELS } from './topic.ts';

const name = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,63}$/);
const device = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/);
const topic = fc.record({ district: name, domain: name, device, channel: fc.constantFrom(...CHANNELS) });

describe('a device topic', () => {
  it('comes back from its text as it went in', () => {
    fc.assert(
      fc.property(topic, (parts) => {
        expect(parseTopic(formatTopic(parts))).toEqual(parts);
      }),
    );
  });

  it('is told from everything else: what parses is what would be written', () => {
    const near = topic.chain((parts) =>
      fc.tuple(fc.nat(200), fc.string({ maxLength: 2 })).map(([at, text]) => {
        const whole = formatTopic(parts);
        return whole.slice(0, at % whole.length) + text + whole.slice((at % whole.length) + 1);
      }),
    );
    fc.assert(
      fc.property(fc.oneof(near, fc.string({ unit: 'binary' })), (text) => {
        const parsed = parseTopic(text);
        if (parsed) expect(formatTopic(parsed)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    'city/mapo/flood/up-1',
    'city/mapo/flood/up-1/telemetry/',
    '/city/mapo/flood/up-1/telemetry',
    'city/Mapo/flood/up-1/telemetry',
    'city/mapo/flood/-up/telemetry',
    'city/mapo/flood/up-1/firmware',
    'city/mapo/flood/+/telemetry',
    'city/mapo/flood/up-1/#',
    'city//flood/up-1/telemetry',
    `city/mapo/flood/${'x'.repeat(65)}/telemetry`,
    'haechi/mapo/flood/up-1/telemetry',
    'city/mapo/flood/up-1/telemetry\n',
    'city/mapo/flood/마포/telemetry',
    '',
  ])('is not %j', (text) => {
    expect(parseTopic(text)).toBeUndefined();
  });

  it('leads up on every channel but the one for commands', () => {
    expect([...CHANNELS].filter((channel) => !UPLINK_CHANNELS.includes(channel))).toEqual(['command']);
  });
});

it('an index gives what parsing gives, and the same object for the same text, beyond its bound too', () => {
  const index = new TopicIndex();
  const text = (device: number) => `city/mapo/flood/up-${device}/telemetry`;
  expect(index.parse('city/mapo')).toBeUndefined();
  for (let device = 0; device < 70_000; device++) index.parse(text(device));
  expect(index.parse(text(1))).toEqual({ ...parseTopic(text(1)), text: text(1) });
  expect(index.parse(text(1))).toBe(index.parse(text(1)));
});
