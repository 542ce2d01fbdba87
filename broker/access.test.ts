import { CHANNELS, formatTopic, UPLINK_CHANNELS } from '@haechi/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { device } from '../tests/support/test-broker.ts';
import { mayPublish, maySubscribe } from './access.ts';

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
  for (const topic of own) expect(mayPublish(lamp, topic)).toMatchObject({ allowed: true });
  fc.assert(
    fc.property(anything, (topic) => {
      expect(mayPublish(lamp, topic).allowed).toBe(own.includes(topic));
    }),
    { numRuns: 2000 },
  );
});

it('no filter that is granted matches a topic of another', () => {
  fc.assert(
    fc.property(anything, (filter) => {
      if (maySubscribe(lamp, filter)) expect(filter.startsWith('city/mapo/flood/lamp-1/')).toBe(true);
    }),
    { numRuns: 2000 },
  );
  for (const filter of ['#', '+', ...CHANNELS])
    expect(maySubscribe(lamp, `city/mapo/flood/lamp-1/${filter}`)).toBe(true);
});
