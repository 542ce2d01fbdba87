/** The demo city come to life: each device's behaviour, in the weather and with the faults of the moment. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type Behaviour,
  COMMUNICATION_LOST,
  type Device,
  type Fault,
  type Simulate,
  seedOf,
  type Values,
  type World,
} from '@haechi/core';
import { loadDomains } from '@haechi/domains';
import type { DemoCity } from './demo-city.ts';
import { demoScenario, type Scenario } from './scenario.ts';
import { weather } from './weather.ts';

export interface SimulatedCity {
  scenario: Scenario;
  world(elapsedMs: number): World;
  /** A device's values at a time since the start; `undefined` while it is cut off. Times must not run backwards for a device. */
  read(device: Device, elapsedMs: number): Values | undefined;
}

/** Every system's `simulate.ts`, by the system's id. */
export async function loadSimulates(): Promise<ReadonlyMap<string, Simulate>> {
  const entries = (await loadDomains())
    .filter(({ folder }) => existsSync(join(folder, 'simulate.ts')))
    .map(async ({ id, folder }) => {
      const module = (await import(pathToFileURL(join(folder, 'simulate.ts')).href)) as { simulate?: Simulate };
      if (!module.simulate) throw new Error(`domains/${id}/simulate.ts exports no simulate`);
      return [id, module.simulate] as const;
    });
  return new Map(await Promise.all(entries));
}

/** `seed` decides noise, faults and weather; the city has its own. */
export async function simulateCity(demoCity: DemoCity, startMs: number, seed: number): Promise<SimulatedCity> {
  const simulates = await loadSimulates();
  const { city, devices, rounds } = demoCity;
  const [west, south, east, north] = city.bounds;
  const place = { latitude: (south + north) / 2, longitude: (west + east) / 2, timeZone: city.timeZone };
  const world = weather(seed, startMs, place);
  const scenario = demoScenario(seed, devices, (device) => rounds.has(device));
  const behaviours = new Map<string, Behaviour>();
  for (const device of devices) {
    const simulate = simulates.get(device.domain);
    const round = rounds.get(device.id);
    const context = {
      seed: seedOf(seed, device.id),
      ...(round ? { route: round.route, routeOffsetMs: round.offsetMs } : {}),
    };
    if (simulate) behaviours.set(device.id, simulate(device, context));
  }
  return {
    scenario,
    world,
    read(device, elapsedMs) {
      const faults = scenario.faults(device.id, elapsedMs);
      if (isCutOff(faults)) return undefined;
      return behaviours.get(device.id)?.read(world(elapsedMs), faults);
    },
  };
}

function isCutOff(faults: readonly Fault[]): boolean {
  return faults.some(({ name }) => name === COMMUNICATION_LOST);
}
