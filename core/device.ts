import * as z from 'zod';
import { DEVICE_PATTERN, NAME_PATTERN } from './topic.ts';

/** A device as the registry keeps it. The registry, not the topic, says which district and domain it belongs to. */
export const deviceSchema = z.strictObject({
  id: z.string().regex(DEVICE_PATTERN, 'letters, digits, _ and -, at most 64, starting with a letter or digit'),
  domain: z.string().regex(NAME_PATTERN),
  kind: z.string().regex(NAME_PATTERN),
  district: z.string().regex(NAME_PATTERN, 'lower-case letters, digits, _ and -, at most 64'),
  name: z.string().min(1).max(120),
  /** WGS 84 degrees. For a vehicle: where it is stationed. */
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  /** How often it reports, in seconds; silence and staleness are judged against it. */
  intervalS: z
    .number()
    .positive()
    .max(86_400 * 7),
  /** What it hangs on: a light's feeder, a sensor's stage. Null where it stands alone. */
  parent: z.string().max(64).nullable().default(null),
  /** What the domain's kind asks for (rated power, stage limits …), checked against the kind's own schema. */
  attributes: z.record(z.string(), z.unknown()).default({}),
});

export type Device = z.output<typeof deviceSchema>;
