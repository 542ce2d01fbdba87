import { choice, defineDomain, number } from '@haechi/core';
import * as z from 'zod';

/** The way of the water through a plant and into the city. */
export const WATER_STAGES = [
  'intake',
  'coagulation',
  'sedimentation',
  'filtration',
  'disinfection',
  'clear-well',
  'distribution',
] as const;

/** Every reading belongs to a stage and an asset. */
const place = { stage: z.enum(WATER_STAGES), plant: z.string().optional(), asset: z.string().optional() };

export const model = defineDomain({
  id: 'water-treatment',
  icon: 'droplet',
  order: 20,
  telemetry: {
    turbidity: number({ unit: 'NTU', min: 0, max: 4000, decimals: 2 }),
    ph: number({ unit: 'pH', min: 0, max: 14, decimals: 2 }),
    freeChlorine: number({ unit: 'mg/L', min: 0, max: 20, decimals: 2 }),
    temperature: number({ unit: '°C', min: -5, max: 60 }),
    conductivity: number({ unit: 'µS/cm', min: 0, max: 100_000, decimals: 0 }),
    toc: number({ unit: 'mg/L', min: 0, max: 100, decimals: 2 }),
    flow: number({ unit: 'L/s', min: -5000, max: 50_000 }),
    pressure: number({ unit: 'm', min: -10, max: 500 }),
    level: number({ unit: 'm', min: 0, max: 100, decimals: 2 }),
    pumpState: choice(['running', 'stopped', 'fault']),
    pumpCommand: choice(['run', 'stop']),
    valvePosition: number({ unit: '%', min: 0, max: 100, decimals: 0 }),
    headLoss: number({ unit: 'm', min: 0, max: 20, decimals: 2 }),
    filterRunHours: number({ unit: 'h', min: 0, max: 2000 }),
    coagulantDose: number({ unit: 'mg/L', min: 0, max: 500 }),
  },
  kinds: {
    'quality-station': {
      fields: ['turbidity', 'freeChlorine', 'ph', 'temperature', 'conductivity', 'toc'],
      symbol: 'square',
      intervalS: 60,
      attributes: z.object({
        ...place,
        /** What this sampling point must keep: 0.5 for treated water, more before the filters. */
        turbidityLimitNtu: z.number().positive(),
      }),
    },
    tank: {
      fields: ['level', 'flow', 'temperature'],
      symbol: 'bar',
      level: 'level',
      intervalS: 60,
      /** Levels above the floor, ascending: supply fails, operators act, operators act, water is lost. */
      attributes: z.object({
        ...place,
        drainedM: z.number(),
        lowM: z.number(),
        highM: z.number(),
        overflowM: z.number(),
        volumeM3: z.number().positive().optional(),
      }),
    },
    pump: {
      fields: ['pumpState', 'pumpCommand', 'flow', 'pressure'],
      symbol: 'square',
      active: { field: 'pumpState', is: ['running'] },
      intervalS: 60,
      attributes: z.object({ ...place, ratedFlowLps: z.number().positive().optional() }),
    },
    filter: {
      fields: ['turbidity', 'headLoss', 'filterRunHours', 'flow'],
      symbol: 'square',
      intervalS: 60,
      attributes: z.object({ ...place, areaM2: z.number().positive().optional() }),
    },
    doser: {
      fields: ['coagulantDose', 'flow', 'valvePosition'],
      symbol: 'square',
      intervalS: 60,
      attributes: z.object({ ...place, doseMinMgL: z.number().min(0) }),
    },
    valve: {
      fields: ['valvePosition', 'flow'],
      symbol: 'square',
      active: { field: 'valvePosition', above: 5 },
      intervalS: 60,
      attributes: z.object({ ...place }),
    },
    'pressure-point': {
      fields: ['pressure', 'flow'],
      symbol: 'square',
      intervalS: 60,
      attributes: z.object({ ...place, pressureLowM: z.number() }),
    },
  },
});
