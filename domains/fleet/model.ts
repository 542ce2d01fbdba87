import { defineDomain, flag, type KindDefinition, number, text } from '@haechi/core';
import * as z from 'zod';

const telemetry = {
  latitude: number({ unit: '°', min: -90, max: 90, decimals: 5 }),
  longitude: number({ unit: '°', min: -180, max: 180, decimals: 5 }),
  altitude: number({ unit: 'm', min: -500, max: 9000, decimals: 0 }),
  speed: number({ unit: 'km/h', min: 0, max: 250, decimals: 0 }),
  heading: number({ unit: '°', min: 0, max: 360, decimals: 0 }),
  hdop: number({ unit: '', min: 0, max: 100 }),
  satellites: number({ unit: '', min: 0, max: 60, decimals: 0 }),
  ignition: flag(),
  odometer: number({ unit: 'km', min: 0, max: 5_000_000, counter: true }),
  fuelLevel: number({ unit: '%', min: 0, max: 100, decimals: 0 }),
  stateOfCharge: number({ unit: '%', min: 0, max: 100, decimals: 0 }),
  engineTemperature: number({ unit: '°C', min: -40, max: 200, decimals: 0 }),
  batteryVoltage: number({ unit: 'V', min: 0, max: 60 }),
  doorOpen: flag(),
  passengers: number({ unit: '', min: 0, max: 300, decimals: 0 }),
  driverId: text(),
  /** Fault codes, space-separated (SAE J2012); empty when there are none. */
  dtc: text(128),
  tripId: text(),
};
type Field = keyof typeof telemetry;

/** What any vehicle's tracker sends. */
const tracker: readonly Field[] = [
  'latitude',
  'longitude',
  'heading',
  'altitude',
  'hdop',
  'satellites',
  'ignition',
  'odometer',
];
const engine: readonly Field[] = ['fuelLevel', 'engineTemperature'];
const service: readonly Field[] = ['batteryVoltage', 'dtc', 'driverId', 'tripId'];

function vehicle(own: readonly Field[]): KindDefinition<Field> {
  return {
    fields: ['speed', ...own, ...tracker, ...service],
    symbol: 'arrow',
    active: { field: 'speed', above: 3 },
    intervalS: 10,
    attributes: z.object({
      /** The limit this vehicle is held to: the law's, the operator's own, or its governor's. */
      speedLimitKph: z.number().positive(),
      plate: z.string().optional(),
      line: z.string().optional(),
      depot: z.string().optional(),
    }),
  };
}

export const model = defineDomain({
  id: 'fleet',
  icon: 'bus',
  order: 40,
  telemetry,
  kinds: {
    bus: vehicle(['passengers', 'doorOpen', 'stateOfCharge']),
    'refuse-truck': vehicle(engine),
    sweeper: vehicle(engine),
    'snow-plough': vehicle(engine),
    emergency: vehicle(engine),
  },
});
