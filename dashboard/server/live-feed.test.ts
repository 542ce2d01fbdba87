import { type Alert, VirtualClock } from '@haechi/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LiveState, WsDelta, WsServerMessage } from './contract.ts';
import { wsServerMessage } from './contract.ts';
import { LiveFeed, type ResumePoint } from './live-feed.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function startFeed(devices: LiveState[] = [], alerts: Alert[] = []): LiveFeed {
  const feed = new LiveFeed({ clock: new VirtualClock(5000), speed: () => 1 });
  feed.start(devices, alerts);
  return feed;
}

/** A screen: what it was sent, each message as the contract has it. */
function screen(feed: LiveFeed, resume?: ResumePoint) {
  const got: WsServerMessage[] = [];
  const leave = feed.join((text) => got.push(wsServerMessage.parse(JSON.parse(text))), resume);
  return { got, leave, deltas: () => got.filter((message): message is WsDelta => message.type === 'delta') };
}

const pass = () => vi.advanceTimersByTime(200);

function lamp(id: string, ts: number, values: LiveState['values']): LiveState {
  return { id, ts, receivedAt: ts + 1, values };
}

function alert(changeSeq: number, more: Partial<Alert> = {}): Alert {
  const what = { rule: 'r', domain: 'flood', device: 'd', district: 'mapo', field: null, value: null, limit: null };
  const times = { raisedAt: 1, changedAt: changeSeq, acknowledgedAt: null, acknowledgedBy: null, clearedAt: null };
  return { id: 'a-1', ...what, stage: 'alert', peakStage: 'alert', ...times, changeSeq, ...more };
}

describe('a screen', () => {
  it('gets the whole city first, and then every change, numbered without gaps', () => {
    const feed = startFeed([lamp('l-1', 10, { power: 5 })], [alert(1)]);
    feed.setDevices([lamp('l-2', 20, { power: 6 })]);
    pass();
    const { got } = screen(feed);
    expect(got).toEqual([
      {
        type: 'snapshot',
        epoch: feed.epoch,
        seq: 1,
        now: 5000,
        speed: 1,
        devices: [lamp('l-1', 10, { power: 5 }), lamp('l-2', 20, { power: 6 })],
        alerts: [alert(1)],
        openAlerts: 1,
      },
    ]);
    for (let i = 0; i < 5; i++) {
      feed.setDevices([lamp('l-1', 30 + i, { power: i })]);
      pass();
    }
    expect(got.slice(1).map(({ type, seq }) => [type, seq])).toEqual([2, 3, 4, 5, 6].map((seq) => ['delta', seq]));
  });

  it('that comes between two deltas misses nothing and gets nothing twice', () => {
    const feed = startFeed();
    const first = screen(feed);
    feed.setDevices([lamp('l-1', 10, { power: 1 })]);
    const second = screen(feed);
    expect(first.deltas()).toHaveLength(1);
    expect(second.got).toMatchObject([{ type: 'snapshot', seq: 1, devices: [{ id: 'l-1' }] }]);
    pass();
    expect(first.got.at(-1)?.seq).toBe(1);
    expect(second.deltas()).toEqual([]);
  });

  it('hears a beat each second when nothing happens, and none when something does', () => {
    const feed = startFeed();
    const { got } = screen(feed);
    vi.advanceTimersByTime(3000);
    expect(got.slice(1).map(({ type, seq }) => [type, seq])).toEqual([
      ['beat', 0],
      ['beat', 0],
      ['beat', 0],
    ]);
    got.length = 0;
    for (let i = 0; i < 10; i++) {
      feed.setDevices([lamp('l-1', i, {})]);
      pass();
    }
    expect(new Set(got.map(({ type }) => type))).toEqual(new Set(['delta']));
  });

  it('that has left hears no more', () => {
    const feed = startFeed();
    const { got, leave } = screen(feed);
    leave();
    feed.setDevices([lamp('l-1', 1, {})]);
    pass();
    expect(got).toHaveLength(1);
  });

  it('is told that the registry changed, once', () => {
    const feed = startFeed();
    const { deltas } = screen(feed);
    feed.registryChanged();
    feed.registryChanged();
    pass();
    feed.setDevices([lamp('l-1', 1, {})]);
    pass();
    expect(deltas().map(({ registry }) => registry)).toEqual([true, undefined]);
  });
});

