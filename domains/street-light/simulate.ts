/**
 * A luminaire and a control cabinet as they report. Faults: `lamp-failure`, `day-burner`, `column-hit`, `driver-hot`
 * for a light, `breaker-tripped`, `door-open`, `leakage` for a cabinet.
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

/** The sun's height at which the city switches, and how far single photocells differ from it. */
const SWITCH_ELEVATION = -0.8;
const SWITCH_SPREAD = 0.4;
const BURNING_HOURS_A_DAY = 11;
const STANDBY_W = 0.6;
const DAY_MS = 86_400_000;

export const simulate: Simulate = (device, { seed }) =>
  device.kind === 'cabinet' ? cabinet(device, seed) : light(device, seed);

/** The night's program, percent: full until 23 h, then with the traffic. */
function programLevel(hour: number): number {
  if (hour >= 23 || hour < 1) return 70;
  if (hour < 5) return 50;
  return hour < 12 ? 80 : 100;
}

/** Open sky, lx: dark below civil twilight, some 100,000 at noon in summer; rain clouds take most of it. */
function daylight({ sunElevation, rainRate }: World): number {
  if (sunElevation < -8) return 0.3;
  const clear =
    sunElevation < 0
      ? 400 * Math.exp(sunElevation * 0.85)
      : 400 + 110_000 * Math.sin((sunElevation * Math.PI) / 180) ** 1.3;
  return clear * (1 - 0.8 * Math.min(1, rainRate / 40));
}

function burningHours(world: World): number {
  const sinceNoon = (world.hour + 12) % 24;
  const tonight = Math.min(1, Math.max(0, (sinceNoon - 6) / 12));
  const noons = Math.floor((world.timeMs - sinceNoon * 3_600_000) / DAY_MS + 0.5);
  return (noons + tonight) * BURNING_HOURS_A_DAY;
}

function light(device: Device, seed: number): Behaviour {
  const random = randomFrom(seed);
  const rated = Number(device.attributes['ratedPowerW'] ?? 80);
  const ownSwitch = SWITCH_ELEVATION + (random() - 0.5) * SWITCH_SPREAD;
  const feedDrop = random() * 5;
  const lean = random() * 1.2;
  const signal = -68 - random() * 30;
  const installedHours = random() * 9000;
  const efficiency = 0.96 + random() * 0.06;

  return {
    read(world, faults) {
      const commandedLevel = world.sunElevation < ownSwitch ? programLevel(world.hour) : 0;
      const isBurningByDay = hasFault(faults, 'day-burner') && commandedLevel === 0;
      const dimmingLevel = isBurningByDay ? 100 : commandedLevel;
      const dark = hasFault(faults, 'lamp-failure') || dimmingLevel === 0;
      const voltage = 221 - feedDrop + noise(seed, world.timeMs, 180_000) * 1.8;
      const power = dark
        ? STANDBY_W
        : (rated * efficiency * dimmingLevel * (1 + noise(seed + 1, world.timeMs, 60_000) * 0.015)) / 100;
      const powerFactor = dark ? 0.4 : 0.9 + 0.07 * (dimmingLevel / 100);
      const burnt = burningHours(world) - 20_000 * BURNING_HOURS_A_DAY + installedHours;
      const heat = dark ? 0 : (26 * dimmingLevel) / 100;
      return {
        powerState: dimmingLevel === 0 ? 'off' : dimmingLevel < 100 ? 'low' : 'on',
        commandedLevel,
        dimmingLevel,
        activePower: roundTo(power, 1),
        illuminance: roundTo(daylight(world) * (0.85 + 0.15 * lean), 0),
        voltage: roundTo(voltage, 1),
        current: roundTo(power / voltage / powerFactor, 2),
        powerFactor: roundTo(powerFactor, 2),
        energy: roundTo((burnt * rated * 0.75) / 1000, 1),
        lampTemperature: roundTo(world.temperatureC + 4 + heat + 60 * faultStrength(faults, 'driver-hot'), 1),
        operatingHours: Math.floor(burnt),
        tilt: roundTo(
          lean + (hasFault(faults, 'column-hit') ? 16.5 : 0) + Math.abs(noise(seed + 2, world.timeMs, 20_000)) * 0.2,
          1,
        ),
        rssi: roundTo(signal + noise(seed + 3, world.timeMs, 90_000) * 4 - world.rainRate / 40, 0),
      };
    },
  };
}

function cabinet(device: Device, seed: number): Behaviour {
  const random = randomFrom(seed);
  /** What its feeders draw with every lamp at full. */
  const connectedW = Number(device.attributes['connectedW'] ?? 6000);
  const shares = [0.3 + random() * 0.06, 0.32 + random() * 0.04];
  const leak = 2 + random() * 3;
  return {
    read(world, faults) {
      const tripped = hasFault(faults, 'breaker-tripped');
      const level = world.sunElevation < SWITCH_ELEVATION ? programLevel(world.hour) : 0;
      const activePower =
        (connectedW * level * (tripped ? 0.45 : 1)) / 100 + 35 + noise(seed, world.timeMs, 60_000) * 5;
      const [first = 0.33, second = 0.33] = shares;
      const phase = (share: number, index: number) => {
        const volts = 222 - (activePower * share) / 2500 + noise(seed + index, world.timeMs, 120_000) * 1.5;
        return { volts: roundTo(volts, 1), amperes: roundTo((activePower * share) / volts / 0.95, 1) };
      };
      const [l1, l2, l3] = [phase(first, 1), phase(second, 2), phase(1 - first - second, 3)];
      const energy = ((burningHours(world) - 20_000 * BURNING_HOURS_A_DAY + 4000) * connectedW * 0.75) / 1000;
      return {
        breakerState: tripped ? 'tripped' : 'closed',
        activePower: roundTo(activePower, 1),
        voltageL1: l1.volts,
        voltageL2: l2.volts,
        voltageL3: l3.volts,
        currentL1: l1.amperes,
        currentL2: l2.amperes,
        currentL3: l3.amperes,
        energy: roundTo(energy, 1),
        // Wet insulation leaks a little more; it is the fault that makes it dangerous.
        leakageCurrent: roundTo(leak + world.runoff * 3 + 32 * faultStrength(faults, 'leakage'), 1),
        doorOpen: hasFault(faults, 'door-open'),
        rssi: roundTo(-74 + noise(seed + 4, world.timeMs, 90_000) * 5, 0),
      };
    },
  };
}
