import { describe, expect, it } from 'vitest';
import { probeDevice, T0, timeline } from './test-timeline.ts';

const HIGH = 'id: high, stage: caution, field: level, when: level > 10.0, for: 15s';

describe('a condition that must hold for a while', () => {
  it('raises by the clock, between two readings', () => {
    const { say, tick, happened } = timeline([HIGH]);
    say(0, { level: 11 });
    say(10, { level: 12 });
    tick(14.9);
    expect(happened()).toEqual([]);
    tick(15);
    expect(happened()).toEqual(['raised caution at 15, 12']);
    tick(100);
    say(20, { level: 13 });
    expect(happened()).toEqual([]);
  });

  it('begins anew when it was broken off', () => {
    const { say, tick, happened } = timeline([HIGH]);
    say(0, { level: 11 });
    say(10, { level: 9 });
    say(20, { level: 11 });
    say(30, { level: 11 });
    expect(happened()).toEqual([]);
    tick(35);
    expect(happened()).toEqual(['raised caution at 35, 11']);
  });

  it('raises at once where no while is asked for', () => {
    const { say, happened } = timeline(['id: now, stage: serious, field: open, when: open']);
    say(0, { open: false });
    say(10, { open: true });
    say(20, { open: false });
    expect(happened()).toEqual(['raised serious at 10, true', 'cleared serious at 20, false']);
  });

  it('waits until every field it names is known, and keeps their last values', () => {
    const { say, happened } = timeline(['id: two, stage: alert, when: "level > 10.0 && power < 5.0"']);
    say(0, { level: 50 });
    say(5, { mode: 'on' });
    expect(happened()).toEqual([]);
    say(10, { power: 1 });
    say(20, { power: 9 });
    expect(happened()).toEqual(['raised alert at 10', 'cleared alert at 20']);
  });
});

describe('clearing', () => {
  it('waits for clearFor', () => {
    const { say, tick, happened } = timeline([
      `id: high, stage: caution, field: level, when: level > 10.0, clearFor: 15s`,
    ]);
    say(0, { level: 11 });
    say(10, { level: 9 });
    say(20, { level: 11 });
    say(30, { level: 9 });
    expect(happened()).toEqual(['raised caution at 0, 11']);
    tick(44);
    expect(happened()).toEqual([]);
    tick(45);
    expect(happened()).toEqual(['cleared caution at 45, 9']);
  });

  it('goes by its own condition where there is one', () => {
    const { say, happened } = timeline([
      'id: high, stage: caution, field: level, when: level > 10.0, clear: level < 5.0',
    ]);
    for (const [at, level] of [11, 7, 11, 6, 4.9, 7, 10.1].entries()) say(at * 10, { level });
    expect(happened()).toEqual(['raised caution at 0, 11', 'cleared caution at 40, 4.9', 'raised caution at 60, 10.1']);
  });
});

describe('a ladder', () => {
  const LADDER = 'id: river, field: level, ladder: { deadband: 1, limits: { attention: 2, alert: 5, serious: 8 } }';

  it('goes up and down its rungs, down only when back by the deadband', () => {
    const { say, happened } = timeline([LADDER]);
    for (const [at, level] of [1.9, 2, 6, 9, 7.5, 7, 6.9, 3.9, 1.5, 0.9].entries()) say(at * 10, { level });
    expect(happened()).toEqual([
      'raised attention at 10, 2',
      'escalated alert at 20, 6',
      'escalated serious at 30, 9',
      'de-escalated alert at 60, 6.9',
      'de-escalated attention at 70, 3.9',
      'cleared attention at 90, 0.9',
    ]);
  });

  it('starts where the value stands and falls past rungs at once', () => {
    const { say, transitions } = timeline([LADDER]);
    say(0, { level: 9 });
    say(10, { level: 0 });
    expect(transitions()).toMatchObject([
      { transition: 'raised', stage: 'serious', limit: 8, raisedAt: T0, at: T0 },
      { transition: 'cleared', stage: 'serious', limit: 8, raisedAt: T0, at: T0 + 10_000 },
    ]);
  });

  it('gives each stage its own while', () => {
    const { say, tick, happened } = timeline([`${LADDER}, for: 15s, clearFor: 15s`]);
    say(0, { level: 3 });
    say(10, { level: 6 });
    tick(20);
    expect(happened()).toEqual(['raised attention at 15, 6']);
    say(20, { level: 6 });
    tick(30);
    expect(happened()).toEqual(['escalated alert at 25, 6']);
    say(30, { level: 0 });
    say(40, { level: 3 });
    tick(45);
    expect(happened()).toEqual(['de-escalated attention at 45, 3']);
  });

  it('falls as well as rises', () => {
    const falling = 'ladder: { direction: falling, deadband: 0.2, limits: { attention: 11.8, caution: 11.2 } }';
    const { say, happened } = timeline([`id: battery, field: level, ${falling}`]);
    for (const [at, level] of [12, 11.8, 11, 11.3, 11.5, 11.9, 12.1].entries()) say(at * 10, { level });
    expect(happened()).toEqual([
      'raised attention at 10, 11.8',
      'escalated caution at 20, 11',
      'de-escalated attention at 40, 11.5',
      'cleared attention at 60, 12.1',
    ]);
  });

  it('takes its limits from the registry, and is not judged where they are missing', () => {
    const rule = 'id: own, field: level, ladder: { deadband: 0, limits: { alert: device.alertM } }';
    const devices = [probeDevice('g-1', { attributes: { alertM: 3 } }), probeDevice('g-2')];
    const { say, transitions } = timeline([rule], devices);
    say(0, { level: 3 });
    say(0, { level: 50 }, { device: 'g-2' });
    expect(transitions()).toMatchObject([{ device: 'g-1', district: 'mapo', stage: 'alert', limit: 3, value: 3 }]);
  });
});