describe('a screen that comes back', () => {
  function someDeltas(count: number) {
    const feed = startFeed();
    const watching = screen(feed);
    for (let i = 1; i <= count; i++) {
      feed.setDevices([lamp('l-1', i, { power: i })]);
      pass();
    }
    return { feed, all: watching.deltas() };
  }

  it('gets exactly what it missed', () => {
    const { feed, all } = someDeltas(10);
    for (let seq = 0; seq < 10; seq++) {
      expect(screen(feed, { epoch: feed.epoch, seq }).got).toEqual(all.slice(seq));
    }
  });

  it('that missed nothing gets a beat, and goes on', () => {
    const { feed } = someDeltas(3);
    const { got } = screen(feed, { epoch: feed.epoch, seq: 3 });
    feed.setDevices([lamp('l-1', 9, {})]);
    pass();
    expect(got.map(({ type, seq }) => [type, seq])).toEqual([
      ['beat', 3],
      ['delta', 4],
    ]);
  });

  it.each([
    ['from another run of the platform', { epoch: 'another', seq: 2 }],
    ['from the future', { seq: 99 }],
  ])('%s gets the whole', (_, resume) => {
    const { feed } = someDeltas(3);
    expect(screen(feed, { epoch: feed.epoch, ...resume }).got).toMatchObject([{ type: 'snapshot', seq: 3 }]);
  });

  it('after longer than is kept gets the whole', () => {
    const { feed } = someDeltas(1600);
    const { epoch } = feed;
    expect(screen(feed, { epoch, seq: 50 }).got).toMatchObject([{ type: 'snapshot', seq: 1600 }]);
    expect(screen(feed, { epoch, seq: 99 }).got).toMatchObject([{ type: 'snapshot', seq: 1600 }]);
    expect(screen(feed, { epoch, seq: 100 }).got).toHaveLength(1500);
  });
});

describe('changes between two deltas', () => {
  it('of one device are merged field by field', () => {
    const feed = startFeed([lamp('l-1', 1, { voltage: 220 })]);
    const { deltas } = screen(feed);
    feed.setDevices([lamp('l-1', 10, { power: 1, level: 3 })]);
    feed.setDevices([lamp('l-1', 20, { power: 2 }), lamp('l-2', 20, { power: 7 })]);
    pass();
    expect(deltas()).toMatchObject([
      { devices: [lamp('l-1', 20, { power: 2, level: 3 }), lamp('l-2', 20, { power: 7 })] },
    ]);
    expect(deltas()[0]?.devices[0]?.values).toEqual({ power: 2, level: 3 });
    expect(feed.device('l-1').values).toEqual({ voltage: 220, power: 2, level: 3 });
    expect(feed.device('nobody')).toEqual({ id: 'nobody', ts: null, receivedAt: null, values: {} });
  });

  it('of one alert are its last state; an older word on it is dropped', () => {
    const feed = startFeed([], [alert(3)]);
    const { deltas } = screen(feed);
    feed.setAlerts([alert(2, { stage: 'caution' })]);
    pass();
    expect(deltas()).toEqual([]);
    feed.setAlerts([alert(5, { stage: 'serious' })]);
    feed.setAlerts([alert(4)]);
    pass();
    expect(deltas()).toMatchObject([{ alerts: [{ changeSeq: 5, stage: 'serious' }] }]);
  });
});

describe('an alert that is cleared and seen', () => {
  const closed = alert(7, { acknowledgedAt: 6, acknowledgedBy: 'kim', clearedAt: 5 });

  it('is told once more and is gone from the whole', () => {
    const feed = startFeed([], [alert(3)]);
    const { deltas } = screen(feed);
    feed.setAlerts([closed]);
    pass();
    expect(deltas()).toMatchObject([{ alerts: [closed] }]);
    expect(feed.openAlerts()).toEqual([]);
    expect(screen(feed).got).toMatchObject([{ type: 'snapshot', alerts: [] }]);
  });

  it('does not come back with an older word that was long on its way', () => {
    const feed = startFeed([], [alert(3)]);
    const { deltas } = screen(feed);
    feed.setAlerts([closed]);
    pass();
    feed.setAlerts([alert(6, { clearedAt: 5 })]);
    pass();
    expect(feed.openAlerts()).toEqual([]);
    expect(deltas()).toHaveLength(1);
  });
});

