import { citySchema, deviceSchema } from '@haechi/core';
import { loadDomains } from '@haechi/domains';
import { describe, expect, it } from 'vitest';
import { buildDemoCity } from './demo-city.ts';

const models = new Map((await loadDomains()).map(({ id, model }) => [id, model]));

describe.each([
  { lights: 600, vehicles: 45, seed: 7 },
  { lights: 10_000, vehicles: 500, seed: 7 },
  { lights: 0, vehicles: 0, seed: 1 },
  { lights: 1000, vehicles: 100, seed: 2026 },
])('a city of $lights lights and $vehicles vehicles, seed $seed', (options) => {
  const { city, devices, rounds } = buildDemoCity(options);

  it('is a city and devices as the platform takes them', () => {
    expect(citySchema.safeParse(city).error).toBeUndefined();
    for (const device of devices) {
      expect(deviceSchema.safeParse(device).error?.issues, device.id).toBeUndefined();
      const kind = models.get(device.domain)?.kinds[device.kind];
      expect(kind?.attributes.safeParse(device.attributes).error?.issues, device.id).toBeUndefined();
    }
    expect(new Set(devices.map(({ id }) => id)).size).toBe(devices.length);
  });

  it('has as many as were asked for, and enough water and flood sensors', () => {
    const count = (domain: string, kind?: string) =>
      devices.filter((device) => device.domain === domain && (!kind || device.kind === kind)).length;
    expect(count('street-light', 'light')).toBe(options.lights);
    expect(count('fleet')).toBe(options.vehicles);
    expect(count('water-treatment')).toBeGreaterThanOrEqual(20);
    expect(count('flood')).toBeGreaterThanOrEqual(20);
    if (options.lights > 0) expect(count('street-light', 'cabinet')).toBeGreaterThanOrEqual(6);
  });

  it('keeps everything in bounds and in a district it names', () => {
    const [west, south, east, north] = city.bounds;
    const districts = new Set(city.districts.map(({ id }) => id));
    for (const { id, latitude, longitude, district } of devices) {
      expect(latitude > south && latitude < north && longitude > west && longitude < east, id).toBe(true);
      expect(districts, id).toContain(district);
    }
  });

  it('hangs every light on a feeder that is drawn', () => {
    const drawn = new Set(city.map.features.filter((f) => f.properties.class === 'feeder').map((f) => f.properties.id));
    const lights = devices.filter(({ kind }) => kind === 'light');
    const bare = lights.filter(({ parent }) => !drawn.has(parent ?? ''));
    // A feeder cut to a single light has no line to draw.
    expect(bare.length).toBeLessThanOrEqual(1);
  });

  it('has rounds that end where they begin, without a jump', () => {
    for (const { route } of rounds.values()) {
      const [first, last] = [route.positions[0], route.positions.at(-1)];
      expect(Math.abs((first?.[0] ?? 0) - (last?.[0] ?? 1)), route.line).toBeLessThan(1e-5);
      expect(Math.abs((first?.[1] ?? 0) - (last?.[1] ?? 1)), route.line).toBeLessThan(1e-5);
      const steps = route.distancesM.map((at, i) => at - (route.distancesM[i - 1] ?? at));
      expect(Math.max(...steps), route.line).toBeLessThan(90);
    }
  });
});

it('is the same city for the same seed, and another for another', () => {
  const small = { lights: 60, vehicles: 10 };
  expect(buildDemoCity({ ...small, seed: 5 })).toEqual(buildDemoCity({ ...small, seed: 5 }));
  expect(buildDemoCity({ ...small, seed: 5 }).city).not.toEqual(buildDemoCity({ ...small, seed: 6 }).city);
});
