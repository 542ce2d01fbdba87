/** What the engine says and what the book says are the same after every checkpoint, whatever comes, and whatever changes. */
import { join } from 'node:path';
import { silentLog, type Values } from '@haechi/core';
import { openState, type StateDb } from '@haechi/storage';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { loadCheckpoint, saveCheckpoint, strayTwins } from '../rules/checkpoint.ts';
import { type DeviceState, RuleEngine, type RuleTransition } from '../rules/engine.ts';
import { probeDevice, rulesOf, T0 } from '../rules/test-timeline.ts';
import { orphanedAlerts } from './alert-book.ts';

const river = 'id: river, field: level, ladder: { deadband: 1,';
const alike = [
  rulesOf(
    'id: door, stage: alert, field: open, when: open',
    'id: high, stage: caution, field: level, when: level > 10.0, clear: level < 8.0, for: 3s, clearFor: 2s',
    `${river} limits: { attention: 4, alert: 8, serious: 12 } }`,
    'id: slow, field: level, ladder: { deadband: 0, limits: { caution: 5, alert: 9 } }, for: 4s, clearFor: 3s',
    'id: silent, stage: attention, absent: { intervals: 2 }',
  ),
  // One removed, one with other rungs, one with its stage changed, one that asks for another field, one the other way round.
  rulesOf(
    'id: high, stage: serious, field: level, when: level > 9.0',
    `${river} limits: { caution: 5, alert: 8 } }`,
    'id: slow, field: power, ladder: { deadband: 0, direction: falling, limits: { caution: 5, alert: 3 } }, clearFor: 3s',
    'id: silent, stage: attention, when: level > 3.0, for: 1s',
  ),
];

/** In another system are rules of the same names. */
const editions = alike.map((rules) => [...rules, ...rules.map((rule) => ({ ...rule, domain: 'elsewhere' }))]);
const IDS = ['g-1', 'g-2'];

type Event =
  | { what: 'reading'; waitMs: number; aheadMs: number; device: string; values: Values }
  | { what: 'checkpoint' }
  | { what: 'device'; device: string; kind: string; domain: string }
  | { what: 'restart'; edition: number; devices: string[] };

const device = fc.constantFrom(...IDS);
const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        what: fc.constant('reading' as const),
        waitMs: fc.oneof({ weight: 4, arbitrary: fc.nat(200) }, fc.nat(3000), fc.nat(30_000)),
        aheadMs: fc.oneof(fc.constant(0), fc.integer({ min: -20_000, max: 200_000 })),
        device,
        values: fc.record(
          { level: fc.integer({ min: 0, max: 15 }), open: fc.boolean(), power: fc.nat(9) },
          { requiredKeys: [] },
        ),
      }),
    },
    { weight: 4, arbitrary: fc.record({ what: fc.constant('checkpoint' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        what: fc.constant('device' as const),
        device,
        kind: fc.constantFrom('gauge', 'gauge', 'pump'),
        domain: fc.constantFrom('probe', 'probe', 'elsewhere'),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        what: fc.constant('restart' as const),
        edition: fc.nat(editions.length - 1),
        devices: fc.subarray(IDS),
      }),
    },
  ),
  { minLength: 10, maxLength: 60 },
);

/** The engine with its book, tied together as the rules' reader does. */
class City {
  readonly #db: StateDb;
  readonly #registered = new Map(IDS.map((id) => [id, probeDevice(id)]));
  #engine = new RuleEngine({ rules: [], log: silentLog(), onTransition: () => undefined });
  #told: RuleTransition[] = [];
  #group = 0;
  #now = T0;

  constructor(db: StateDb) {
    this.#db = db;
  }

  async start(edition: number, ids: readonly string[] = IDS): Promise<void> {
    const told: RuleTransition[] = [];
    const rules = editions[edition] ?? [];
    this.#engine = new RuleEngine({ rules, log: silentLog(), onTransition: (transition) => told.push(transition) });
    this.#told = told;
    const kept = await loadCheckpoint(this.#db);
    this.#engine.restoreStart(kept.startedAt);
    for (const id of ids) this.#engine.setDevice(this.#registered.get(id) ?? probeDevice(id), kept.devices.get(id));
    told.push(...(await orphanedAlerts(this.#db, this.#engine)));
    await this.checkpoint(await strayTwins(this.#db, this.#engine));
  }

  async happen(event: Event): Promise<void> {
    if (event.what === 'restart') return await this.start(event.edition, event.devices);
    if (event.what === 'checkpoint') return await this.checkpoint();
    if (event.what === 'device') {
      const { device: id, kind, domain } = event;
      this.#registered.set(id, probeDevice(id, { kind, domain }));
      this.#engine.setDevice(probeDevice(id, { kind, domain }));
      return;
    }
    this.#now += event.waitMs;
    // The clock of the first tells whole seconds, the other's runs ahead or behind.
    const ts = event.device === 'g-1' ? Math.floor(this.#now / 1000) * 1000 : this.#now + event.aheadMs;
    const domain = this.#registered.get(event.device)?.domain ?? 'probe';
    const reading = { device: event.device, domain, ts, receivedAt: this.#now, values: event.values };
    this.#engine.process({ receivedAt: this.#now, kind: 'message', readings: [reading] });
  }

  async checkpoint(gone: readonly string[] = []): Promise<void> {
    const devices = new Map<string, DeviceState>();
    for (const id of this.#engine.takeChanged()) devices.set(id, this.#engine.state(id) as DeviceState);
    const { startedAt } = this.#engine;
    await saveCheckpoint(this.#db, { group: ++this.#group, startedAt, devices }, this.#told.splice(0), gone);
    expect(await this.#written()).toEqual(this.#said());
  }

  #said(): string[] {
    const all = IDS.flatMap((id) => {
      const state = this.#engine.state(id);
      return Object.entries(state?.rules ?? {}).flatMap(([rule, { rank, stage, raisedAt }]) =>
        rank > 0 ? [`${state?.domain}/${rule}/${id}: ${stage} since ${raisedAt}`] : [],
      );
    });
    return all.sort();
  }

  async #written(): Promise<string[]> {
    const rows = await this.#db.selectFrom('alerts').selectAll().where('cleared_at', 'is', null).execute();
    return rows.map((row) => `${row.domain}/${row.rule}/${row.device}: ${row.stage} since ${row.raised_at}`).sort();
  }
}

it('an alert stands in the book just where a state stands in the engine, and on the same stage', async () => {
  const db = await openState(join(tempFolder(), 'state.sqlite'));
  onTestFinished(() => db.destroy());
  await fc.assert(
    fc.asyncProperty(events, async (all) => {
      for (const table of ['alert_log', 'alerts', 'twins', 'cursors'] as const) await db.deleteFrom(table).execute();
      const city = new City(db);
      await city.start(0);
      for (const event of all) await city.happen(event);
      await city.checkpoint();
    }),
    { numRuns: 100 },
  );
}, 60_000);
