/** Silence, late readings and gaps, as timelines. */
import { describe, expect, it } from 'vitest';
import { probeDevice, T0, timeline } from './test-timeline.ts';

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

  it('ends with whatever the device says, be it what it kept while it was away', () => {
    const { say, tick, happened } = timeline([SILENT]);
    say(0, { level: 1 });
    tick(2000);
    say(10, { level: 2 }, { delayS: 1990 });
    expect(happened()).toEqual(['raised attention at 40, 40', 'cleared attention at 2000, 0']);
  });

  it('is none while a device speaks whose clock was set back', () => {
    const { say, tick, happened } = timeline([SILENT]);
    say(250, { level: 1 }, { delayS: -250 });
    for (let at = 10; at < 200; at += 10) say(at, { level: 2 });
    tick(220);
    expect(happened()).toEqual([]);
    tick(230);
    expect(happened()).toEqual(['raised attention at 230, 40']);
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
    const { say, tick, happened } = timeline(['id: high, stage: caution, field: level, when: level > 10.0, for: 15s']);
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
    expect(cleared?.at).toBe(T0 + 20_001);
  });
});

describe('a clock that runs ahead', () => {
  const HIGH = 'id: high, stage: caution, field: level, when: level > 10.0, for: 15s';

  it('and is set right holds up neither an alert nor its end', () => {
    const { say, tick, happened, engine } = timeline([HIGH]);
    say(300, { level: 1 }, { delayS: -300 });
    say(10, { level: 11 });
    say(20, { level: 12 });
    tick(25);
    expect(happened()).toEqual(['raised caution at 25, 12']);
    say(30, { level: 2 });
    expect(happened()).toEqual(['cleared caution at 30, 2']);
    expect(engine.twin('g-1')?.values).toEqual({ level: 2 });
  });

  it('raises nothing in the future, and a duration lasts as long as it did', () => {
    const { say, tick, happened } = timeline([HIGH]);
    say(180, { level: 11 }, { delayS: -180 });
    // Set right in the middle of it.
    say(10, { level: 11 });
    tick(14);
    expect(happened()).toEqual([]);
    tick(15);
    expect(happened()).toEqual(['raised caution at 15, 11']);
  });

  it('takes back nothing by what it said earlier and what comes later', () => {
    const { say, happened } = timeline(['id: high, stage: caution, field: level, when: level > 10.0']);
    say(200, { level: 11 }, { delayS: -180 });
    say(190, { level: 1 }, { delayS: -169 });
    expect(happened()).toEqual(['raised caution at 20, 11']);
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
