/**
 * Gauges as they report in the world's weather. How much of it reaches a place is the device's own, from the
 * registry: `exposure` (1 as the world says, less where it is sheltered). Faults: `barrier-stuck` for an underpass,
 * `battery-weak` for any.
 */
import {
  type Behaviour,
  type Device,
  faultStrength,
  hasFault,
  noise,
  randomFrom,
  roundTo,
  type Simulate,
  type World,
} from '@haechi/core';

/** What an underpass takes at full exposure when runoff is at its worst, cm. */
const DEPTH_AT_WORST_CM = 26;
const CLOSED_TO_TRAFFIC_CM = 15;
/** A barrier opens again when the road is passable, not when the last stage is left. */
const REOPENED_BELOW_CM = 4;
const BARRIER_FALL_MS = 40_000;

export const simulate: Simulate = (device, { seed }) => {
  const exposure = Number(device.attributes['exposure'] ?? 1);
  const read = readerOf(device, seed, exposure);
  const battery = 12.6 + randomFrom(seed)() * 0.6;
  return {
    read(world, faults) {
      const charge = world.sunElevation > 0 ? 0.6 : 0;
      const sag = 1.2 * faultStrength(faults, 'battery-weak');
      return {
        ...read.read(world, faults),
        batteryVoltage: roundTo(battery + charge + noise(seed + 9, world.timeMs, 600_000) * 0.05 - sag, 2),
      };
    },
  };
};

function readerOf(device: Device, seed: number, exposure: number): Behaviour {
  switch (device.kind) {
    case 'river-gauge':
      return riverGauge(device, seed, exposure);
    case 'rain-gauge':
      return rainGauge(seed, exposure);
    case 'underpass':
      return underpass(seed, exposure);
    default:
      return sewerLevel(seed, exposure);
  }
}

function riverGauge(device: Device, seed: number, exposure: number): Behaviour {
  const attentionM = Number(device.attributes['attentionM'] ?? 2);
  const seriousM = Number(device.attributes['seriousM'] ?? 4);
  const baseM = attentionM * (0.42 + randomFrom(seed)() * 0.1);
  return {
    read(world) {
      const ripple = noise(seed, world.timeMs, 45_000) * 0.012;
      const level = baseM + world.river * exposure * (seriousM - baseM) + ripple;
      const swell = Math.min(1, world.river * exposure);
      return {
        level: roundTo(level, 2),
        // A rating curve Q = a (h - h0)^b with the exponent of a natural channel.
        discharge: roundTo(14 * Math.max(0, level - baseM * 0.4) ** 1.67, 2),
        turbidity: roundTo(4 + 320 * swell ** 1.5 + Math.abs(noise(seed + 1, world.timeMs, 60_000)) * 3, 1),
        // Rain has few ions: a flood thins the river.
        conductivity: roundTo(310 - 150 * swell + noise(seed + 2, world.timeMs, 120_000) * 4, 0),
        temperature: roundTo(
          Math.max(2, world.temperatureC * 0.7 + 4) + noise(seed + 3, world.timeMs, 900_000) * 0.3,
          1,
        ),
      };
    },
  };
}

function rainGauge(seed: number, exposure: number): Behaviour {
  const sum = (amount: number) => roundTo(amount * exposure, 1);
  return {
    read(world: World) {
      // A tipping bucket counts whole tips, so a shower comes in steps.
      const gust = 1 + noise(seed, world.timeMs, 40_000) * 0.15;
      return {
        rain10min: sum(world.rain10min),
        rain1min: Math.min(50, sum(world.rain1min * gust)),
        rain60min: sum(world.rain60min),
      };
    },
  };
}

function underpass(seed: number, exposure: number): Behaviour {
  let closedSinceMs: number | undefined;
  let floodedSinceMs: number | undefined;
  return {
    read(world, faults) {
      const wave = Math.abs(noise(seed, world.timeMs, 25_000)) * 0.5;
      const water = (world.runoff * exposure) ** 1.4 * DEPTH_AT_WORST_CM;
      const waterDepth = water < 0.5 ? 0 : water + wave;
      if (waterDepth >= CLOSED_TO_TRAFFIC_CM) floodedSinceMs ??= world.timeMs;
      else floodedSinceMs = undefined;
      const fallen = floodedSinceMs !== undefined && world.timeMs - floodedSinceMs >= BARRIER_FALL_MS;
      if (fallen && !hasFault(faults, 'barrier-stuck')) closedSinceMs ??= world.timeMs;
      if (waterDepth < REOPENED_BELOW_CM) closedSinceMs = undefined;
      return { waterDepth: roundTo(waterDepth, 1), barrierClosed: closedSinceMs !== undefined };
    },
  };
}

function sewerLevel(seed: number, exposure: number): Behaviour {
  const dry = 14 + randomFrom(seed)() * 10;
  return {
    read(world) {
      // Two peaks a day, as people rise and come home.
      const household = 6 * Math.sin(((world.hour - 2) / 24) * 4 * Math.PI);
      const storm = world.runoff * exposure * 90;
      return {
        sewerLevel: roundTo(Math.max(3, dry + household + storm + noise(seed, world.timeMs, 60_000) * 1.2), 0),
      };
    },
  };
}
