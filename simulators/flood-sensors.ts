/** River and rain gauges, underpasses and sewers. `exposure` says how hard the demo's storm meets each place. */
import type { Device, InLanguages } from '@haechi/core';
import { distance, type Point } from './geometry.ts';
import type { Ground } from './ground.ts';
import type { RoadNet } from './roads.ts';

const INTERVAL_S = 10;
/** One gauge reaches serious in the storm, the others stop below, so that the screen has something of each. */
const gauges: readonly {
  x: number;
  name: string;
  exposure: number;
  stages: readonly [number, number, number, number];
}[] = [
  { x: 3900, name: 'Dongmun', exposure: 0.78, stages: [1.6, 2.2, 2.8, 3.4] },
  { x: 2900, name: 'Upper weir', exposure: 0.3, stages: [1.8, 2.4, 3, 3.6] },
  { x: 1900, name: 'Crane bridge', exposure: 0.62, stages: [2, 2.6, 3.2, 3.9] },
  { x: 900, name: 'Central bridge', exposure: 1, stages: [2, 2.7, 3.3, 4] },
  { x: -200, name: 'Old ferry', exposure: 0.86, stages: [2.2, 2.9, 3.5, 4.2] },
  { x: -1300, name: 'Reed meadow', exposure: 0.28, stages: [2.2, 2.9, 3.6, 4.4] },
  { x: -2500, name: 'Lower weir', exposure: 0.25, stages: [2.3, 3, 3.7, 4.5] },
  { x: -3700, name: 'River mouth', exposure: 0.2, stages: [2.5, 3.2, 4, 4.8] },
];
const rainExposures = [1.25, 0.6, 1.12, 0.55, 0.68, 0.5];
const underpasses: readonly { name: InLanguages; exposure: number }[] = [
  { name: { en: 'Central', ko: '중앙' }, exposure: 1 },
  { name: { en: 'Haechi', ko: '해치' }, exposure: 0.85 },
  { name: { en: 'Market', ko: '장터' }, exposure: 0.36 },
  { name: { en: 'Harbour', ko: '포구' }, exposure: 0.15 },
  { name: { en: 'Station', ko: '역전' }, exposure: 0.1 },
];
const sewerExposures = [0.95, 0.42, 0.74, 0.35, 0.3, 0.25];

export function buildFloodSensors(ground: Ground, net: RoadNet): Device[] {
  return [
    ...gauges.map(({ x, name, exposure, stages: [attentionM, cautionM, alertM, seriousM] }, i) =>
      device(ground, `RG-${i + 1}`, 'river-gauge', `${name} gauge`, ground.riverAt(x), {
        attentionM,
        cautionM,
        alertM,
        seriousM,
        river: 'Haedong River',
        exposure,
      }),
    ),
    ...ground.districts.map(({ name, centre: [x, y] }, i) =>
      device(ground, `RN-${i + 1}`, 'rain-gauge', `${name.en} rain gauge`, [x - 220, y + 260], {
        exposure: rainExposures[i] ?? 0.5,
      }),
    ),
    ...underpassPlaces(ground, net).map((point, i) => {
      const { name, exposure } = underpasses[i] ?? { name: { en: `Underpass ${i + 1}`, ko: '' }, exposure: 0.1 };
      return device(ground, `UP-${i + 1}`, 'underpass', `${name.en} underpass`, point, { clearanceM: 4.2, exposure });
    }),
    ...ground.districts.map(({ name, centre: [x, y] }, i) =>
      device(ground, `SW-${i + 1}`, 'sewer-level', `${name.en} trunk sewer`, [x + 260, y - 200], {
        manholeDepthM: 4,
        exposure: sewerExposures[i] ?? 0.3,
      }),
    ),
  ];
}

/** Where main roads dive near the river, each well away from the others, the most central first. */
function underpassPlaces(ground: Ground, net: RoadNet): Point[] {
  const candidates = net.roads
    .filter((road) => road.isMajor)
    .flatMap((road) => road.points)
    .filter((point) => {
      const metres = ground.riverDistance(point);
      return metres > 190 && metres < 330;
    })
    .sort((a, b) => distance(a, [0, 0]) - distance(b, [0, 0]));
  const places: Point[] = [];
  for (const point of candidates) {
    if (places.length === underpasses.length) break;
    if (places.every((place) => distance(place, point) > 450)) places.push(point);
  }
  return places;
}

function device(
  ground: Ground,
  id: string,
  kind: string,
  name: string,
  point: Point,
  attributes: Device['attributes'],
): Device {
  const [longitude, latitude] = ground.position(point);
  const district = ground.districtAt(point).id;
  return {
    id,
    domain: 'flood',
    kind,
    district,
    name,
    latitude,
    longitude,
    intervalS: INTERVAL_S,
    parent: null,
    attributes,
  };
}
