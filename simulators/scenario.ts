/**
 * What goes wrong in the demo city, and when: rows of data, each on devices picked from the seed and the round.
 */
import { COMMUNICATION_LOST, type Device, type Fault, randomFrom, seedOf } from '@haechi/core';
import { ROUND_MS } from './weather.ts';

interface Mishap {
  fault: string;
  /** Seconds into the round, and for how long. */
  fromS: number;
  forS: number;
  /** Which devices may be hit: by id where the place matters, else by kind. */
  of: { ids?: readonly string[]; domain?: string; kind?: string; underway?: boolean };
  count?: number;
}

const light = { domain: 'street-light', kind: 'light' };

const mishaps: readonly Mishap[] = [
  // A lamp fails at night, another burns by day: whichever it is when the demo begins, one shows within two minutes.
  { fault: 'lamp-failure', fromS: 0, forS: 2400, of: light, count: 2 },
  { fault: 'day-burner', fromS: 0, forS: 2400, of: light, count: 2 },
  { fault: 'pump-trip', fromS: 8, forS: 420, of: { ids: ['WTP-A-P1'] } },
  { fault: COMMUNICATION_LOST, fromS: 240, forS: 300, of: { ids: ['RN-4'] } },
  { fault: 'turbidity-excursion', fromS: 330, forS: 450, of: { ids: ['WTP-B-CFE'] } },
  { fault: 'overspeed', fromS: 390, forS: 75, of: { domain: 'fleet', kind: 'bus', underway: true } },
  { fault: 'barrier-stuck', fromS: 300, forS: 600, of: { ids: ['UP-2'] } },
  { fault: 'chlorine-loss', fromS: 600, forS: 480, of: { ids: ['TAP-namhang'] } },
  { fault: 'column-hit', fromS: 720, forS: 1500, of: light },
  { fault: 'breaker-tripped', fromS: 930, forS: 420, of: { domain: 'street-light', kind: 'cabinet' } },
  { fault: 'overheating', fromS: 1080, forS: 300, of: { domain: 'fleet', kind: 'refuse-truck', underway: true } },
  { fault: 'overfilling', fromS: 1320, forS: 900, of: { ids: ['RES-2'] } },
  { fault: 'door-open', fromS: 1800, forS: 240, of: { domain: 'street-light', kind: 'cabinet' } },
  // The quiet hours: something every half hour or so, one at a time.
  { fault: 'fault-code', fromS: 4200, forS: 900, of: { domain: 'fleet', kind: 'bus', underway: true } },
  { fault: 'lamp-failure', fromS: 5700, forS: 3600, of: light },
  { fault: 'filter-worn', fromS: 7200, forS: 900, of: { domain: 'water-treatment', kind: 'filter' } },
  { fault: 'door-contact', fromS: 8700, forS: 120, of: { domain: 'fleet', kind: 'bus', underway: true } },
  { fault: COMMUNICATION_LOST, fromS: 9900, forS: 600, of: { domain: 'water-treatment', kind: 'pressure-point' } },
  { fault: 'burst', fromS: 11_400, forS: 900, of: { domain: 'water-treatment', kind: 'pressure-point' } },
  { fault: 'battery-weak', fromS: 12_000, forS: 2200, of: { domain: 'flood', kind: 'rain-gauge' } },
];

interface Entry {
  name: string;
  fromMs: number;
  durationMs: number;
}

export interface Scenario {
  /** What is wrong with a device at a time since the start, milliseconds of simulated time. */
  faults(device: string, elapsedMs: number): readonly Fault[];
  /** Every mishap of a round, for a log, a test or a page that explains the demo. */
  round(index: number): { device: string; fault: string; fromMs: number; durationMs: number }[];
}

const none: readonly Fault[] = [];

export function demoScenario(
  seed: number,
  devices: readonly Device[],
  isUnderway: (device: string) => boolean,
): Scenario {
  let known: { round: number; byDevice: Map<string, Entry[]> } | undefined;
  const roundOf = (round: number) => {
    if (known?.round !== round) known = { round, byDevice: plan(seed, round, devices, isUnderway) };
    return known.byDevice;
  };
  return {
    faults(device, elapsedMs) {
      const round = Math.floor(elapsedMs / ROUND_MS);
      const entries = roundOf(round).get(device);
      if (!entries) return none;
      const sinceMs = elapsedMs - round * ROUND_MS;
      return entries
        .filter(({ fromMs, durationMs }) => sinceMs >= fromMs && sinceMs < fromMs + durationMs)
        .map(({ name, fromMs, durationMs }) => ({ name, ageMs: sinceMs - fromMs, durationMs }));
    },
    round(index) {
      return [...plan(seed, index, devices, isUnderway)].flatMap(([device, entries]) =>
        entries.map(({ name, fromMs, durationMs }) => ({ device, fault: name, fromMs, durationMs })),
      );
    },
  };
}

function plan(seed: number, round: number, devices: readonly Device[], isUnderway: (device: string) => boolean) {
  const byDevice = new Map<string, Entry[]>();
  const add = (device: string, entry: Entry) => {
    const entries = byDevice.get(device) ?? [];
    entries.push(entry);
    byDevice.set(device, entries);
  };
  for (const [index, mishap] of mishaps.entries()) {
    const random = randomFrom(seedOf(seed, round, index));
    const { fault, fromS, forS, of, count = 1 } = mishap;
    const entry: Entry = { name: fault, fromMs: fromS * 1000, durationMs: forS * 1000 };
    const candidates = devices.filter((device) => fits(device, of, isUnderway) && !byDevice.has(device.id));
    for (let i = 0; i < count && candidates.length > 0; i++) {
      const [hit] = candidates.splice(Math.floor(random() * candidates.length), 1);
      if (!hit) break;
      add(hit.id, entry);
      if (fault === 'breaker-tripped')
        for (const dark of lightsOfOneFeeder(devices, hit.id)) add(dark, { ...entry, name: COMMUNICATION_LOST });
    }
  }
  return byDevice;
}

function fits(device: Device, of: Mishap['of'], isUnderway: (device: string) => boolean): boolean {
  if (of.ids) return of.ids.includes(device.id);
  if (device.domain !== of.domain || device.kind !== of.kind) return false;
  return !of.underway || isUnderway(device.id);
}

/** Without supply a light's controller is as dark as its lamp: all that the platform sees is silence. */
function lightsOfOneFeeder(devices: readonly Device[], cabinet: string): string[] {
  const own = devices.filter((device) => device.attributes['cabinet'] === cabinet);
  const feeder = own[0]?.parent;
  return own.filter((device) => device.parent === feeder).map((device) => device.id);
}
