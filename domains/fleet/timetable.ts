/**
 * When a vehicle on a round is where: between two halts it speeds up, cruises and brakes, then it dwells.
 */
import type { Route } from '@haechi/core';

/** What passengers stand without holding on. */
const ACCELERATION = 0.9;

export interface Moment {
  distanceM: number;
  speedKph: number;
  atStop: boolean;
  /** Which halt it last left. */
  leg: number;
}

export interface Timetable {
  durationMs: number;
  lengthM: number;
  /** `ms` from the round's beginning, below `durationMs`. */
  at(ms: number): Moment;
}

interface Leg {
  startS: number;
  fromM: number;
  lengthM: number;
  /** Speed reached, m/s, and the time spent on speeding up, on cruising, at the halt that ends the leg. */
  peak: number;
  rampS: number;
  cruiseS: number;
  dwellS: number;
  isStop: boolean;
}

export function timetable(route: Route): Timetable {
  const lengthM = route.distancesM.at(-1) ?? 0;
  const legs: Leg[] = [];
  let startS = 0;
  let fromM = 0;
  for (const halt of [...route.halts, { distanceM: lengthM, dwellS: 0, isStop: false }]) {
    const leg = legBetween(startS, fromM, halt, route.cruiseKph / 3.6);
    if (leg.lengthM <= 0) continue;
    legs.push(leg);
    startS += 2 * leg.rampS + leg.cruiseS + leg.dwellS;
    fromM = halt.distanceM;
  }
  const durationMs = Math.max(1000, Math.round(startS * 1000));
  return { durationMs, lengthM, at: (ms) => momentOf(legs, ms / 1000) };
}

function legBetween(startS: number, fromM: number, halt: Route['halts'][number], cruise: number): Leg {
  const lengthM = halt.distanceM - fromM;
  const peak = Math.min(cruise, Math.sqrt(Math.max(0, lengthM) * ACCELERATION));
  const rampS = peak / ACCELERATION;
  const cruiseS = peak > 0 ? Math.max(0, lengthM / peak - rampS) : 0;
  return { startS, fromM, lengthM, peak, rampS, cruiseS, dwellS: halt.dwellS, isStop: halt.isStop };
}

function momentOf(legs: readonly Leg[], s: number): Moment {
  let low = 0;
  let high = legs.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((legs[middle]?.startS ?? 0) <= s) low = middle;
    else high = middle - 1;
  }
  const leg = legs[low];
  if (!leg) return { distanceM: 0, speedKph: 0, atStop: false, leg: 0 };
  const inS = s - leg.startS;
  const { rampS, cruiseS, peak } = leg;
  const moving = (metres: number, speed: number): Moment => ({
    distanceM: leg.fromM + Math.min(leg.lengthM, metres),
    speedKph: speed * 3.6,
    atStop: false,
    leg: low,
  });
  if (inS < rampS) return moving((ACCELERATION * inS ** 2) / 2, ACCELERATION * inS);
  if (inS < rampS + cruiseS) return moving((peak * rampS) / 2 + peak * (inS - rampS), peak);
  const leftS = 2 * rampS + cruiseS - inS;
  if (leftS > 0) return moving(leg.lengthM - (ACCELERATION * leftS ** 2) / 2, ACCELERATION * leftS);
  return { distanceM: leg.fromM + leg.lengthM, speedKph: 0, atStop: leg.isStop, leg: low };
}

/** Position and heading (degrees from north) at a distance along the route. */
export function placeOn(route: Route, distanceM: number): { latitude: number; longitude: number; heading: number } {
  const { positions, distancesM } = route;
  let low = 0;
  let high = distancesM.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((distancesM[middle] ?? 0) <= distanceM) low = middle;
    else high = middle - 1;
  }
  const [fromLongitude, fromLatitude] = positions[low] ?? [0, 0];
  const [toLongitude, toLatitude] = positions[low + 1] ?? [fromLongitude, fromLatitude];
  const startM = distancesM[low] ?? 0;
  const lengthM = (distancesM[low + 1] ?? startM) - startM;
  const part = lengthM > 0 ? (distanceM - startM) / lengthM : 0;
  const east = (toLongitude - fromLongitude) * Math.cos((fromLatitude * Math.PI) / 180);
  const heading = (Math.atan2(east, toLatitude - fromLatitude) * 180) / Math.PI;
  return {
    latitude: fromLatitude + (toLatitude - fromLatitude) * part,
    longitude: fromLongitude + (toLongitude - fromLongitude) * part,
    heading: (heading + 360) % 360,
  };
}
