/** What every system must have in common, whoever adds one (Home Assistant's hassfest is the model). */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Device, type FieldInfo, fieldsOf, LANGUAGES, type Simulate, type World } from '@haechi/core';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadDomains } from './index.ts';

interface WrittenRule {
  id: string;
  kinds: string[];
  field?: string;
  source: string;
}

const domains = await loadDomains();

describe.each(domains)('$id', ({ id, folder, model, locales, rulesFile }) => {
  const fields = fieldsOf(model);
  const { rules } = parse(readFileSync(rulesFile, 'utf8')) as { rules: WrittenRule[] };

  it('bears the name of its folder', () => {
    expect(basename(folder)).toBe(id);
    expect(model.id).toBe(id);
  });

  it.each(LANGUAGES)('has every text in %s, and no other', (language) => {
    const { kinds, fields: names, choices, rules: texts } = locales[language];
    expect(Object.keys(kinds).sort()).toEqual(Object.keys(model.kinds).sort());
    expect(Object.keys(names).sort()).toEqual(fields.map((field) => field.name).sort());
    expect(Object.fromEntries(Object.entries(choices).map(([field, of]) => [field, Object.keys(of)]))).toEqual(
      Object.fromEntries(fields.flatMap(({ name, choices: words }: FieldInfo) => (words ? [[name, words]] : []))),
    );
    expect(Object.keys(texts).sort()).toEqual(rules.map((rule) => rule.id).sort());
  });

  it.each(LANGUAGES)('fills in nothing but what an alert knows, in %s', (language) => {
    for (const { title, message, advice } of Object.values(locales[language].rules)) {
      expect(message).toContain('{device}');
      const places = [title, message, advice].flatMap((text) => text.match(/\{[^}]*\}/g) ?? []);
      for (const place of places) expect(['{device}', '{value}', '{limit}']).toContain(place);
    }
  });

  it('has rules of known kinds and fields, each with its source', () => {
    for (const rule of rules) {
      expect(rule.source.length, rule.id).toBeGreaterThan(10);
      for (const kind of rule.kinds) {
        expect(Object.keys(model.kinds), rule.id).toContain(kind);
        if (rule.field) expect(model.kinds[kind]?.fields, `${rule.id} on ${kind}`).toContain(rule.field);
      }
    }
  });

  it('notices when any of its devices falls silent', () => {
    const watched = new Set(rules.filter((rule) => 'absent' in rule).flatMap((rule) => rule.kinds));
    expect([...watched].sort()).toEqual(Object.keys(model.kinds).sort());
  });

  it('reports every field by some kind', () => {
    const reported = new Set(Object.values(model.kinds).flatMap((kind) => kind.fields));
    expect([...reported].sort()).toEqual(fields.map((field) => field.name).sort());
  });

  it('simulates each kind within its model and its kind', async () => {
    const { simulate } = (await import(join(folder, 'simulate.ts'))) as { simulate: Simulate };
    for (const [kind, { fields: own, intervalS }] of Object.entries(model.kinds)) {
      const behaviour = simulate(deviceOf(id, kind, intervalS), { seed: 1 });
      const values = behaviour.read(summerNight, []);
      expect(model.telemetry.safeParse(values).error?.issues, kind).toBeUndefined();
      for (const field of Object.keys(values)) expect(own, kind).toContain(field);
    }
  });
});

const summerNight: World = {
  timeMs: Date.UTC(2026, 6, 24, 13),
  hour: 22,
  sunElevation: -25,
  temperatureC: 24,
  rainRate: 0,
  rain1min: 0,
  rain10min: 0,
  rain60min: 0,
  river: 0,
  runoff: 0,
};

function deviceOf(domain: string, kind: string, intervalS: number): Device {
  const place = { district: 'jungang', latitude: 37.45, longitude: 126.05 };
  return { id: `${kind}-1`, domain, kind, name: kind, ...place, intervalS, parent: null, attributes: {} };
}
