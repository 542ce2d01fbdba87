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
    const { say, tick, happened } = timeline([`id: high, stage: caution, field: level, when: level > 10.0, clearFor: 15s`]);
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
    const { say, happened } = timeline(['id: high, stage: caution, field: level, when: level > 10.0, clear: level < 5.0']);
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

describe('silence', () => {
  const SILENT = 'id: silent, stage: attention, absent: { intervals: 4 }';

  it('raises by the clock after so many intervals, and any reading clears it', () => {
    const { say, tick, happened } = timeline([SILENT]);
    tick(1000);
    say(1000, { level: 1 });
    say(1010, { level: 1.5 });
    tick(1049);
    expect(happened()).toEqual([]);
    tick(1050);
    expect(happened()).toEqual(['raised attention at 1050, 40']);
    tick(5000);
    say(6000, { power: 3 });
    expect(happened()).toEqual(['cleared attention at 6000, 0']);
  });

  it('counts by each device’s own interval', () => {
    const { say, tick, transitions } = timeline([SILENT], [probeDevice(), probeDevice('g-2', { intervalS: 60 })]);
    say(0, { level: 1 });
    say(0, { level: 1 }, { device: 'g-2' });
    tick(239);
    expect(transitions().map(({ device }) => device)).toEqual(['g-1']);
    tick(240);
    expect(transitions().map(({ device }) => device)).toEqual(['g-2']);
  });

  it('is none while the platform was away', () => {
    const { say, start, tick, happened } = timeline([SILENT]);
    say(0, { level: 1 });
    start(500);
    tick(539);
    expect(happened()).toEqual([]);
    tick(540);
    expect(happened()).toEqual(['raised attention at 540, 40']);
  });

  it('stands through a restart of the platform until the device speaks', () => {
    const { say, start, tick, happened } = timeline([SILENT]);
    say(0, { level: 1 });
    tick(40);
    start(50);
    tick(500);
    expect(happened()).toEqual(['raised attention at 40, 40']);
    say(510, { level: 1 });
    expect(happened()).toEqual(['cleared attention at 510, 0']);
  });

  it('is none while readings come late but come', () => {
    const { say, tick, happened } = timeline([SILENT]);
    for (let at = 0; at < 200; at += 10) say(at, { level: at / 10 }, { delayS: 300 });
    tick(490);
    expect(happened()).toEqual([]);
  });
});

describe('what belongs to history', () => {
  it('raises nothing and takes nothing back', () => {
    const { say, engine, happened } = timeline(['id: high, stage: caution, field: level, when: level > 10.0']);
    say(100, { level: 5 });
    say(90, { level: 50 }, { delayS: 15 });
    expect(happened()).toEqual([]);
    say(110, { level: 11 });
    say(105, { level: 1 }, { delayS: 10 });
    expect(happened()).toEqual(['raised caution at 110, 11']);
    expect(engine.twin('g-1')?.values).toEqual({ level: 11 });
  });

  it('changes nothing when it says again what is known', () => {
    const { say, engine, happened } = timeline(['id: high, stage: caution, field: level, when: level > 10.0']);
    say(0, { level: 11 });
    say(0, { level: 11 }, { delayS: 30 });
    expect(happened()).toEqual(['raised caution at 0, 11']);
    expect(engine.twin('g-1')?.receivedAt).toBe(T0);
  });

  it('raises nothing when it is newer than all before and still old', () => {
    const { say, tick, happened } = timeline([HIGH]);
    say(0, { level: 1 });
    for (const at of [10, 20, 30, 40]) say(at, { level: 50 }, { delayS: 1200 });
    tick(1290);
    expect(happened()).toEqual([]);
  });

  it('does not count towards a duration what was too old to be judged', () => {
    const { say, tick, happened } = timeline(['id: high, stage: caution, field: level, when: level > 10.0, for: 30s']);
    say(0, { level: 11 });
    // Cut off; then all that was kept comes at once, and the level had been low meanwhile.
    for (let at = 10; at < 600; at += 10) say(at, { level: 1 }, { delayS: 1200 - at });
    say(600, { level: 11 }, { delayS: 600 });
    say(610, { level: 11 }, { delayS: 590 });
    expect(happened()).toEqual([]);
    tick(1219);
    expect(happened()).toEqual([]);
    tick(1220);
    expect(happened()).toEqual(['raised caution at 630, 11']);
  });

  it('does not set the clock of an alert back', () => {
    const { say, tick, transitions } = timeline(['id: high, stage: caution, when: level > 10.0, for: 20s']);
    say(0, { level: 11 });
    tick(20);
    // Measured before the alert was raised, and heard after it.
    say(15, { level: 1 }, { delayS: 10 });
    const [raised, cleared] = transitions();
    expect(raised?.at).toBe(T0 + 20_000);
    expect(cleared?.at).toBe(T0 + 20_000);
  });
});

describe('a gap', () => {
  const LONG = 'id: high, stage: caution, field: level, when: level > 10.0, for: 30s';

  it('freezes a duration', () => {
    const { say, tick, happened } = timeline([LONG]);
    say(0, { level: 11 });
    tick(599);
    say(600, { level: 11 });
    // Of the 600 s the two intervals count that a value stands.
    expect(happened()).toEqual([]);
    tick(609);
    expect(happened()).toEqual([]);
    tick(610);
    expect(happened()).toEqual(['raised caution at 610, 11']);
  });

  it('freezes it too where another field is the first to come back', () => {
    const { say, tick, happened } = timeline([LONG]);
    say(0, { level: 11 });
    say(600, { power: 5 });
    say(601, { level: 11 });
    tick(609);
    expect(happened()).toEqual([]);
    tick(610);
    expect(happened()).toEqual(['raised caution at 610, 11']);
  });

  it('lets no timer rest on a value that is stale', () => {
    const { say, tick, happened } = timeline([LONG]);
    say(0, { level: 11 });
    tick(10_000);
    expect(happened()).toEqual([]);
  });
});

describe('what goes wrong', () => {
  it('loses no alert though the limit beside it cannot be told', () => {
    const { say, transitions } = timeline(['id: high, stage: caution, field: level, when: level > 10.0, limit: device.none']);
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
    engine.process({ receivedAt: T0, start: false, readings: [], status: { device: 'g-1', online: false } });
    expect(engine.twin('g-1')?.online).toBe(false);
    say(1, { level: 1 });
    expect([...engine.takeChanged()]).toEqual(['g-1']);
    expect([...engine.takeChanged()]).toEqual([]);
  });
});
