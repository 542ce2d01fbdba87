/** Test only: rules on a few devices, told as a timeline. Times are seconds from a start of no meaning. */
import { choice, type Device, defineDomain, flag, number, silentLog, type Values } from '@haechi/core';
import * as z from 'zod';
import { compileRules } from './compile.ts';
import { type EngineRecord, RuleEngine, type RuleTransition } from './engine.ts';
import { parseRules } from './schema.ts';

export const T0 = Date.parse('2026-11-24T00:00:00Z');

export const probe = defineDomain({
  id: 'probe',
  icon: 'bulb',
  order: 1,
  telemetry: {
    level: number({ unit: 'm', min: -100, max: 100 }),
    power: number({ unit: 'W', min: 0, max: 1000 }),
    mode: choice(['on', 'off']),
    open: flag(),
  },
  kinds: { gauge: { fields: ['level'], symbol: 'dot', intervalS: 10, attributes: z.object({}) } },
});

export function probeDevice(id = 'g-1', more: Partial<Device> = {}): Device {
  const place = { district: 'mapo', latitude: 37.5, longitude: 127, parent: null };
  return { id, domain: 'probe', kind: 'gauge', name: id, intervalS: 10, attributes: {}, ...place, ...more };
}

/** Rules from the part of the file that differs: `level > 3.0` and so on stand in full. */
export function rulesOf(...rules: string[]) {
  const texts = rules.map((rule) => `  { kinds: [gauge], source: a test, ${rule} },`);
  return compileRules(probe, parseRules(`rules: [\n${texts.join('\n')}\n]`, 'test.yaml'));
}

export function recordAt(atS: number, values: Values, { device = 'g-1', delayS = 0 } = {}): EngineRecord {
  const ts = T0 + atS * 1000;
  const receivedAt = ts + delayS * 1000;
  return { receivedAt, kind: 'message', readings: [{ device, domain: 'probe', ts, receivedAt, values }] };
}

export function startAt(atS: number): EngineRecord {
  return { receivedAt: T0 + atS * 1000, kind: 'start', readings: [] };
}

/** `raised caution at 60, 11`: what happened, when in event time, and the value it shows. */
export function tell({ transition, stage, at, value }: RuleTransition): string {
  return `${transition} ${stage} at ${(at - T0) / 1000}${value === null ? '' : `, ${value}`}`;
}

export function timeline(rules: string[], devices: Device[] = [probeDevice()]) {
  const told: RuleTransition[] = [];
  const engine = new RuleEngine({ rules: rulesOf(...rules), log: silentLog(), onTransition: (t) => told.push(t) });
  for (const device of devices) engine.setDevice(device);
  return {
    engine,
    say: (atS: number, values: Values, options = {}) => engine.process(recordAt(atS, values, options)),
    start: (atS: number) => engine.process(startAt(atS)),
    tick: (atS: number) => engine.advance(T0 + atS * 1000),
    /** What happened since the last question. */
    happened: () => told.splice(0).map(tell),
    transitions: () => told.splice(0),
  };
}
