import type { City } from '../city/city-context.ts';
import type { AlertResource, DeviceResource, Kind } from '../contract.ts';
import { alertState, stageRank } from '../core.ts';
import type { DeviceLive } from '../live/delta-reducer.ts';
import { type Presence, presence } from '../live/presence.ts';
import { isActive, topLimit } from '../overview/figures.ts';

/** How many steps a bar fills in, and a lamp's brightness is told apart in. */
export const BAR_STEPS = 5;
const LIT_STEPS = 10;

/** All that decides how a device is drawn. */
export interface Look {
  /** 0 nothing wrong, 1 to 4 the worst stage that stands. */
  rank: number;
  waiting: boolean;
  seen: Presence;
  active: boolean;
  /** 0 to 1: how far its level fills its symbol. */
  level: number;
}

export interface Trouble {
  rank: number;
  waiting: boolean;
}

/** The worst alert that still stands at each device; one that has cleared is for the list, not for the map. */
export function troublesOf(alerts: readonly AlertResource[]): Map<string, Trouble> {
  const troubles = new Map<string, Trouble>();
  for (const alert of alerts) {
    const state = alertState(alert);
    if (state !== 'unacknowledged' && state !== 'acknowledged') continue;
    const known = troubles.get(alert.device);
    const waiting = state === 'unacknowledged';
    troubles.set(alert.device, {
      rank: Math.max(stageRank(alert.stage), known?.rank ?? 0),
      waiting: waiting || (known?.waiting ?? false),
    });
  }
  return troubles;
}

/** The level's share of the highest limit it is held against, or of its range where no rule holds it. */
function levelOf(device: DeviceResource, kind: Kind, city: Pick<City, 'field'>, live: DeviceLive | undefined): number {
  if (kind.level === null) return 1;
  const value = live?.values[kind.level];
  if (typeof value !== 'number') return 0;
  const field = city.field(device.domain, kind.level);
  const least = field?.min ?? 0;
  const most = topLimit(device.limits, kind.level) ?? field?.max ?? 100;
  return most <= least ? 0 : Math.min(1, Math.max(0, (value - least) / (most - least)));
}

export function lookOf(
  device: DeviceResource,
  kind: Kind,
  city: Pick<City, 'field'>,
  live: DeviceLive | undefined,
  trouble: Trouble | undefined,
  now: number,
): Look {
  return {
    rank: trouble?.rank ?? 0,
    waiting: trouble?.waiting ?? false,
    seen: presence(live?.ts, device.intervalS, now),
    active: isActive(kind, live?.values),
    level: Math.round(levelOf(device, kind, city, live) * LIT_STEPS) / LIT_STEPS,
  };
}

/** Equal signatures are drawn alike. */
export function signature({ rank, waiting, seen, active, level }: Look): string {
  return `${rank}${waiting ? 'w' : ''}${seen.slice(0, 2)}${active ? 'a' : ''}${level}`;
}

/** The picture for what is no dot. */
export function imageOf(kind: Kind, look: Look): string {
  if (kind.symbol === 'bar') return `bar-${Math.round(look.level * BAR_STEPS)}`;
  if (kind.symbol === 'gate') return look.active ? 'gate-shut' : 'gate-open';
  if (kind.symbol === 'arrow') return look.active || kind.active === null ? 'arrow' : 'arrow-still';
  return 'square';
}
