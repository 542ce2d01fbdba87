import * as z from 'zod';
import { isTimeZone } from './time-zone.ts';

const names = z.strictObject({ en: z.string().min(1), ko: z.string().min(1) });
const position = z.tuple([z.number(), z.number()]).rest(z.number());

const feature = z.strictObject({
  type: z.literal('Feature'),
  /** `class` says what it is (land, district, water, road, feeder …), `name` what people call it. */
  properties: z.looseObject({
    class: z.enum(['land', 'district', 'water', 'park', 'road-major', 'road-minor', 'feeder', 'site']),
    name: names.optional(),
    id: z.string().optional(),
  }),
  geometry: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('Point'), coordinates: position }),
    z.strictObject({ type: z.literal('LineString'), coordinates: z.array(position).min(2) }),
    z.strictObject({ type: z.literal('Polygon'), coordinates: z.array(z.array(position).min(4)) }),
  ]),
});

/** What the map's ground shows and what places are called. Positions are longitude, latitude (WGS 84). */
export const citySchema = z.strictObject({
  name: names,
  timeZone: z.string().refine(isTimeZone, 'not an IANA time zone'),
  /** west, south, east, north */
  bounds: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  districts: z.array(z.strictObject({ id: z.string(), name: names })).max(500),
  map: z.strictObject({ type: z.literal('FeatureCollection'), features: z.array(feature).max(20_000) }),
});

export type City = z.output<typeof citySchema>;
export type CityFeature = z.output<typeof feature>;
