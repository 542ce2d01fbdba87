/**
 * The ground the demo city stands on: an island in a wide estuary, a river through it, six districts, some parks.
 *
 * Everything is laid out on straight lines and ellipses in a plane and bent at the end by one smooth warp, so that
 * roads, borders and river bend together and still meet where they met.
 */
import { type InLanguages, randomFrom, seedOf } from '@haechi/core';
import { densify, distance, isInside, nearerTo, type Point } from './geometry.ts';

/** West of Incheon where maps show open sea, so that no place of the demo is mistaken for a real one. */
const ORIGIN = { latitude: 37.45, longitude: 126.05 };
const METRES_PER_DEGREE = 111_320;
const RIVER_HALF_WIDTH_M = 85;

export interface District {
  id: string;
  name: InLanguages;
  centre: Point;
  ring: Point[];
}

export interface Ground {
  land: Point[];
  river: Point[];
  parks: { name: InLanguages; ring: Point[] }[];
  districts: District[];
  /** Longitude and latitude of a point in the plane. */
  position(point: Point): [number, number];
  districtAt(point: Point): District;
  /** Metres from the river's middle. */
  riverDistance(point: Point): number;
  riverAt(x: number): Point;
  isBuildable(point: Point): boolean;
}

const places: { id: string; name: InLanguages; centre: Point }[] = [
  { id: 'jungang', name: { en: 'Jungang-gu', ko: '중앙구' }, centre: [150, 900] },
  { id: 'solbat', name: { en: 'Solbat-gu', ko: '솔밭구' }, centre: [-700, 2900] },
  { id: 'saebyeol', name: { en: 'Saebyeol-gu', ko: '새별구' }, centre: [3000, 1700] },
  { id: 'namhang', name: { en: 'Namhang-gu', ko: '남항구' }, centre: [2500, -1900] },
  { id: 'dolmoru', name: { en: 'Dolmoru-gu', ko: '돌모루구' }, centre: [-600, -2300] },
  { id: 'gangbyeon', name: { en: 'Gangbyeon-gu', ko: '강변구' }, centre: [-3200, 300] },
];

const parkPlaces: { name: InLanguages; centre: Point; radius: number }[] = [
  { name: { en: 'Haechi Park', ko: '해치공원' }, centre: [-950, 700], radius: 330 },
  { name: { en: 'Pine Hill', ko: '솔밭동산' }, centre: [600, 3050], radius: 420 },
  { name: { en: 'Harbour Green', ko: '남항공원' }, centre: [3300, -1200], radius: 300 },
  { name: { en: 'Reed Meadow', ko: '갈대공원' }, centre: [-2500, -1500], radius: 360 },
  { name: { en: 'Star Park', ko: '새별공원' }, centre: [3600, 900], radius: 260 },
];

export function layGround(seed: number): Ground {
  const random = randomFrom(seedOf(seed, 'ground'));
  const turns = Array.from({ length: 12 }, () => random() * 2 * Math.PI);
  const turn = (i: number) => turns[i] ?? 0;

  const land = around(240, (angle) => {
    const radius =
      4350 *
      (1 +
        0.07 * Math.sin(2 * angle + turn(0)) +
        0.045 * Math.sin(3 * angle + turn(1)) +
        0.02 * Math.sin(7 * angle + turn(2)));
    return [1.18 * radius * Math.cos(angle), 0.93 * radius * Math.sin(angle)];
  });
  const riverAt = (x: number): Point => [
    x,
    -420 + 380 * Math.sin(x / 1350 + turn(3)) + 140 * Math.sin(x / 620 + turn(4)),
  ];
  const middle: Point[] = Array.from({ length: 281 }, (_, i) => riverAt(-7000 + i * 50));
  const riverDistance = (point: Point) => {
    const first = Math.max(0, Math.floor((point[0] + 7000 - 900) / 50));
    return Math.min(...middle.slice(first, first + 37).map((at) => distance(at, point)), 20_000);
  };
  const districts = places.map((place) => {
    const ring = places.reduce(
      (left, other) => (other === place ? left : nearerTo(left, place.centre, other.centre)),
      land,
    );
    return { ...place, ring };
  });
  const parks = parkPlaces.map(({ name, centre, radius }, index) => ({
    name,
    ring: around(48, (angle) => {
      const reach = radius * (1 + 0.2 * Math.sin(2 * angle + turn(5) + index) + 0.1 * Math.sin(3 * angle + index * 2));
      return [centre[0] + reach * Math.cos(angle), centre[1] + reach * Math.sin(angle)];
    }),
  }));
  const position = (point: Point): [number, number] => {
    const [x, y] = warp(point, turn);
    const latitude = ORIGIN.latitude + y / METRES_PER_DEGREE;
    const longitude = ORIGIN.longitude + x / (METRES_PER_DEGREE * Math.cos((ORIGIN.latitude * Math.PI) / 180));
    return [Number(longitude.toFixed(6)), Number(latitude.toFixed(6))];
  };
  return {
    land,
    river: riverBanks(land, middle),
    parks,
    districts,
    position,
    riverAt,
    riverDistance,
    districtAt: (point) => nearest(districts, point),
    isBuildable: (point) =>
      isInside(point, land) &&
      riverDistance(point) > RIVER_HALF_WIDTH_M + 60 &&
      !parks.some((park) => isInside(point, park.ring)),
  };
}

/** Both banks, where the river runs through the land and a little beyond, wider towards its mouth in the west. */
function riverBanks(land: readonly Point[], middle: readonly Point[]): Point[] {
  const inner = middle.filter((point) => isInside(point, land));
  const first = middle.indexOf(inner[0] ?? [0, 0]);
  const last = middle.indexOf(inner.at(-1) ?? [0, 0]);
  const reach = middle.slice(Math.max(1, first - 3), last + 4);
  const bank = (side: number) =>
    reach.map((point, i): Point => {
      const before = reach[i - 1] ?? point;
      const after = reach[i + 1] ?? point;
      const length = distance(before, after) || 1;
      const half = RIVER_HALF_WIDTH_M * (1 + 0.5 * Math.max(0, 1 - i / 45)) * side;
      return [point[0] - ((after[1] - before[1]) / length) * half, point[1] + ((after[0] - before[0]) / length) * half];
    });
  return [...bank(1), ...bank(-1).reverse()];
}

/** Slopes stay below 0.25, so nothing folds over. */
function warp([x, y]: Point, turn: (i: number) => number): Point {
  return [
    x + 190 * Math.sin(y / 1600 + turn(6)) + 80 * Math.sin(x / 950 + y / 1300 + turn(7)),
    y + 170 * Math.sin(x / 1800 + turn(8)) + 70 * Math.sin(y / 900 - x / 1500 + turn(9)),
  ];
}

function around(count: number, at: (angle: number) => Point): Point[] {
  return Array.from({ length: count }, (_, i) => at((i / count) * 2 * Math.PI));
}

function nearest(districts: readonly District[], point: Point): District {
  const [first] = districts;
  if (!first) throw new Error('a city without districts');
  return districts.reduce(
    (best, district) => (distance(district.centre, point) < distance(best.centre, point) ? district : best),
    first,
  );
}

/** A closed ring fit for GeoJSON: densified so that the warp bends its long edges. */
export function closedRing(ground: Ground, ring: readonly Point[]): [number, number][] {
  const [first] = ring;
  if (!first) return [];
  return densify([...ring, first], 120).map((point) => ground.position(point));
}
