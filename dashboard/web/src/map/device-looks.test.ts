import { expect, test } from 'vitest';
import type { AlertResource, Kind } from '../contract.ts';
import { imageOf, type Look, signature, troublesOf } from './device-looks.ts';

const alert: AlertResource = {
  id: 'a',
  rule: 'r',
  domain: 'd',
  device: 'x',
  district: 'z',
  stage: 'caution',
  peakStage: 'caution',
  field: null,
  value: null,
  limit: null,
  raisedAt: 0,
  changedAt: 0,
  acknowledgedAt: null,
  acknowledgedBy: null,
  clearedAt: null,
  changeSeq: 1,
};
const look: Look = { rank: 0, waiting: false, seen: 'live', active: false, level: 0.5 };
const kind: Kind = { id: 'k', symbol: 'bar', intervalS: 10, fields: [], level: 'h', active: null };

test('a device shows the worst stage that stands, and waits while any of its alerts is unseen', () => {
  const troubles = troublesOf([
    alert,
    { ...alert, id: 'b', stage: 'serious', acknowledgedAt: 5 },
    { ...alert, id: 'c', device: 'y', clearedAt: 9 },
  ]);
  expect(troubles.get('x')).toEqual({ rank: 4, waiting: true });
  expect(troubles.has('y')).toBe(false);
});

test('what is drawn differently has a different signature', () => {
  const looks: Look[] = [
    look,
    { ...look, rank: 2 },
    { ...look, waiting: true },
    { ...look, seen: 'stale' },
    { ...look, seen: 'lost' },
    { ...look, seen: 'silent' },
    { ...look, active: true },
    { ...look, level: 0.6 },
  ];
  expect(new Set(looks.map(signature)).size).toBe(looks.length);
});

test('a bar fills with its level and a gate shuts when active', () => {
  expect(imageOf(kind, { ...look, level: 1 })).toBe('bar-5');
  expect(imageOf(kind, { ...look, level: 0 })).toBe('bar-0');
  expect(imageOf({ ...kind, symbol: 'gate' }, { ...look, active: true })).toBe('gate-shut');
});
