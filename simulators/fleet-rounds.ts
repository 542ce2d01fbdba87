/**
 * Buses on closed lines over rings and avenues, refuse trucks and sweepers round the blocks of a district's grid,
 * some of each at rest in the depot.
 */
import { type Device, type Route, randomFrom, seedOf } from '@haechi/core';
import { densify, distancesAlong, isInside, type Point } from './geometry.ts';
import type { Ground } from './ground.ts';
import type { Grid, RoadNet } from './roads.ts';
import type { Site } from './waterworks.ts';

export interface Fleet {
  sites: Site[];
  devices: Device[];
  rounds: Map<string, { route: Route; offsetMs: number }>;
}

/** Of a hundred vehicles; emergency vehicles are those that stand ready. */
const shares = { bus: 60, 'refuse-truck': 22, sweeper: 13, emergency: 5 } as const;
/** One in ten is a reserve in its depot. */
const RESERVE_EVERY = 10;
const METRES_PER_DEGREE = 111_320;
const EPOCH_SPREAD_MS = 6 * 3_600_000;

export function buildFleet(seed: number, count: number, ground: Ground, net: RoadNet): Fleet {
  const random = randomFrom(seedOf(seed, 'fleet'));
  const busDepot: Site = {
    id: 'DEPOT-BUS',
    name: { en: 'Noeul Bus Depot', ko: '노을버스차고지' },
    point: besides(net.ring('outer', 2.6), 0.94),
  };
  const yard: Site = {
    id: 'DEPOT-CLEAN',
    name: { en: 'Namhang Service Yard', ko: '남항환경차고지' },
    point: besides(net.ring('outer', -0.9), 0.94),
  };
  const lines = busLines(ground, net, random);
  // Neighbouring blocks are neighbours in the list; shuffled, the trucks spread over the city.
  const blocks = net.grids
    .flatMap((grid) => blockRounds(ground, grid, random))
    .sort((a, b) => seedOf(seed, a.line) - seedOf(seed, b.line));
  const devices: Device[] = [];
  const rounds: Fleet['rounds'] = new Map();
  for (let i = 0; i < count; i++) {
    const kind = kindOf(i);
    const isBus = kind === 'bus';
    const depot = isBus ? busDepot : yard;
    const number = devices.filter((device) => device.kind === kind).length;
    const route = isBus ? lines[number % lines.length] : blocks[number % blocks.length];
    const isReserve = kind === 'emergency' || i % RESERVE_EVERY === RESERVE_EVERY - 1;
    const device = vehicle(ground, kind, number, depot, isReserve ? undefined : route);
    devices.push(device);
    if (route && !isReserve) rounds.set(device.id, { route, offsetMs: Math.floor(random() * EPOCH_SPREAD_MS) });
  }
  return { sites: [busDepot, yard], devices, rounds };
}

/** Spread evenly: whatever the count, the kinds keep their shares. */
function kindOf(index: number): keyof typeof shares {
  const place = (index * 61) % 100;
  let upTo = 0;
  for (const [kind, share] of Object.entries(shares) as [keyof typeof shares, number][]) {
    upTo += share;
    if (place < upTo) return kind;
  }
  return 'bus';
}

const words = {
  bus: ['BUS', 'Bus'],
  'refuse-truck': ['RT', 'Refuse truck'],
  sweeper: ['SWP', 'Sweeper'],
  emergency: ['EMG', 'Rescue'],
} as const;

function vehicle(
  ground: Ground,
  kind: keyof typeof shares,
  number: number,
  depot: Site,
  route: Route | undefined,
): Device {
  const [prefix, word] = words[kind];
  const [x, y] = depot.point;
  const [longitude, latitude] = ground.position([x + (number % 12) * 9, y + (Math.floor(number / 12) % 12) * 14]);
  const name = route && kind === 'bus' ? `Bus ${1001 + number}, line ${route.line}` : `${word} ${number + 1}`;
  return {
    id: `${prefix}-${1001 + number}`,
    domain: 'fleet',
    kind,
    district: ground.districtAt(depot.point).id,
    name,
    latitude,
    longitude,
    intervalS: kind === 'bus' ? 4 : 5,
    parent: depot.id,
    attributes: {
      speedLimitKph: kind === 'emergency' ? 100 : 50,
      plate: `${70 + (number % 30)}해 ${1001 + ((number * 37) % 8999)}`,
      depot: depot.id,
      ...(route ? { line: route.line } : {}),
    },
  };
}

