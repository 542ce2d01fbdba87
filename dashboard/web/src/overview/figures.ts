import type { City } from '../city/city-context.ts';
import type { DeviceResource, Kind, LimitResource, Value } from '../contract.ts';
import { stageRank } from '../core.ts';
import type { DeviceLive } from '../live/delta-reducer.ts';
import { presence } from '../live/presence.ts';

/** What a kind of device comes to, over the whole city, by how it is drawn. */
export type Figure =
  | { what: 'on' | 'moving' | 'closed'; domain: string; kind: string; count: number; of: number }
  | {
      what: 'fullest';
      domain: string;
      kind: string;
      device: string;
      value: number;
      field: string;
      part: number | null;
    };

export interface Figures {
  reporting: number;
  total: number;
  kinds: Figure[];
}

export function isActive(kind: Kind | undefined, values: Readonly<Record<string, Value>> | undefined): boolean {
  const active = kind?.active;
  const value = active ? values?.[active.field] : undefined;
  if (!active || value === undefined) return false;
  if (active.is && typeof value !== 'number') return active.is.includes(value);
  return active.above !== null && typeof value === 'number' && value > active.above;
}

/** The limit of the highest stage that a rising level is held against. */
export function topLimit(limits: readonly LimitResource[], field: string): number | null {
  let top: LimitResource | null = null;
  for (const limit of limits) {
    if (limit.field !== field || limit.direction !== 'rising') continue;
    if (!top || stageRank(limit.stage) > stageRank(top.stage)) top = limit;
  }
  return top && top.value > 0 ? top.value : null;
}

interface Tally {
  kind: Kind;
  domain: string;
  active: number;
  reporting: number;
  fullest: { device: DeviceResource; value: number; part: number | null } | null;
}

function add(tally: Tally, device: DeviceResource, live: DeviceLive): void {
  tally.reporting += 1;
  if (isActive(tally.kind, live.values)) tally.active += 1;
  const { level } = tally.kind;
  const value = level === null ? undefined : live.values[level];
  if (level === null || typeof value !== 'number') return;
  const top = topLimit(device.limits, level);
  const part = top === null ? null : value / top;
  if (!tally.fullest || (part ?? value) > (tally.fullest.part ?? tally.fullest.value))
    tally.fullest = { device, value, part };
}

function figureOf({ kind, domain, active, reporting, fullest }: Tally): Figure | null {
  const counted = { domain, kind: kind.id, count: active, of: reporting };
  if (kind.symbol === 'bar') {
    if (!fullest || kind.level === null) return null;
    const { device, value, part } = fullest;
    return { what: 'fullest', domain, kind: kind.id, device: device.id, value, field: kind.level, part };
  }
  if (kind.active === null) return null;
  if (kind.symbol === 'dot') return { what: 'on', ...counted };
  if (kind.symbol === 'arrow') return { what: 'moving', ...counted };
  if (kind.symbol === 'gate') return { what: 'closed', ...counted };
  return null;
}

/**
 * One figure a system for what moves, over all its kinds, and one for what is fullest: the strip must be read at a
 * glance, and who asks how many are out, or how near the worst is, does not ask of which make.
 */
function oneOfEach(figures: readonly Figure[]): Figure[] {
  const merged: Figure[] = [];
  for (const figure of figures) {
    const index = merged.findIndex(({ what, domain }) => what === figure.what && domain === figure.domain);
    const known = merged[index];
    if (figure.what === 'moving' && known?.what === 'moving') {
      merged[index] = { ...known, count: known.count + figure.count, of: known.of + figure.of };
    } else if (figure.what === 'fullest' && known?.what === 'fullest') {
      if ((figure.part ?? 0) > (known.part ?? 0)) merged[index] = figure;
    } else {
      merged.push(figure);
    }
  }
  return merged;
}

export function figuresOf(
  { devices, domains }: Pick<City, 'devices' | 'domains'>,
  live: ReadonlyMap<string, DeviceLive>,
  now: number,
): Figures {
  const tallies = new Map<string, Tally>();
  for (const { id, kinds } of domains) {
    for (const kind of kinds) {
      tallies.set(`${id}/${kind.id}`, { kind, domain: id, active: 0, reporting: 0, fullest: null });
    }
  }
  let reporting = 0;
  for (const device of devices) {
    const state = live.get(device.id);
    const seen = presence(state?.ts, device.intervalS, now);
    if (!state || seen === 'lost' || seen === 'silent') continue;
    reporting += 1;
    const tally = tallies.get(`${device.domain}/${device.kind}`);
    if (tally) add(tally, device, state);
  }
  const kinds = [...tallies.values()].map(figureOf).filter((figure) => figure !== null);
  return { reporting, total: devices.length, kinds: oneOfEach(kinds) };
}
