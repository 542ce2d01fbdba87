/**
 * A purification plant and its network as they report. Faults: `pump-trip`, `turbidity-excursion`, `chlorine-loss`,
 * `contamination`, `filter-worn`, `doser-blocked`, `overfilling`, `burst`.
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

/** Turbidity (NTU) and free chlorine (mg/L) of healthy water by stage; chlorine comes in at disinfection. */
const usual: Record<string, { turbidity: number; freeChlorine: number; toc: number }> = {
  intake: { turbidity: 6, freeChlorine: 0, toc: 2.6 },
  coagulation: { turbidity: 7, freeChlorine: 0, toc: 2.5 },
  sedimentation: { turbidity: 0.8, freeChlorine: 0, toc: 1.9 },
  filtration: { turbidity: 0.08, freeChlorine: 0, toc: 1.5 },
  disinfection: { turbidity: 0.08, freeChlorine: 1.05, toc: 1.45 },
  'clear-well': { turbidity: 0.09, freeChlorine: 0.85, toc: 1.4 },
  distribution: { turbidity: 0.12, freeChlorine: 0.5, toc: 1.4 },
};
const FILTER_RUN_H = 60;

export const simulate: Simulate = (device, { seed }) => {
  const make = makers[device.kind];
  if (!make) throw new Error(`water-treatment: no behaviour for kind ${device.kind}`);
  return make(device, seed);
};

const makers: Record<string, (device: Device, seed: number) => Behaviour> = {
  'quality-station': qualityStation,
  tank,
  pump,
  filter,
  doser,
  valve,
  'pressure-point': pressurePoint,
};

/** The city's demand against its mean: least at 4 h, most at 8 and 19 h. */
function demand(world: World): number {
  const morning = Math.exp(-(((world.hour - 8) / 2.2) ** 2));
  const evening = Math.exp(-(((world.hour - 19) / 2.8) ** 2));
  return 0.68 + 0.55 * morning + 0.5 * evening;
}

function qualityStation(device: Device, seed: number): Behaviour {
  const stage = String(device.attributes['stage'] ?? 'distribution');
  const base = usual[stage] ?? { turbidity: 0.12, freeChlorine: 0.5, toc: 1.4 };
  const own = 0.92 + randomFrom(seed)() * 0.16;
  const limit = Number(device.attributes['turbidityLimitNtu'] ?? 0.5);
  const isChlorinated = base.freeChlorine > 0;
  return {
    read(world, faults) {
      const { timeMs } = world;
      const excursion = faultStrength(faults, 'turbidity-excursion');
      const poison = faultStrength(faults, 'contamination');
      // The river's mud reaches intake and settling; what leaves the filters hardly shows it.
      const mud = stage === 'intake' || stage === 'coagulation' ? world.river * 60 : 0;
      const clear = base.turbidity * own * (1 + noise(seed, timeMs, 90_000) * 0.12) + mud;
      const chlorine = base.freeChlorine * own * (1 + noise(seed + 1, timeMs, 240_000) * 0.06);
      const lost = Math.max(0.78 * faultStrength(faults, 'chlorine-loss'), 0.7 * poison);
      return {
        turbidity: roundTo(clear + excursion * limit * 1.35, 3),
        ...(isChlorinated ? { freeChlorine: roundTo(chlorine * (1 - lost), 2) } : {}),
        ph: roundTo(7.25 * (0.99 + own * 0.01) + noise(seed + 2, timeMs, 600_000) * 0.08, 2),
        temperature: roundTo(Math.max(3, world.temperatureC * 0.6 + 5) + noise(seed + 3, timeMs, 900_000) * 0.2, 1),
        conductivity: roundTo(215 * own + noise(seed + 4, timeMs, 300_000) * 5 + poison * 280, 0),
        toc: roundTo(base.toc * own + noise(seed + 5, timeMs, 300_000) * 0.06 + poison * 4, 2),
      };
    },
  };
}

