/**
 * Two ring roads, avenues from the centre to the shore, and in each district a grid of its own direction.
 */
import { type InLanguages, randomFrom, seedOf } from '@haechi/core';
import { densify, isInside, lengthOf, type Point, piecesWhere } from './geometry.ts';
import type { District, Ground } from './ground.ts';
import { avenueName, streetName } from './street-names.ts';

export interface Road {
  name: InLanguages;
  isMajor: boolean;
  points: Point[];
}

/** The streets of a district as a grid, for whoever drives round its blocks. */
export interface Grid {
  district: District;
  /** The crossing of street `i` with street `j`. */
  crossing(i: number, j: number): Point;
  reach: number;
}

export interface RoadNet {
  roads: Road[];
  grids: Grid[];
  /** Directions of the avenues, radians. */
  avenues: number[];
  ring(which: 'inner' | 'outer', angle: number): Point;
}

const STEP_M = 25;
const BLOCK_M = 290;
const STREET_LENGTH_MIN_M = 260;
const AVENUES = 8;
const rings = { inner: { x: 1720, y: 1400 }, outer: { x: 3450, y: 2700 } };

export function buildRoads(seed: number, ground: Ground): RoadNet {
  const random = randomFrom(seedOf(seed, 'roads'));
  const avenues = Array.from({ length: AVENUES }, (_, i) => ((i + 0.25 + random() * 0.3) / AVENUES) * 2 * Math.PI);
  const ring: RoadNet['ring'] = (which, angle) => {
    const { x, y } = rings[which];
    const t = Math.atan2(Math.sin(angle) / y, Math.cos(angle) / x);
    return [x * Math.cos(t), y * Math.sin(t)];
  };
  const circle = (which: 'inner' | 'outer') =>
    Array.from({ length: 181 }, (_, i) => ring(which, (i / 180) * 2 * Math.PI));
  const majors: Road[] = [
    { name: { en: 'Inner Ring', ko: '내부순환로' }, isMajor: true, points: circle('inner') },
    { name: { en: 'Outer Ring', ko: '외부순환로' }, isMajor: true, points: circle('outer') },
    ...avenues.flatMap((angle, index) => {
      const line = densify(
        [
          [0, 0],
          [6500 * Math.cos(angle), 6500 * Math.sin(angle)],
        ],
        STEP_M,
      );
      const [onLand] = piecesWhere(line, (point) => isInside(scaled(point, 1.03), ground.land));
      return onLand ? [{ name: avenueName(index), isMajor: true, points: onLand }] : [];
    }),
  ];
  const grids = ground.districts.map((district) => gridOf(district, random() * Math.PI));
  let index = 0;
  const minors = grids.flatMap((grid) =>
    streetsOf(grid, ground).map((points): Road => ({ name: streetName(index++), isMajor: false, points })),
  );
  return { roads: [...majors, ...minors], grids, avenues, ring };
}

function scaled([x, y]: Point, factor: number): Point {
  return [x * factor, y * factor];
}

function gridOf(district: District, angle: number): Grid {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [x, y] = district.centre;
  return {
    district,
    reach: 10,
    // A block is longer than wide.
    crossing: (i, j) => [
      x + i * BLOCK_M * cos - j * BLOCK_M * 1.35 * sin,
      y + i * BLOCK_M * sin + j * BLOCK_M * 1.35 * cos,
    ],
  };
}

function streetsOf({ district, crossing, reach }: Grid, ground: Ground): Point[][] {
  const all = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
  const lines: Point[][] = all.flatMap((k) => [
    [crossing(k, -reach), crossing(k, reach)],
    [crossing(-reach, k), crossing(reach, k)],
  ]);
  return lines.flatMap((line) =>
    piecesWhere(
      densify(line, STEP_M),
      (point) =>
        isInside(point, district.ring) && isInside(scaled(point, 1.04), ground.land) && ground.isBuildable(point),
    ).filter((piece) => lengthOf(piece) >= STREET_LENGTH_MIN_M),
  );
}
