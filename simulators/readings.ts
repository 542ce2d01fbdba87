import type { Values } from '@haechi/core';
import type { DemoCity } from './demo-city.ts';
import { type SimulatedCity, simulateCity } from './simulated-city.ts';

export interface SimulatedReading {
  ts: number;
  device: string;
  values: Values;
}

export interface ReadingsOptions {
  demoCity: DemoCity;
  startMs: number;
  durationMs: number;
  seed: number;
}

/**
 * The readings of a whole city in order of time, without a broker and as fast as they are taken: the same options
 * give the same readings, to the last digit.
 */
export async function* deterministicReadings(options: ReadingsOptions): AsyncGenerator<SimulatedReading> {
  const { demoCity, startMs, durationMs, seed } = options;
  const simulated: SimulatedCity = await simulateCity(demoCity, startMs, seed);
  const { devices } = demoCity;
  const due = new Map<number, number[]>();
  const push = (tick: number, index: number) => {
    const indexes = due.get(tick);
    if (indexes) indexes.push(index);
    else due.set(tick, [index]);
  };
  for (const [index, device] of devices.entries()) push(Math.floor(offsetMs(index, device.intervalS)), index);
  for (let elapsedMs = 0; elapsedMs < durationMs && due.size > 0; elapsedMs++) {
    const indexes = due.get(elapsedMs);
    if (!indexes) continue;
    due.delete(elapsedMs);
    for (const index of indexes) {
      const device = devices[index];
      if (!device) continue;
      push(elapsedMs + Math.max(1, Math.round(device.intervalS * 1000)), index);
      const values = simulated.read(device, elapsedMs);
      if (values) yield { ts: startMs + elapsedMs, device: device.id, values };
    }
  }
}

/** Where in its interval a device reports: the golden ratio spreads any number of them evenly. */
export function offsetMs(index: number, intervalS: number): number {
  return ((index * 0.618_033_988_749_895) % 1) * intervalS * 1000;
}
