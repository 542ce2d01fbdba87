/**
 * A vehicle on its round, or at rest in its depot. Where it is follows from the time alone, as a timetable does;
 * only a driver in a hurry (`overspeed`) gets ahead of it, and stays ahead. Other faults: `overheating`,
 * `door-contact`, `fault-code`, `alternator`.
 */
import {
  type Behaviour,
  type Device,
  type Fault,
  faultStrength,
  hasFault,
  noise,
  type Route,
  randomFrom,
  roundTo,
  type Simulate,
  seedOf,
  type World,
} from '@haechi/core';
import { placeOn, timetable } from './timetable.ts';

/** How much faster than its timetable a hurried driver goes. */
const HURRY = 0.85;
const METRES_PER_DEGREE = 111_320;
const SOC_CYCLE_MS = 5 * 3_600_000;
const TANK_CYCLE_MS = 40 * 3_600_000;

export const simulate: Simulate = (device, { seed, route, routeOffsetMs = 0 }) =>
  route ? onRound(device, seed, route, routeOffsetMs) : inDepot(device, seed);

function onRound(device: Device, seed: number, route: Route, offsetMs: number): Behaviour {
  const random = randomFrom(seed);
  const table = timetable(route);
  const baseKm = 20_000 + random() * 180_000;
  const isBus = device.kind === 'bus';
  const capacity = 24 + random() * 20;
  let leadMs = 0;
  let lastMs: number | undefined;

  return {
    read(world, faults) {
      const hurries = hasFault(faults, 'overspeed');
      if (hurries && lastMs !== undefined) leadMs += Math.max(0, world.timeMs - lastMs) * HURRY;
      lastMs = world.timeMs;
      const ranMs = world.timeMs + offsetMs + leadMs;
      const loops = Math.floor(ranMs / table.durationMs);
      const now = table.at(ranMs - loops * table.durationMs);
      const place = placeOn(route, now.distanceM);
      const speed = now.speedKph * (hurries ? 1 + HURRY : 1);
      const stuckOpen = hasFault(faults, 'door-contact');
      const jitterM = now.speedKph > 0 ? 1.5 : 0.6;
      return {
        ...fix(seed, world, place, jitterM),
        speed: roundTo(Math.max(0, speed + (speed > 0 ? noise(seed, world.timeMs, 8000) * 1.2 : 0)), 1),
        heading: roundTo(place.heading, 0) % 360,
        ignition: true,
        odometer: roundTo(baseKm + ((loops % 20_000) * table.lengthM + now.distanceM) / 1000, 2),
        ...(isBus
          ? {
              doorOpen: now.atStop || stuckOpen,
              passengers: passengers(seed, capacity, loops, now.leg, world),
              stateOfCharge: roundTo(38 + 48 * triangle(world.timeMs, SOC_CYCLE_MS, seed), 0),
            }
          : engine(seed, world, faults, true)),
        ...service(seed, faults, 28.1, world),
        driverId: `D-${1000 + (seed % 900)}`,
        tripId: `${route.line}-${loops % 1000}`,
      };
    },
  };
}

function inDepot(device: Device, seed: number): Behaviour {
  const baseKm = 20_000 + randomFrom(seed)() * 180_000;
  return {
    read(world, faults) {
      return {
        ...fix(seed, world, { latitude: device.latitude, longitude: device.longitude }, 0.6),
        speed: 0,
        heading: seed % 360,
        ignition: false,
        odometer: roundTo(baseKm, 2),
        ...(device.kind === 'bus'
          ? { doorOpen: false, passengers: 0, stateOfCharge: 96 }
          : engine(seed, world, faults, false)),
        ...service(seed, faults, 25.4, world),
      };
    },
  };
}

function fix(seed: number, world: World, place: { latitude: number; longitude: number }, jitterM: number) {
  const north = (noise(seed + 1, world.timeMs, 15_000) * jitterM) / METRES_PER_DEGREE;
  const east = (noise(seed + 2, world.timeMs, 15_000) * jitterM) / METRES_PER_DEGREE;
  const sky = 0.5 + noise(seed + 3, world.timeMs, 60_000) / 2;
  return {
    latitude: roundTo(place.latitude + north, 6),
    longitude: roundTo(place.longitude + east, 6),
    altitude: roundTo(22 + noise(seed + 4, world.timeMs, 120_000) * 6, 0),
    hdop: roundTo(0.7 + sky * 0.8, 1),
    satellites: Math.round(9 + (1 - sky) * 7),
  };
}

function engine(seed: number, world: World, faults: readonly Fault[], isRunning: boolean) {
  const warm = isRunning ? 88 + noise(seed + 5, world.timeMs, 180_000) * 3 : world.temperatureC;
  return {
    fuelLevel: roundTo(28 + 65 * (1 - sawtooth(world.timeMs, TANK_CYCLE_MS, seed)), 0),
    engineTemperature: roundTo(warm + 22 * faultStrength(faults, 'overheating'), 0),
  };
}

function service(seed: number, faults: readonly Fault[], volts: number, world: World) {
  return {
    batteryVoltage: roundTo(
      volts + noise(seed + 6, world.timeMs, 60_000) * 0.15 - 5 * faultStrength(faults, 'alternator'),
      1,
    ),
    dtc: hasFault(faults, 'fault-code') ? 'P0562' : '',
  };
}

/** Full at the rush hours, nearly empty at night, another number after every stop. */
function passengers(seed: number, capacity: number, loops: number, leg: number, { hour }: World): number {
  const rush = Math.exp(-(((hour - 8) / 1.8) ** 2)) + Math.exp(-(((hour - 18.5) / 2) ** 2));
  const share = (hour > 5 && hour < 23.5 ? 0.22 : 0.05) + 0.6 * rush;
  const here = (seedOf(seed, loops, leg) % 1000) / 1000;
  return Math.round(capacity * share * (0.5 + here));
}

function sawtooth(timeMs: number, periodMs: number, seed: number): number {
  return ((timeMs + (seed % 1000) * (periodMs / 1000)) % periodMs) / periodMs;
}

function triangle(timeMs: number, periodMs: number, seed: number): number {
  return Math.abs(1 - 2 * sawtooth(timeMs, periodMs, seed));
}
