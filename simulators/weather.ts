/**
 * The world over time: the sun as it stands, a season's temperature, and a storm near the beginning of each round.
 * Pure in time, so that any moment can be asked for in any order.
 */
import { randomFrom, seedOf, type World } from '@haechi/core';
import { getPosition } from 'suncalc';

/** A round of weather and faults; then the next one begins, with other devices failing. */
export const ROUND_MS = 4 * 3_600_000;

type Knots = readonly (readonly [number, number])[];

/** Seconds into the round, and mm/h. A cloudburst of 190 mm/h has been exceeded in Korea for ten minutes, not for an hour. */
const rain: Knots = [
  [90, 0],
  [150, 25],
  [240, 130],
  [300, 190],
  [540, 190],
  [660, 80],
  [900, 50],
  [1080, 10],
  [1260, 0],
];
/** The river answers some minutes later, and falls more slowly than it rose. */
const river: Knots = [
  [120, 0],
  [300, 0.25],
  [480, 0.6],
  [660, 0.9],
  [780, 1.05],
  [900, 1],
  [1500, 0.6],
  [2400, 0.2],
  [3600, 0],
];
const runoff: Knots = [
  [150, 0],
  [300, 0.35],
  [420, 0.65],
  [540, 0.95],
  [600, 1],
  [720, 0.95],
  [1080, 0.45],
  [1500, 0.12],
  [1800, 0],
];

export interface Place {
  latitude: number;
  longitude: number;
  timeZone: string;
}

/** Gives the world at a time since the start, milliseconds of simulated time. */
export function weather(seed: number, startMs: number, place: Place): (elapsedMs: number) => World {
  const hourOf = zoneHours(place.timeZone);
  let last: { elapsedMs: number; world: World } | undefined;
  return (elapsedMs) => {
    if (last?.elapsedMs === elapsedMs) return last.world;
    const timeMs = startMs + elapsedMs;
    const round = Math.floor(elapsedMs / ROUND_MS);
    const s = (elapsedMs - round * ROUND_MS) / 1000;
    const force = stormForce(seed, round);
    const hour = hourOf(timeMs);
    const fallen = (seconds: number) => (force * (integral(rain, s) - integral(rain, s - seconds))) / 3600;
    const world: World = {
      timeMs,
      hour,
      sunElevation: getPosition(new Date(timeMs), place.latitude, place.longitude).altitude,
      temperatureC: temperature(timeMs, hour),
      rainRate: force * at(rain, s),
      rain1min: fallen(60),
      rain10min: fallen(600),
      rain60min: fallen(3600),
      river: force * at(river, s),
      runoff: force * at(runoff, s),
    };
    last = { elapsedMs, world };
    return world;
  };
}

/** The first storm is the full one; later ones are mostly showers. */
function stormForce(seed: number, round: number): number {
  return round === 0 ? 1 : 0.3 + 0.5 * randomFrom(seedOf(seed, 'storm', round))();
}

/** Seoul's climate in two cosines: -2 °C in January, 26 °C in August, 8 °C between night and day. */
function temperature(timeMs: number, hour: number): number {
  const dayOfYear = (timeMs / 86_400_000) % 365.25;
  return (
    12.5 - 14 * Math.cos(((dayOfYear - 25) / 365.25) * 2 * Math.PI) - 4 * Math.cos(((hour - 3) / 24) * 2 * Math.PI)
  );
}

function at(knots: Knots, s: number): number {
  const next = knots.findIndex(([time]) => time > s);
  const [t1, v1] = knots[next] ?? [0, 0];
  const [t0, v0] = knots[next - 1] ?? [0, 0];
  if (next <= 0) return 0;
  return v0 + ((v1 - v0) * (s - t0)) / (t1 - t0);
}

/** The area under the knots up to `s`. */
function integral(knots: Knots, s: number): number {
  let sum = 0;
  for (let i = 1; i < knots.length; i++) {
    const [t0, v0] = knots[i - 1] ?? [0, 0];
    const [t1, v1] = knots[i] ?? [0, 0];
    const end = Math.min(s, t1);
    if (end <= t0) break;
    sum += ((v0 + v0 + ((v1 - v0) * (end - t0)) / (t1 - t0)) / 2) * (end - t0);
  }
  return sum;
}

/** Hours of the day in a zone. Its offset is looked up once a quarter of an hour: no zone changes more finely. */
function zoneHours(timeZone: string): (timeMs: number) => number {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const QUARTER_MS = 900_000;
  let known = { quarter: Number.NaN, hour: 0 };
  return (timeMs) => {
    const quarter = Math.floor(timeMs / QUARTER_MS);
    if (quarter !== known.quarter) {
      const [hours = 0, minutes = 0] = format
        .format(quarter * QUARTER_MS)
        .split(':')
        .map(Number);
      known = { quarter, hour: hours + minutes / 60 };
    }
    return (known.hour + (timeMs - quarter * QUARTER_MS) / 3_600_000) % 24;
  };
}
