import { defineDomain, flag, number } from '@haechi/core';
import * as z from 'zod';

/** Of a simulated sensor: how much of the city's weather reaches it, 1 for all. */
const exposure = z.number().min(0).max(2).optional();

export const model = defineDomain({
  id: 'flood',
  icon: 'ripple',
  order: 30,
  telemetry: {
    // A gauge's zero is a chosen datum, so a stage below it is a fair reading.
    level: number({ unit: 'm', min: -5, max: 60, decimals: 2 }),
    discharge: number({ unit: 'm³/s', min: 0, max: 100_000, decimals: 2 }),
    rain1min: number({ unit: 'mm', min: 0, max: 50 }),
    rain10min: number({ unit: 'mm', min: 0, max: 200 }),
    rain60min: number({ unit: 'mm', min: 0, max: 500 }),
    sewerLevel: number({ unit: '%', min: 0, max: 200, decimals: 0 }),
    waterDepth: number({ unit: 'cm', min: 0, max: 1000 }),
    barrierClosed: flag(),
    turbidity: number({ unit: 'FNU', min: 0, max: 10_000 }),
    conductivity: number({ unit: 'µS/cm', min: 0, max: 100_000, decimals: 0 }),
    temperature: number({ unit: '°C', min: -20, max: 60 }),
    batteryVoltage: number({ unit: 'V', min: 0, max: 60 }),
  },
  kinds: {
    'river-gauge': {
      fields: ['level', 'discharge', 'turbidity', 'conductivity', 'temperature', 'batteryVoltage'],
      symbol: 'bar',
      level: 'level',
      intervalS: 60,
      /** The four stages of this very gauge, metres above its zero, ascending. */
      attributes: z.object({
        attentionM: z.number(),
        cautionM: z.number(),
        alertM: z.number(),
        seriousM: z.number(),
        river: z.string().optional(),
        exposure,
      }),
    },
    'rain-gauge': {
      fields: ['rain10min', 'rain1min', 'rain60min', 'batteryVoltage'],
      symbol: 'bar',
      level: 'rain60min',
      active: { field: 'rain1min', above: 0 },
      intervalS: 60,
      attributes: z.object({ exposure }),
    },
    underpass: {
      fields: ['waterDepth', 'barrierClosed', 'batteryVoltage'],
      symbol: 'gate',
      level: 'waterDepth',
      active: { field: 'barrierClosed', is: [true] },
      intervalS: 30,
      attributes: z.object({ clearanceM: z.number().positive().optional(), exposure }),
    },
    'sewer-level': {
      fields: ['sewerLevel', 'batteryVoltage'],
      symbol: 'bar',
      level: 'sewerLevel',
      intervalS: 60,
      attributes: z.object({ manholeDepthM: z.number().positive().optional(), exposure }),
    },
  },
});