function besides([x, y]: Point, factor: number): Point {
  return [x * factor, y * factor];
}

/** Both rings, then wedges: in on one avenue, along the inner ring, out on another, back on the outer ring. */
function busLines(ground: Ground, net: RoadNet, random: () => number): Route[] {
  const arc = (which: 'inner' | 'outer', from: number, to: number) =>
    Array.from({ length: 61 }, (_, i) => net.ring(which, from + ((to - from) * i) / 60));
  const turn = 2 * Math.PI;
  const ways: Point[][] = [arc('inner', 0, turn), arc('outer', turn, 0)];
  const { avenues } = net;
  for (const [i, from] of avenues.entries()) {
    const width = 2 + (i % 2);
    const next = avenues[(i + width) % avenues.length] ?? 0;
    const to = next > from ? next : next + turn;
    ways.push([...arc('inner', from, to), ...arc('outer', to, from), net.ring('inner', from)]);
  }
  return ways.map((way, i) =>
    route(
      ground,
      `${i + 1}`,
      way,
      { spacingM: 430, stopShare: 0.7, dwellS: [12, 34], cruiseKph: 34 + random() * 10 },
      random,
    ),
  );
}

/** Rectangles of a grid whose four sides are streets all along. */
function blockRounds(ground: Ground, grid: Grid, random: () => number): Route[] {
  const rounds: Route[] = [];
  const lines = Array.from({ length: 13 }, (_, i) => i - 6);
  for (const i of lines) {
    for (const j of lines) {
      const [width, height] = [1 + Math.floor(random() * 2), 1 + Math.floor(random() * 2)];
      const corners = [
        grid.crossing(i, j),
        grid.crossing(i + width, j),
        grid.crossing(i + width, j + height),
        grid.crossing(i, j + height),
        grid.crossing(i, j),
      ];
      const way = densify(corners, 25);
      if (!way.every((point) => ground.isBuildable(point) && isInside(point, grid.district.ring))) continue;
      const line = `${grid.district.id}-${rounds.length + 1}`;
      rounds.push(route(ground, line, way, { spacingM: 95, stopShare: 0, dwellS: [18, 55], cruiseKph: 24 }, random));
    }
  }
  return rounds;
}

interface Habit {
  spacingM: number;
  /** Of its halts, how many are stops with doors; the others are signals or bins. */
  stopShare: number;
  dwellS: readonly [number, number];
  cruiseKph: number;
}

function route(ground: Ground, line: string, way: readonly Point[], habit: Habit, random: () => number): Route {
  const positions = densify(way, 60).map((point) => ground.position(point));
  const distancesM = distancesAlong(metresOf(positions));
  const lengthM = distancesM.at(-1) ?? 0;
  const halts: { distanceM: number; dwellS: number; isStop: boolean }[] = [];
  const [least, most] = habit.dwellS;
  for (let at = habit.spacingM * (0.4 + random()); at < lengthM - 60; at += habit.spacingM * (0.65 + random() * 0.7)) {
    halts.push({ distanceM: at, dwellS: least + random() * (most - least), isStop: random() < habit.stopShare });
  }
  return { line, positions, distancesM, halts, cruiseKph: habit.cruiseKph };
}

/** On one plane for the whole route: a metre east must not depend on where along it one stands. */
function metresOf(positions: readonly (readonly [number, number])[]): Point[] {
  const [, reference] = positions[0] ?? [0, 0];
  const shrink = Math.cos((reference * Math.PI) / 180);
  return positions.map(([longitude, latitude]) => [
    longitude * METRES_PER_DEGREE * shrink,
    latitude * METRES_PER_DEGREE,
  ]);
}
