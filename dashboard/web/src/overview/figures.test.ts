import { expect, test } from 'vitest';
import type { DeviceResource, DomainResource, Kind } from '../contract.ts';
import type { DeviceLive } from '../live/delta-reducer.ts';
import { figuresOf, isActive, topLimit } from './figures.ts';

const kind = (id: string, symbol: Kind['symbol'], more: Partial<Kind> = {}): Kind => ({
  id,
  symbol,
  intervalS: 10,
  fields: [],
  level: null,
  active: null,
  ...more,
});
const moving = { active: { field: 'speed', is: null, above: 3 } };
const domain: DomainResource = {
  id: 'd',
  icon: 'x',
  order: 1,
  kinds: [
    kind('van', 'arrow', moving),
    kind('truck', 'arrow', moving),
    kind('gauge', 'bar', { level: 'height' }),
    kind('lamp', 'dot', { active: { field: 'state', is: ['on', true], above: null } }),
  ],
  fields: [],
  locales: {
    en: { name: 'D', kinds: {}, fields: {}, choices: {}, rules: {} },
    ko: { name: 'D', kinds: {}, fields: {}, choices: {}, rules: {} },
  },
};
const device = (id: string, of: string, limits: DeviceResource['limits'] = []): DeviceResource => ({
  id,
  domain: 'd',
  kind: of,
  district: 'z',
  name: id,
  latitude: 0,
  longitude: 0,
  intervalS: 10,
  parent: null,
  attributes: {},
  limits,
});
const said = (id: string, values: DeviceLive['values'], ts = 0): [string, DeviceLive] => [
  id,
  { id, ts, receivedAt: ts, values, at: {} },
];
const limit = (stage: 'caution' | 'serious', value: number) => ({
  field: 'height',
  rule: 'r',
  stage,
  value,
  direction: 'rising' as const,
});

test('what moves is counted over all kinds of a system, what was not heard of is not counted', () => {
  const devices = [device('a', 'van'), device('b', 'truck'), device('c', 'truck')];
  const live = new Map([said('a', { speed: 20 }), said('b', { speed: 0 }), said('c', { speed: 9 }, -600_000)]);
  const figures = figuresOf({ devices, domains: [domain] }, live, 1000);
  expect(figures.reporting).toBe(2);
  expect(figures.kinds.filter(({ what }) => what === 'moving')).toEqual([
    { what: 'moving', domain: 'd', kind: 'van', count: 1, of: 2 },
  ]);
});

test('the fullest gauge is the one nearest to its own top mark', () => {
  const devices = [
    device('deep', 'gauge', [limit('caution', 5), limit('serious', 10)]),
    device('low', 'gauge', [limit('serious', 2)]),
  ];
  const live = new Map([said('deep', { height: 4 }), said('low', { height: 1.8 })]);
  const [fullest] = figuresOf({ devices, domains: [domain] }, live, 0).kinds.filter(({ what }) => what === 'fullest');
  expect(fullest).toMatchObject({ device: 'low', part: 0.9 });
});

test('at work: one of its words, or above its number', () => {
  const [van, , , lamp] = domain.kinds;
  expect(isActive(lamp, { state: 'on' })).toBe(true);
  expect(isActive(lamp, { state: 'off' })).toBe(false);
  expect(isActive(lamp, {})).toBe(false);
  expect(isActive(van, { speed: 3 })).toBe(false);
  expect(topLimit([limit('caution', 3), limit('serious', 4)], 'height')).toBe(4);
});
