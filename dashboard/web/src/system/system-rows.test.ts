import { expect, test } from 'vitest';
import type { DeviceResource } from '../contract.ts';
import { systemRows } from './system-rows.ts';

const device = (id: string, kind = 'k'): DeviceResource => ({
  id,
  domain: 'd',
  kind,
  district: 'z',
  name: id,
  latitude: 0,
  longitude: 0,
  intervalS: 10,
  parent: null,
  attributes: {},
  limits: [],
});
const all = { text: '', kind: null, district: null };
const devices = [device('L-10'), device('L-2'), device('L-1', 'other')];

test('trouble first, then by name as a person counts', () => {
  const rows = systemRows(devices, all, new Map([['L-10', 'caution']]));
  expect(rows.map(({ id }) => id)).toEqual(['L-10', 'L-1', 'L-2']);
});

test('each filter narrows', () => {
  expect(systemRows(devices, { ...all, text: 'l-1' }, new Map()).map(({ id }) => id)).toEqual(['L-1', 'L-10']);
  expect(systemRows(devices, { ...all, kind: 'other' }, new Map())).toHaveLength(1);
  expect(systemRows(devices, { ...all, district: 'y' }, new Map())).toHaveLength(0);
});
