/** The demo city: its map, its devices and the vehicles' rounds, all from one seed. */
import type { City, CityFeature, Device, InLanguages, Route } from '@haechi/core';
import { buildFleet } from './fleet-rounds.ts';
import { buildFloodSensors } from './flood-sensors.ts';
import { densify } from './geometry.ts';
import { closedRing, type Ground, layGround } from './ground.ts';
import { buildRoads, type RoadNet } from './roads.ts';
import { buildLighting, type Feeder } from './street-lights.ts';
import { buildWaterworks, type Site } from './waterworks.ts';

export interface DemoCityOptions {
  seed?: number;
  lights?: number;
  vehicles?: number;
}

export interface DemoCity {
  seed: number;
  city: City;
  devices: Device[];
  rounds: ReadonlyMap<string, { route: Route; offsetMs: number }>;
}

export const DEMO_DEFAULTS = { seed: 7, lights: 600, vehicles: 45 } as const;

/** @throws Error where the island has no room for so many lights (some 15,000). */
export function buildDemoCity(options: DemoCityOptions = {}): DemoCity {
  const { seed, lights, vehicles } = { ...DEMO_DEFAULTS, ...options };
  const ground = layGround(seed);
  const net = buildRoads(seed, ground);
  const lighting = buildLighting(seed, lights, ground, net);
  const waterworks = buildWaterworks(ground);
  const fleet = buildFleet(seed, vehicles, ground, net);
  const hall: Site = { id: 'CITY-HALL', name: { en: 'City Hall', ko: '시청' }, point: [180, 260] };
  const sites = [hall, ...waterworks.sites, ...fleet.sites];
  return {
    seed,
    city: cityFile(ground, net, lighting.feeders, sites),
    devices: [...lighting.devices, ...waterworks.devices, ...buildFloodSensors(ground, net), ...fleet.devices],
    rounds: fleet.rounds,
  };
}

function cityFile(ground: Ground, net: RoadNet, feeders: readonly Feeder[], sites: readonly Site[]): City {
  const shore = closedRing(ground, ground.land);
  const bounds = boundsOf(shore);
  const features: CityFeature[] = [
    sea(bounds, shore),
    polygon('land', [shore]),
    ...ground.districts.map(({ id, name, ring }) => polygon('district', [closedRing(ground, ring)], { name, id })),
    ...ground.parks.map(({ name, ring }) => polygon('park', [closedRing(ground, ring)], { name })),
    polygon('water', [closedRing(ground, ground.river)], { name: { en: 'Haedong River', ko: '해동강' } }),
    ...net.roads.map(({ name, isMajor, points }) =>
      line(isMajor ? 'road-major' : 'road-minor', lined(ground, points), { name }),
    ),
    ...feeders
      .filter(({ points }) => points.length > 1)
      .map(({ id, name, points }) => line('feeder', lined(ground, points), { name, id })),
    ...sites.map(
      ({ id, name, point }): CityFeature => ({
        type: 'Feature',
        properties: { class: 'site', name, id },
        geometry: { type: 'Point', coordinates: ground.position(point) },
      }),
    ),
  ];
  return {
    name: { en: 'Haedong', ko: '해동시' },
    timeZone: 'Asia/Seoul',
    bounds,
    districts: ground.districts.map(({ id, name }) => ({ id, name })),
    map: { type: 'FeatureCollection', features },
  };
}

type Positions = [number, number][];
interface Named {
  name?: InLanguages;
  id?: string;
}

function polygon(kind: CityFeature['properties']['class'], coordinates: Positions[], named: Named = {}): CityFeature {
  return { type: 'Feature', properties: { class: kind, ...named }, geometry: { type: 'Polygon', coordinates } };
}

function line(kind: CityFeature['properties']['class'], coordinates: Positions, named: Named): CityFeature {
  return { type: 'Feature', properties: { class: kind, ...named }, geometry: { type: 'LineString', coordinates } };
}

/** Bent by the warp, yet with no more points than the bend needs. */
function lined(ground: Ground, points: readonly (readonly [number, number])[]): Positions {
  const thinned = points.filter((_, i) => i % 3 === 0 || i === points.length - 1);
  return densify(thinned, 100).map((point) => ground.position(point));
}

/** The sea is water with the island as a hole, so it may be drawn in any order with the land. */
function sea([west, south, east, north]: City['bounds'], shore: Positions): CityFeature {
  const [width, height] = [(east - west) * 2, (north - south) * 2];
  const frame: Positions = [
    [west - width, south - height],
    [east + width, south - height],
    [east + width, north + height],
    [west - width, north + height],
    [west - width, south - height],
  ];
  return polygon('water', [frame, [...shore].reverse()], { name: { en: 'West Sea', ko: '서해' } });
}

function boundsOf(positions: Positions): City['bounds'] {
  const longitudes = positions.map(([longitude]) => longitude);
  const latitudes = positions.map(([, latitude]) => latitude);
  const margin = 0.004;
  return [
    Math.min(...longitudes) - margin,
    Math.min(...latitudes) - margin,
    Math.max(...longitudes) + margin,
    Math.max(...latitudes) + margin,
  ];
}
