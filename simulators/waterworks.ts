/** Two purification plants, stage by stage, and the network they feed. */
import type { Device, InLanguages } from '@haechi/core';
import type { Point } from './geometry.ts';
import type { Ground } from './ground.ts';

export interface Site {
  id: string;
  name: InLanguages;
  point: Point;
}

/** Along the plant, metres from the intake: [suffix, kind, name, place, attributes]. */
type Unit = readonly [string, string, string, Point, Record<string, string | number>];

const INTERVAL_S = 10;
const wellLevels = { drainedM: 0.6, lowM: 1.4, highM: 4.6, overflowM: 5.2, volumeM3: 6000 };
const reservoirLevels = { drainedM: 0.8, lowM: 1.6, highM: 5.4, overflowM: 6, volumeM3: 9000 };

const units: readonly Unit[] = [
  ['RAW', 'quality-station', 'raw water', [0, 0], { stage: 'intake', asset: 'raw main', turbidityLimitNtu: 150 }],
  ['P1', 'pump', 'intake pump 1', [35, 40], { stage: 'intake', asset: 'duty', ratedFlowLps: 190 }],
  ['P2', 'pump', 'intake pump 2', [35, -40], { stage: 'intake', asset: 'duty', ratedFlowLps: 190 }],
  ['DOSE', 'doser', 'coagulant doser', [95, 0], { stage: 'coagulation', asset: 'PAC doser', doseMinMgL: 8 }],
  [
    'SED',
    'quality-station',
    'settled water',
    [155, 0],
    { stage: 'sedimentation', asset: 'basins 1–4', turbidityLimitNtu: 2 },
  ],
  ['FLT1', 'filter', 'filter 1', [215, 60], { stage: 'filtration', asset: 'filter 1', areaM2: 72 }],
  ['FLT2', 'filter', 'filter 2', [215, 0], { stage: 'filtration', asset: 'filter 2', areaM2: 72 }],
  ['FLT3', 'filter', 'filter 3', [215, -60], { stage: 'filtration', asset: 'filter 3', areaM2: 72 }],
  [
    'CFE',
    'quality-station',
    'filtered water',
    [270, 0],
    { stage: 'filtration', asset: 'combined effluent', turbidityLimitNtu: 0.5 },
  ],
  [
    'CL2',
    'quality-station',
    'disinfection',
    [320, 0],
    { stage: 'disinfection', asset: 'contact tank', turbidityLimitNtu: 0.5 },
  ],
  ['WELL', 'tank', 'clear well', [375, 0], { stage: 'clear-well', asset: 'clear well', ...wellLevels }],
  ['P3', 'pump', 'supply pump 1', [425, 40], { stage: 'distribution', asset: 'duty', ratedFlowLps: 170 }],
  ['P4', 'pump', 'supply pump 2', [425, -40], { stage: 'distribution', asset: 'stand-by', ratedFlowLps: 170 }],
];

export function buildWaterworks(ground: Ground): { sites: Site[]; devices: Device[] } {
  const plants = [
    { id: 'WTP-A', name: { en: 'Dongmun Purification Plant', ko: '동문정수장' }, point: bankAt(ground, 2500, 420) },
    { id: 'WTP-B', name: { en: 'Seohae Purification Plant', ko: '서해정수장' }, point: bankAt(ground, -3300, -420) },
  ];
  const inPlants = plants.flatMap((plant) =>
    units.map(([suffix, kind, name, [x, y], attributes]) =>
      device(
        ground,
        `${plant.id}-${suffix}`,
        kind,
        `${plant.name.en.split(' ')[0]} ${name}`,
        [plant.point[0] + x, plant.point[1] + y],
        {
          ...attributes,
          plant: plant.id,
        },
        plant.id,
      ),
    ),
  );
  return { sites: plants, devices: [...inPlants, ...network(ground)] };
}

/** Reservoirs on the hills; in every district a tap that is watched and a pressure point. */
function network(ground: Ground): Device[] {
  const reservoirs: [string, string, Point][] = [
    ['RES-1', 'Pine Hill reservoir', [600, 3050]],
    ['RES-2', 'Harbour reservoir', [3300, -1200]],
  ];
  return [
    ...reservoirs.map(([id, name, point]) =>
      device(ground, id, 'tank', name, point, { stage: 'distribution', asset: name, ...reservoirLevels }, null),
    ),
    device(
      ground,
      'VLV-1',
      'valve',
      'River crossing valve',
      bankAt(ground, 300, 300),
      { stage: 'distribution', asset: 'crossing main' },
      null,
    ),
    ...ground.districts.flatMap(({ id, name, centre: [x, y] }) => [
      device(
        ground,
        `TAP-${id}`,
        'quality-station',
        `${name.en} tap`,
        [x + 120, y + 90],
        { stage: 'distribution', asset: 'tap', turbidityLimitNtu: 0.5 },
        null,
      ),
      device(
        ground,
        `PRS-${id}`,
        'pressure-point',
        `${name.en} pressure`,
        [x - 160, y - 110],
        { stage: 'distribution', asset: 'main', pressureLowM: 15.3 },
        null,
      ),
    ]),
  ];
}

function bankAt(ground: Ground, x: number, offset: number): Point {
  const [, y] = ground.riverAt(x);
  return [x, y + offset];
}

function device(
  ground: Ground,
  id: string,
  kind: string,
  name: string,
  point: Point,
  attributes: Record<string, string | number>,
  parent: string | null,
): Device {
  const [longitude, latitude] = ground.position(point);
  const district = ground.districtAt(point).id;
  return {
    id,
    domain: 'water-treatment',
    kind,
    district,
    name,
    latitude,
    longitude,
    intervalS: INTERVAL_S,
    parent,
    attributes,
  };
}
