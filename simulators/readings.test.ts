import { createHash } from 'node:crypto';
import { loadDomains } from '@haechi/domains';
import { expect, it } from 'vitest';
import { buildDemoCity } from './demo-city.ts';
import { deterministicReadings } from './readings.ts';
import { simulateCity } from './simulated-city.ts';
import { ROUND_MS } from './weather.ts';

const startMs = Date.UTC(2026, 6, 24, 9);
const demoCity = buildDemoCity({ lights: 60, vehicles: 20 });
const models = new Map((await loadDomains()).map(({ id, model }) => [id, model]));
const deviceOf = new Map(demoCity.devices.map((device) => [device.id, device]));

async function digest(seed: number): Promise<string> {
  const hash = createHash('sha256');
  for await (const reading of deterministicReadings({ demoCity, startMs, durationMs: 900_000, seed })) {
    hash.update(JSON.stringify(reading));
  }
  return hash.digest('hex');
}

it('reads the same for the same seed, to the last digit', async () => {
  expect(await digest(3)).toBe(await digest(3));
  expect(await digest(3)).not.toBe(await digest(4));
});

it('obeys every model over a storm, two nights and every fault', async () => {
  const simulated = await simulateCity(demoCity, startMs, 3);
  // Every 97 s for two days: no period of the world divides it, so all hours and faults are met.
  for (let elapsedMs = 0; elapsedMs < 12 * ROUND_MS; elapsedMs += 97_000) {
    for (const device of demoCity.devices) {
      const values = simulated.read(device, elapsedMs);
      if (!values) continue;
      const model = models.get(device.domain);
      const issues = model?.telemetry.safeParse(values).error?.issues;
      if (issues) expect.fail(`${device.id} at ${elapsedMs}: ${JSON.stringify(issues)}`);
      const unknown = Object.keys(values).filter((field) => !model?.kinds[device.kind]?.fields.includes(field));
      if (unknown.length > 0) expect.fail(`${device.id} reports ${unknown.join()}, which its kind does not`);
    }
  }
});

it('never lets a counter run back', async () => {
  const last = new Map<string, number>();
  const options = { demoCity, startMs, durationMs: 2 * 3_600_000, seed: 3 };
  for await (const { device, values } of deterministicReadings(options)) {
    for (const field of ['energy', 'odometer', 'operatingHours']) {
      const value = values[field];
      if (typeof value !== 'number') continue;
      const key = `${device}/${field}`;
      expect(value, key).toBeGreaterThanOrEqual(last.get(key) ?? 0);
      last.set(key, value);
    }
  }
});

it('moves vehicles no faster than they say', async () => {
  const before = new Map<string, { ts: number; latitude: number; longitude: number }>();
  const options = { demoCity, startMs, durationMs: 1_800_000, seed: 3 };
  for await (const { device, ts, values } of deterministicReadings(options)) {
    const { latitude, longitude } = values;
    if (typeof latitude !== 'number' || typeof longitude !== 'number') continue;
    const last = before.get(device);
    before.set(device, { ts, latitude, longitude });
    if (!last) continue;
    const metres = Math.hypot(latitude - last.latitude, (longitude - last.longitude) * 0.794) * 111_320;
    expect((metres / (ts - last.ts)) * 3600, device).toBeLessThan(100);
  }
});

it('cuts a device off and brings it back', async () => {
  const simulated = await simulateCity(demoCity, startMs, 3);
  const gauge = deviceOf.get('RN-4');
  if (!gauge) throw new Error('the demo city has no RN-4');
  const heard = [230, 250, 530, 550].map((s) => simulated.read(gauge, s * 1000) !== undefined);
  expect(heard).toEqual([true, false, false, true]);
});

it('has something to show within half a minute', async () => {
  const { scenario } = await simulateCity(demoCity, startMs, 3);
  const first = scenario.round(0).filter(({ fromMs }) => fromMs <= 10_000);
  expect(first.map(({ fault }) => fault)).toEqual(expect.arrayContaining(['lamp-failure', 'day-burner', 'pump-trip']));
});
