import { describe, expect, it } from 'vitest';
import type { AlertResource, WsDelta, WsSnapshot } from '../contract.ts';
import { applyDelta, applySnapshot, dropOldClosed, OPEN_KEPT_MAX, putAlert } from './delta-reducer.ts';

const alert = (over: Partial<AlertResource> = {}): AlertResource => ({
  id: 'a1',
  rule: 'r',
  domain: 'd',
  device: 'x',
  district: 'q',
  stage: 'alert',
  peakStage: 'alert',
  field: 'f',
  value: 1,
  limit: 2,
  raisedAt: 1000,
  changedAt: 1000,
  acknowledgedAt: null,
  acknowledgedBy: null,
  clearedAt: null,
  changeSeq: 5,
  ...over,
});
const snapshot = (): WsSnapshot => ({
  type: 'snapshot',
  epoch: 'e',
  seq: 10,
  now: 0,
  speed: 1,
  devices: [{ id: 'x', ts: 100, receivedAt: 110, values: { a: 1, b: 'on' } }],
  alerts: [alert()],
});
const delta = (over: Partial<WsDelta> = {}): WsDelta => ({
  type: 'delta',
  epoch: 'e',
  seq: 11,
  now: 0,
  speed: 1,
  devices: [],
  alerts: [],
  ...over,
});

describe('the live data', () => {
  it('merges the values that came over the ones that are shown, each with its own time', () => {
    const data = applySnapshot(snapshot());
    const applied = applyDelta(data, delta({ devices: [{ id: 'x', ts: 200, receivedAt: 210, values: { a: 2 } }] }));
    expect(applied).toMatchObject({ result: 'applied', devices: ['x'] });
    expect(data.devices.get('x')).toEqual({
      id: 'x',
      ts: 200,
      receivedAt: 210,
      values: { a: 2, b: 'on' },
      at: { a: 200, b: 100 },
    });
  });

  it('makes a new object of a changed device and keeps the others as they are', () => {
    const data = applySnapshot({
      ...snapshot(),
      devices: [...snapshot().devices, { id: 'y', ts: null, receivedAt: null, values: {} }],
    });
    const [x, y] = [data.devices.get('x'), data.devices.get('y')];
    applyDelta(data, delta({ devices: [{ id: 'x', ts: 200, receivedAt: 210, values: { a: 2 } }] }));
    expect(data.devices.get('x')).not.toBe(x);
    expect(data.devices.get('y')).toBe(y);
  });

  it('says so when a number is missing, and changes nothing', () => {
    const data = applySnapshot(snapshot());
    expect(applyDelta(data, delta({ seq: 12, alerts: [alert({ changeSeq: 9, stage: 'serious' })] })).result).toBe(
      'gap',
    );
    expect(data.seq).toBe(10);
    expect(data.alerts.get('a1')?.stage).toBe('alert');
  });

  it('takes another epoch for a gap and a number it had for an old one', () => {
    const data = applySnapshot(snapshot());
    expect(applyDelta(data, delta({ epoch: 'other' })).result).toBe('gap');
    expect(applyDelta(data, delta({ seq: 10 })).result).toBe('old');
  });

  it('lets the later change of an alert win, whichever way it came', () => {
    const data = applySnapshot(snapshot());
    expect(putAlert(data, alert({ changeSeq: 7, acknowledgedAt: 5 }))).toBe(true);
    expect(putAlert(data, alert({ changeSeq: 6 }))).toBe(false);
    expect(data.alerts.get('a1')?.acknowledgedAt).toBe(5);
  });

  it('keeps only the newest of the closed alerts', () => {
    const data = applySnapshot({ ...snapshot(), alerts: [alert()] });
    for (let index = 0; index < 5; index++) {
      putAlert(data, alert({ id: `c${index}`, clearedAt: 1, acknowledgedAt: 1, changedAt: index }));
    }
    dropOldClosed(data, 2);
    expect([...data.alerts.keys()]).toEqual(['a1', 'c3', 'c4']);
  });

  it('holds the most pressing open alerts only, and says how many there are', () => {
    const data = applySnapshot({ ...snapshot(), openAlerts: 9000 });
    expect(data.openAlerts).toBe(9000);
    const many = Array.from({ length: OPEN_KEPT_MAX + 1000 }, (_, i) => alert({ id: `n${i}`, raisedAt: 2000 + i }));
    applyDelta(data, delta({ alerts: many, openAlerts: 15_000 }));
    expect([data.alerts.size, data.openAlerts]).toEqual([OPEN_KEPT_MAX, 15_000]);
    expect([data.alerts.has('a1'), data.alerts.has(many.at(-1)?.id ?? '')]).toEqual([false, true]);
    applyDelta(data, delta({ seq: 12 }));
    expect(data.openAlerts).toBe(15_000);
  });
});
