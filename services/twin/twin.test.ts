/** Which reading is a device's present state, whatever its clock does. */
import type { Reading } from '@haechi/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyReading, newTwin, type TwinState } from './twin.ts';

const T0 = Date.parse('2026-11-24T00:00:00Z');

/** Measured at `tsS` by the device's clock, heard at `atS` by ours. */
function hear(twin: TwinState, tsS: number, atS: number, level = atS) {
  const reading: Reading = {
    device: 'g-1',
    domain: 'probe',
    ts: T0 + tsS * 1000,
    receivedAt: T0 + atS * 1000,
    values: { level },
  };
  return applyReading(twin, reading);
}

const seconds = (time: number) => (time - T0) / 1000;

describe('a clock that runs ahead', () => {
  it('never puts the present into the future', () => {
    const twin = newTwin();
    for (const at of [0, 10, 20]) {
      expect(hear(twin, at + 180, at)).toBe('current');
      expect(seconds(twin.ts)).toBe(at);
    }
  });

  it('stops nothing once it has been set right', () => {
    const twin = newTwin();
    hear(twin, 300, 0);
    expect(hear(twin, 10, 10)).toBe('current');
    expect(hear(twin, 19, 20)).toBe('current');
    expect(seconds(twin.ts)).toBe(19);
    expect(twin.values).toEqual({ level: 20 });
  });

  it('still orders what it says itself', () => {
    const twin = newTwin();
    hear(twin, 190, 10);
    hear(twin, 200, 20);
    expect(hear(twin, 190, 21, 10)).toBe('late');
    expect(hear(twin, 200, 22, 20)).toBe('repeated');
    expect(hear(twin, 100, 23)).toBe('late');
    expect(twin.values).toEqual({ level: 20 });
  });

  it('orders readings that it kept and sends at once', () => {
    const twin = newTwin();
    expect([150, 170, 160].map((ts) => hear(twin, ts, 0, ts))).toEqual(['current', 'current', 'late']);
    expect(twin.values).toEqual({ level: 170 });
    expect(seconds(twin.ts)).toBe(0);
  });

  it('by a few seconds keeps the order of its readings, which come in another', () => {
    const twin = newTwin();
    hear(twin, 13, 10);
    hear(twin, 14, 11);
    expect(hear(twin, 12, 11.5)).toBe('late');
  });

  it('goes on from what an older version kept', () => {
    const { deviceTs: _, ...kept } = { ...newTwin(), ts: T0 + 10_000, receivedAt: T0 + 10_000, values: { level: 1 } };
    const twin = { ...newTwin(), ...kept };
    expect(hear(twin, 5, 11)).toBe('late');
    expect(hear(twin, 10, 12, 1)).toBe('repeated');
    expect(hear(twin, 12, 12)).toBe('current');
  });
});

it('the present never runs back, is never later than it was heard, and catches up with the truth within some seconds', () => {
  const heard = fc.record({ waitS: fc.nat(60), aheadS: fc.integer({ min: -600, max: 300 }) });
  fc.assert(
    fc.property(fc.array(heard, { maxLength: 40 }), (all) => {
      const twin = newTwin();
      let at = 1000;
      for (const { waitS, aheadS } of all) {
        at += waitS;
        const before = twin.ts;
        hear(twin, at + aheadS, at);
        expect(twin.ts).toBeGreaterThanOrEqual(before);
        expect(twin.ts).toBeLessThanOrEqual(twin.receivedAt);
      }
      for (let n = 0; n < 2; n++) {
        at += 11;
        hear(twin, at, at);
      }
      expect(seconds(twin.ts)).toBe(at);
    }),
  );
});
