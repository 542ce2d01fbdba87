/** Test only: appends groups of a hundred readings for ever, and says each group's number once it is committed. */
import { defineDomain, flag, number } from '@haechi/core';
import { DuckDbStore } from './duckdb-store.ts';
import { append } from './test-append.ts';

const level = number({ unit: 'm', min: -100, max: 100 });
const model = defineDomain({
  id: 'flood-watch',
  icon: 'ripple',
  order: 1,
  telemetry: { level, open: flag() },
  kinds: {},
});
const store = await DuckDbStore.open(process.argv[2] ?? '', [model]);
for (let group = 1; group < 10_000; group++) {
  const readings = Array.from({ length: 100 }, (_, index) => {
    const ts = group * 1000 + index;
    return { device: 'g-1', domain: 'flood-watch', ts, receivedAt: ts, values: { level: index } };
  });
  await append(store, readings, group);
  process.stdout.write(`${group}\n`);
}
