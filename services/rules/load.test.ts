import { LANGUAGES } from '@haechi/core';
import { loadDomains } from '@haechi/domains';
import { describe, expect, it } from 'vitest';
import { loadRules } from './load.ts';

const domains = await loadDomains();

describe.each(domains)('the rules of $id', ({ model, rulesFile, locales }) => {
  const rules = loadRules(model, rulesFile);

  it('load, and are there', () => {
    expect(rules.length).toBeGreaterThan(0);
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  });

  it.each(LANGUAGES)('each have their words in %s', (language) => {
    for (const { id } of rules) expect(locales[language].rules, id).toHaveProperty(id);
  });
});

it('are none where a system has no file', () => {
  const [domain] = domains;
  expect(domain && loadRules(domain.model, '/nowhere/rules.yaml')).toEqual([]);
});
