/**
 * What a domain's `simulate.ts` and the simulators agree on: the world a device stands in, what can fail, and
 * randomness that is the same for the same seed.
 */
import type { Device } from './device.ts';
import type { Values } from './reading.ts';

/** The city's weather and hour at one moment; how a place differs from it is the device's own, from its seed. */
export interface World {
  /** Epoch milliseconds of the simulated day. */
  timeMs: number;
  /** Hour of the day in the city's zone, 0 to 24. */
  hour: number;
  /** Degrees above the horizon; negative at night. */
  sunElevation: number;
  temperatureC: number;
  /** Rain that falls now, mm/h, and its sums over the last 1, 10 and 60 minutes, mm. */
  rainRate: number;
  rain1min: number;
  rain10min: number;
  rain60min: number;
  /** How far the river has risen: 0 at its usual stage, 1 at the stage called serious. */
  river: number;
  /** How far streets and sewers are overcharged: 0 dry, 1 at the storm's worst. */
  runoff: number;
}

/** Something that is wrong with a device now. The domain gives the names their meaning. */
export interface Fault {
  name: string;
  /** How long it has lasted and will last in all, milliseconds of simulated time. */
  ageMs: number;
  durationMs: number;
}

/** The one fault that is not the domain's: the device is cut off and says nothing. */
export const COMMUNICATION_LOST = 'communication-lost';

/** A closed way along roads: positions are longitude and latitude, the last one equals the first. */
export interface Route {
  line: string;
  positions: readonly (readonly [number, number])[];
  /** Distance of each position from the first, metres. */
  distancesM: readonly number[];
  /** Where it halts, in order: at a stop the doors open, at a signal they do not. */
  halts: readonly { distanceM: number; dwellS: number; isStop: boolean }[];
  cruiseKph: number;
}

export interface SimulationContext {
  seed: number;
  /** Of a vehicle in service; one without stands in its depot. */
  route?: Route;
  /** Where on its round it is at the epoch, milliseconds. */
  routeOffsetMs?: number;
}

/** A device that can be read. Readings in the same order of times are the same for the same seed. */
export interface Behaviour {
  read(world: World, faults: readonly Fault[]): Values;
}

/** What `domains/<system>/simulate.ts` exports as `simulate`. */
export type Simulate = (device: Device, context: SimulationContext) => Behaviour;

/** FNV-1a over the parts' text: a 32-bit seed of their own for a device, a round, a stop. */
export function seedOf(...parts: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    const text = `${part}/`;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return mix(hash);
}

/** Mulberry32: numbers in [0, 1), 2^32 of them before it repeats. Not for secrets. */
export function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Smooth noise in [-1, 1] that depends on nothing but seed and time, so a restart goes on where it was. */
export function noise(seed: number, timeMs: number, periodMs: number): number {
  const position = timeMs / periodMs;
  const index = Math.floor(position);
  const part = position - index;
  const ease = part * part * (3 - 2 * part);
  const from = lattice(seed, index);
  return from + (lattice(seed, index + 1) - from) * ease;
}

function lattice(seed: number, index: number): number {
  return mix(seed ^ Math.imul(index, 0x9e3779b1)) / 2 ** 31 - 1;
}

/** The finaliser of MurmurHash3: every bit of the result depends on every bit given. */
function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** How strongly a fault of that name acts now: up to 1 in the first fifth of its time, back to 0 in the last; 0 without it. */
export function faultStrength(faults: readonly Fault[], name: string): number {
  const fault = faults.find((candidate) => candidate.name === name);
  if (!fault) return 0;
  const part = fault.ageMs / fault.durationMs;
  return Math.max(0, Math.min(1, part * 5, (1 - part) * 5));
}

export function hasFault(faults: readonly Fault[], name: string): boolean {
  return faults.some((fault) => fault.name === name);
}

/** As an instrument shows it. */
export function roundTo(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
