import { type DomainModel, defineDomain, fieldsOf, flag, number, text } from '@haechi/core';
import { loadDomains } from '@haechi/domains';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { plainCheckOf } from './plain-check.ts';

const domains = await loadDomains();

/** Values by the model's own names and others, within its limits, at them, beyond them, and of other types. */
function payloads(model: DomainModel) {
  const fields = fieldsOf(model);
  const edges = fields.flatMap(({ min, max }) => [min, max]).filter((edge) => edge !== null);
  const near = fc
    .tuple(fc.constantFrom(0, ...edges), fc.constantFrom(0, 0.001, -0.001))
    .map(([edge, off]) => edge + off);
  const words = fc.constantFrom('', ...fields.flatMap(({ choices }) => choices ?? []));
  const value = fc.oneof(
    near,
    words,
    fc.boolean(),
    fc.double(),
    fc.string(),
    fc.constantFrom(null, [], {}, Number.POSITIVE_INFINITY, -0),
  );
  const name = fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...fields.map((field) => field.name)) },
    { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', '', 'unknown') },
  );
  return fc.array(fc.tuple(name, value), { maxLength: 4 }).map((entries) => {
    const given: Record<string, unknown> = {};
    for (const [key, one] of entries)
      Object.defineProperty(given, key, { value: one, enumerable: true, configurable: true });
    return given;
  });
}

it.each(domains)('agrees with the schema of $id, whatever comes', ({ model }) => {
  const check = plainCheckOf(model);
  let allowed = 0;
  fc.assert(
    fc.property(payloads(model), (given) => {
      const passes = check(given);
      if (passes) allowed++;
      expect(passes).toBe(model.telemetry.safeParse(given).success);
    }),
    { numRuns: 3000 },
  );
  expect(allowed).toBeGreaterThan(100);
});

it('knows how long a text may be', () => {
  const telemetry = { note: text(4), doorOpen: flag(), depth: number({ unit: 'cm', min: 0, max: 9 }) };
  const check = plainCheckOf(defineDomain({ id: 'shed', icon: 'home', order: 1, telemetry, kinds: {} }));
  expect([check({ note: 'abcd', doorOpen: true, depth: 9 }), check({ note: 'abcde' }), check({ note: 1 })]).toEqual([
    true,
    false,
    false,
  ]);
});