/** A clear well or reservoir: filled at night, drawn by day, between its low and high levels. */
function tank(device: Device, seed: number): Behaviour {
  const lowM = Number(device.attributes['lowM'] ?? 1.5);
  const highM = Number(device.attributes['highM'] ?? 5);
  const overflowM = Number(device.attributes['overflowM'] ?? highM + 0.5);
  const share = 120 + randomFrom(seed)() * 80;
  return {
    read(world, faults) {
      const daily = 0.5 + 0.3 * Math.cos(((world.hour - 6) / 24) * 2 * Math.PI);
      const normal = lowM + (highM - lowM) * (daily + noise(seed, world.timeMs, 1_200_000) * 0.06);
      const over = faultStrength(faults, 'overfilling');
      const drained = faultStrength(faults, 'burst');
      const level = normal + (highM + (overflowM - highM) * 0.5 - normal) * over - (normal - lowM * 0.85) * drained;
      return {
        level: roundTo(level, 2),
        flow: roundTo(share * (demand(world) + 0.7 * drained) * (1 + noise(seed + 1, world.timeMs, 60_000) * 0.03), 1),
        temperature: roundTo(Math.max(3, world.temperatureC * 0.6 + 5), 1),
      };
    },
  };
}

function pump(device: Device, seed: number): Behaviour {
  const rated = Number(device.attributes['ratedFlowLps'] ?? 180);
  const isStandby = device.attributes['asset'] === 'stand-by';
  return {
    read(world, faults) {
      const tripped = hasFault(faults, 'pump-trip');
      const pumpCommand = isStandby ? 'stop' : 'run';
      const runs = pumpCommand === 'run' && !tripped;
      const flow = runs ? rated * (0.86 + 0.14 * demand(world)) * (1 + noise(seed, world.timeMs, 30_000) * 0.015) : 0;
      return {
        pumpState: tripped ? 'fault' : runs ? 'running' : 'stopped',
        pumpCommand,
        flow: roundTo(flow, 1),
        pressure: roundTo(runs ? 52 + noise(seed + 1, world.timeMs, 30_000) * 1.2 : 11.5, 1),
      };
    },
  };
}

/** A rapid sand filter: it clogs over its run, is washed, and lets a little through while it ripens. */
function filter(_device: Device, seed: number): Behaviour {
  const offsetH = randomFrom(seed)() * FILTER_RUN_H;
  return {
    read(world, faults) {
      const runH = (world.timeMs / 3_600_000 + offsetH) % FILTER_RUN_H;
      const ripening = 0.09 * Math.exp(-runH / 0.15);
      const worn = faultStrength(faults, 'filter-worn');
      const turbidity =
        0.07 + ripening + 0.02 * (runH / FILTER_RUN_H) + worn * 0.32 + noise(seed, world.timeMs, 60_000) * 0.006;
      return {
        turbidity: roundTo(turbidity, 3),
        headLoss: roundTo(0.35 + 1.35 * (runH / FILTER_RUN_H) ** 1.2 + noise(seed + 1, world.timeMs, 60_000) * 0.01, 2),
        filterRunHours: roundTo(runH, 1),
        flow: roundTo(62 * (0.9 + 0.1 * demand(world)) + noise(seed + 2, world.timeMs, 30_000), 1),
      };
    },
  };
}

function doser(device: Device, seed: number): Behaviour {
  const least = Number(device.attributes['doseMinMgL'] ?? 8);
  return {
    read(world, faults) {
      const blocked = faultStrength(faults, 'doser-blocked');
      // Muddy water needs more; the plant follows its raw turbidity.
      const dose = least * (1.5 + world.river * 1.2) + noise(seed, world.timeMs, 120_000) * 0.4;
      return {
        coagulantDose: roundTo(dose * (1 - 0.8 * blocked), 1),
        flow: roundTo(360 * (0.8 + 0.2 * demand(world)) + noise(seed + 1, world.timeMs, 30_000) * 4, 1),
        valvePosition: roundTo(Math.min(100, 40 + world.river * 35 + blocked * 25), 0),
      };
    },
  };
}

function valve(_device: Device, seed: number): Behaviour {
  return {
    read(world) {
      const valvePosition = Math.min(100, 30 + 40 * demand(world));
      return {
        valvePosition: roundTo(valvePosition, 0),
        flow: roundTo(valvePosition * 2.2 + noise(seed, world.timeMs, 60_000) * 3, 1),
      };
    },
  };
}

function pressurePoint(_device: Device, seed: number): Behaviour {
  const restM = 38 + randomFrom(seed)() * 14;
  return {
    read(world, faults) {
      const used = 9 * demand(world);
      const burst = faultStrength(faults, 'burst') * (restM - 20);
      return {
        pressure: roundTo(restM - used - burst + noise(seed, world.timeMs, 20_000) * 0.5, 1),
        flow: roundTo(24 * demand(world) + burst * 1.6 + noise(seed + 1, world.timeMs, 30_000) * 0.6, 1),
      };
    },
  };
}