describe('more open alerts than anybody can look at', () => {
  const open = (index: number) => alert(index, { id: `a-${index}`, raisedAt: index });
  const all = Array.from({ length: 60_000 }, (_, index) => open(index + 1));
  /** The book's pages, newest first. */
  const pages = async (before: Alert | undefined) => {
    const end = before ? before.raisedAt - 1 : all.length;
    return all.slice(Math.max(0, end - 5000), end).reverse();
  };

  it('leave the snapshot small; how many there are is told with it and with each change', () => {
    const feed = startFeed();
    const { deltas } = screen(feed);
    feed.setAlerts(all);
    pass();
    const texts: string[] = [];
    feed.join((text) => texts.push(text));
    expect(texts[0]?.length).toBeLessThan(4 * 1024 * 1024);
    expect(JSON.parse(texts[0] ?? '')).toMatchObject({ type: 'snapshot', openAlerts: 60_000 });
    expect(JSON.parse(texts[0] ?? '').alerts).toHaveLength(5000);
    feed.setAlerts([alert(70_000, { id: 'a-1', clearedAt: 5, acknowledgedAt: 6 })]);
    feed.setDevices([lamp('l-1', 1, {})]);
    pass();
    feed.setDevices([lamp('l-1', 2, {})]);
    pass();
    expect(deltas().map(({ openAlerts }) => openAlerts)).toEqual([60_000, 59_999, undefined]);
  });

  it('are read from the book, and come up as those that are shown are handled', async () => {
    const feed = startFeed();
    await feed.fillAlerts(pages);
    const { got, deltas } = screen(feed);
    expect(got[0]).toMatchObject({ openAlerts: 60_000 });
    feed.setAlerts(
      feed
        .openAlerts()
        .slice(0, 3000)
        .map(({ id, changeSeq }) => alert(changeSeq + 100_000, { id, clearedAt: 5, acknowledgedAt: 6 })),
    );
    await vi.advanceTimersByTimeAsync(11_000);
    expect(feed.openAlerts()).toHaveLength(5000);
    expect(deltas().map(({ openAlerts, alerts }) => [openAlerts, alerts.length])).toEqual([
      [57_000, 3000],
      [57_000, 3000],
    ]);
  });

  it('that cannot be read stay counted, and are read later; that the book no longer has are forgotten', async () => {
    const feed = startFeed();
    let broken = false;
    let book: typeof pages = pages;
    await feed.fillAlerts(async (before) => (broken ? undefined : await book(before)));
    broken = true;
    const handled = (seq: number) =>
      feed.openAlerts().map(({ id }) => alert(seq, { id, clearedAt: 5, acknowledgedAt: 6 }));
    feed.setAlerts(handled(100_000));
    const { deltas } = screen(feed);
    await vi.advanceTimersByTimeAsync(11_000);
    expect(feed.openAlerts()).toEqual([]);
    broken = false;
    await vi.advanceTimersByTimeAsync(11_000);
    expect(deltas().at(-1)).toMatchObject({ openAlerts: 55_000, alerts: { length: 5000 } });
    book = async () => [];
    feed.setAlerts(handled(200_000));
    await vi.advanceTimersByTimeAsync(11_000);
    expect(screen(feed).got[0]).toMatchObject({ openAlerts: 0 });
  });

  it('do not keep a screen from coming back: beyond what a socket takes it gets the whole', () => {
    const feed = startFeed();
    feed.setAlerts(all.slice(0, 20_000));
    pass();
    feed.setAlerts(all.slice(20_000, 40_000));
    pass();
    expect(screen(feed, { epoch: feed.epoch, seq: 0 }).got).toMatchObject([{ type: 'snapshot', seq: 2 }]);
    expect(screen(feed, { epoch: feed.epoch, seq: 1 }).got).toMatchObject([{ type: 'delta', seq: 2 }]);
  });
});
