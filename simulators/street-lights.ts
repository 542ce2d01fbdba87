/**
 * Lights every 40 m along the roads, up to thirty on a feeder, up to three feeders on a cabinet. The feeders
 * nearest the districts' centres are lit first; when all roads are lit on one side, the other side follows.
 */
import { type Device, type InLanguages, randomFrom, seedOf } from '@haechi/core';
import { distance, type Point, spacedAlong } from './geometry.ts';
import type { Ground } from './ground.ts';
import type { Road, RoadNet } from './roads.ts';

const SPACING_M = 40;
const KERB_M = 9;
const LIGHTS_A_FEEDER = 30;
const FEEDERS_A_CABINET = 3;
const INTERVAL_S = 30;

export interface Feeder {
  id: string;
  name: InLanguages;
  district: string;
  points: Point[];
  cabinet: string;
}

interface Stretch {
  road: Road;
  side: number;
  points: Point[];
  /** The number on the road of its first light. */
  firstNumber: number;
  score: number;
}

export interface Lighting {
  feeders: Feeder[];
  devices: Device[];
}

export function buildLighting(seed: number, count: number, ground: Ground, net: RoadNet): Lighting {
  const random = randomFrom(seedOf(seed, 'lights'));
  const chosen = choose([...stretches(net, ground, 1), ...stretches(net, ground, -1)], count);
  const byDistrict = Map.groupBy(chosen, ({ points }) => ground.districtAt(middleOf(points)).id);
  const feeders: Feeder[] = [];
  const lights: Device[] = [];
  const cabinets: Device[] = [];
  for (const [district, own] of byDistrict) {
    for (let i = 0; i < own.length; i += FEEDERS_A_CABINET) {
      const group = own.slice(i, i + FEEDERS_A_CABINET);
      const cabinet = `CAB-${padded(cabinets.length + 1, 3)}`;
      for (const { road, points, firstNumber } of group) {
        const id = `F-${padded(feeders.length + 1, 3)}`;
        const name = { en: `Feeder ${id}, ${road.name.en}`, ko: `${road.name.ko} 회로 ${id}` };
        feeders.push({ id, name, district, points, cabinet });
        for (const [k, point] of points.entries()) {
          const [longitude, latitude] = ground.position(point);
          lights.push({
            id: `SL-${padded(lights.length + 1, 5)}`,
            domain: 'street-light',
            kind: 'light',
            district,
            name: `${road.name.en} ${firstNumber + k}`,
            latitude,
            longitude,
            intervalS: INTERVAL_S,
            parent: id,
            attributes: {
              ratedPowerW: ratedPowerOf(road),
              poleNumber: `${id}-${padded(k + 1, 2)}`,
              lanternHeightM: road.isMajor ? 10 : 7 + Math.round(random()),
              cabinet,
            },
          });
        }
      }
      cabinets.push(cabinetDevice(cabinet, cabinets.length + 1, district, group, ground));
    }
  }
  return { feeders, devices: [...lights, ...cabinets] };
}

function cabinetDevice(id: string, index: number, district: string, group: Stretch[], ground: Ground): Device {
  const [first] = group;
  const [longitude, latitude] = ground.position(first?.points[0] ?? [0, 0]);
  return {
    id,
    domain: 'street-light',
    kind: 'cabinet',
    district,
    name: `Cabinet ${index}, ${first?.road.name.en ?? ''}`,
    // Beside its first column, not upon it.
    latitude: Number((latitude + 0.00012).toFixed(6)),
    longitude,
    intervalS: INTERVAL_S,
    parent: null,
    attributes: {
      ratedCurrentA: 63,
      connectedW: group.reduce((sum, { road, points }) => sum + ratedPowerOf(road) * points.length, 0),
    },
  };
}

function ratedPowerOf(road: Road): number {
  return road.isMajor ? 150 : 75;
}

function stretches(net: RoadNet, ground: Ground, side: number): Stretch[] {
  return net.roads.flatMap((road) => {
    const lights = spacedAlong(road.points, SPACING_M, KERB_M * side);
    const parts = Math.ceil(lights.length / LIGHTS_A_FEEDER);
    const size = Math.ceil(lights.length / parts);
    return Array.from({ length: parts }, (_, i): Stretch => {
      const points = lights.slice(i * size, (i + 1) * size);
      const middle = middleOf(points);
      const far = road.isMajor
        ? distance(middle, [0, 0]) * 0.6
        : distance(middle, ground.districtAt(middle).centre) + 350;
      // Odd numbers on one side, even on the other would need gaps; the far side is numbered on.
      const firstNumber = i * size + 1 + (side < 0 ? lights.length : 0);
      return { road, side, points, firstNumber, score: far + (side < 0 ? 100_000 : 0) };
    });
  });
}

/** The best stretches until there are `count` lights; the last one is cut to fit. */
function choose(all: Stretch[], count: number): Stretch[] {
  const chosen: Stretch[] = [];
  let left = count;
  for (const stretch of all.sort((a, b) => a.score - b.score)) {
    if (left <= 0) break;
    const points = stretch.points.slice(0, left);
    if (points.length === 0) continue;
    chosen.push({ ...stretch, points });
    left -= points.length;
  }
  if (left > 0) throw new Error(`the demo city has room for ${count - left} lights, not for ${count}`);
  return chosen;
}

function middleOf(points: readonly Point[]): Point {
  return points[Math.floor(points.length / 2)] ?? [0, 0];
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}