describe('what goes wrong', () => {
  it('loses no alert though the limit beside it cannot be told', () => {
    const { say, transitions } = timeline([
      'id: high, stage: caution, field: level, when: level > 10.0, limit: device.none',
    ]);
    say(0, { level: 11 });
    say(10, { level: 1 });
    expect(transitions()).toMatchObject([
      { transition: 'raised', value: 11, limit: null },
      { transition: 'cleared', value: 1, limit: null },
    ]);
  });

  it('goes on though a rule that was under way can no longer be judged', () => {
    const { engine, say, tick, happened } = timeline(
      ['id: own, stage: alert, field: level, when: level > device.limit, for: 15s'],
      [probeDevice('g-1', { attributes: { limit: 5 } })],
    );
    say(0, { level: 9 });
    engine.setDevice(probeDevice('g-1', { attributes: {} }));
    tick(100);
    expect(happened()).toEqual([]);
    engine.setDevice(probeDevice('g-1', { attributes: { limit: 5 } }));
    say(110, { level: 9 });
    say(120, { level: 9 });
    say(130, { level: 9 });
    expect(happened()).toEqual(['raised alert at 125, 9']);
  });

  it('knows when to stop looking, whatever the interval', () => {
    for (let i = 1; i <= 300; i++) {
      const devices = [probeDevice('g-1', { intervalS: i / 7 })];
      const { say, tick, happened } = timeline(['id: silent, stage: alert, absent: { intervals: 1.3 }'], devices);
      say(0, { level: 1 });
      tick(1000);
      expect(happened()).toHaveLength(1);
    }
  });

  it('stops no other rule and no other device', () => {
    const broken = 'id: broken, stage: alert, when: level > device.none';
    const { say, transitions } = timeline([broken, 'id: high, stage: caution, when: level > 10.0']);
    say(0, { level: 11 });
    say(0, { level: 11 }, { device: 'nobody' });
    expect(transitions().map(({ rule }) => rule)).toEqual(['high']);
  });
});

describe('readings of one moment', () => {
  it('that contradict each other raise and clear an alert each time, and no two at one time', () => {
    const { say, transitions } = timeline(['id: door, stage: alert, field: open, when: open']);
    for (const open of [true, false, true, false, true]) say(7, { open });
    const all = transitions();
    expect(all.map(({ transition }) => transition)).toEqual(['raised', 'cleared', 'raised', 'cleared', 'raised']);
    expect(new Set(all.map(({ at }) => at)).size).toBe(5);
    expect(new Set(all.map(({ raisedAt }) => raisedAt)).size).toBe(3);
  });
});

describe('the registry', () => {
  it('may change a device without losing where its rules stand', () => {
    const { engine, say, tick, happened } = timeline([HIGH]);
    say(0, { level: 11 });
    say(10, { level: 11 });
    engine.setDevice(probeDevice('g-1', { name: 'renamed', district: 'jongno' }));
    tick(15);
    say(20, { level: 1 });
    expect(happened()).toEqual(['raised caution at 15, 11', 'cleared caution at 20, 1']);
  });

  it('may say that devices are there or not without any rule', () => {
    const { engine, say } = timeline([]);
    engine.process({ receivedAt: T0, kind: 'message', readings: [], status: { device: 'g-1', online: false } });
    expect(engine.twin('g-1')?.online).toBe(false);
    say(1, { level: 1 });
    expect([...engine.takeChanged()]).toEqual(['g-1']);
    expect([...engine.takeChanged()]).toEqual([]);
  });
});
