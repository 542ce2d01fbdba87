import { CHANNELS, formatTopic, UPLINK_CHANNELS } from '@haechi/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { device } from '../tests/support/test-broker.ts';
import { hearsUplink, mayPublish, maySubscribe, uplinkTopics } from './access.ts';

const lamp = device('lamp-1');
const part = fc.constantFrom(
  'mapo',
  'flood',
  'lamp-1',
  'lamp-2',
  'city',
  'haechi',
  '+',
  '#',
  '',
  '$SYS',
  '$share',
  ...CHANNELS,
);
const anything = fc.array(part, { maxLength: 7 }).map((parts) => parts.join('/'));

it('a device publishes on its own four channels up and nowhere else, whatever the topic', () => {
  const own = UPLINK_CHANNELS.map((channel) =>
    formatTopic({ district: 'mapo', domain: 'flood', device: 'lamp-1', channel }),
  );
  expect(uplinkTopics(lamp)).toEqual(own);
  for (const topic of own) expect(mayPublish(lamp, topic)).toMatchObject({ allowed: true });
  fc.assert(
    fc.property(anything, (topic) => {
      expect(mayPublish(lamp, topic).allowed).toBe(own.includes(topic));
    }),
    { numRuns: 2000 },
  );
});

it('the only filter that is granted is its own commands', () => {
  const command = 'city/mapo/flood/lamp-1/command';
  expect(maySubscribe(lamp, command)).toBe(true);
  for (const rest of ['#', '+', ...UPLINK_CHANNELS, 'command/#'])
    expect(maySubscribe(lamp, `city/mapo/flood/lamp-1/${rest}`)).toBe(false);
  fc.assert(
    fc.property(anything, (filter) => {
      expect(maySubscribe(lamp, filter)).toBe(filter === command);
    }),
    { numRuns: 2000 },
  );
});

it('nothing that a device may subscribe to brings what devices publish', () => {
  for (const filter of ['#', 'city/#', 'city/+/+/lamp-1/command', 'city/mapo/flood/lamp-1/telemetry', '+'])
    expect(hearsUplink(filter)).toBe(true);
  fc.assert(
    fc.property(anything, (filter) => {
      if (maySubscribe(lamp, filter)) expect(hearsUplink(filter)).toBe(false);
    }),
    { numRuns: 2000, examples: [['city/mapo/flood/lamp-1/command']] },
  );
});
