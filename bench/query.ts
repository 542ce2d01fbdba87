/** How long a chart waits: the store's own queries over a month of a large city's readings. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDbStore, type GroupQuery, type RangeQuery, type RangeResult } from '@haechi/storage';
import { model } from '../domains/street-light/model.ts';
import { type Content, DAYS, FROM, LIGHTS, lightOf, queryData } from './query-data.ts';

const ROWS = 100_000_000;
const RUNS = 40;
const DAY_MS = 86_400_000;
const TO = FROM + DAYS * DAY_MS;
/** Coprime with the number of lights: a stride through all of them, not through neighbours. */
const STRIDE = 1777;

export interface QueryOptions {
  rows?: number;
  /** A folder that keeps the readings for the next run; else they are made anew and removed. */
  keep?: string;
}

export interface QueryFigures {
  name: string;
  targetMs: number;
  firstMs: number;
  medianMs: number;
  p95Ms: number;
  /** By the median. */
  met: boolean;
}

interface Question {
  name: string;
  targetMs: number;
  ask: (store: DuckDbStore, run: number) => Promise<RangeResult>;
}

const chart = (run: number, from: number, to: number, pointsMax: number): RangeQuery => ({
  domain: model.id,
  device: lightOf((run * STRIDE) % LIGHTS),
  fields: ['activePower'],
  from,
  to,
  pointsMax,
  gapMs: DAY_MS,
});

const mean: GroupQuery = {
  domain: model.id,
  fields: ['activePower'],
  from: FROM,
  to: TO,
  pointsMax: DAYS * 24,
  figures: ['mean'],
};
const devices = Array.from({ length: LIGHTS }, (_, index) => lightOf(index));
const someDay = (run: number) => FROM + ((run * 7) % (DAYS - 1)) * DAY_MS;

const QUESTIONS: Question[] = [
  {
    name: 'a sealed day of one device',
    targetMs: 20,
    ask: (store, run) => store.range(chart(run, someDay(run), someDay(run) + DAY_MS, 600)),
  },
  {
    name: 'today, of one device',
    targetMs: 20,
    ask: (store, run) => store.range(chart(run, TO - DAY_MS, TO, 600)),
  },
  {
    name: `${DAYS} days of one device by hour`,
    targetMs: 20,
    ask: (store, run) => store.range(chart(run, FROM, TO, DAYS * 24)),
  },
  {
    name: `mean of ${LIGHTS.toLocaleString('en')} lights by hour, ${DAYS} days`,
    targetMs: 60,
    ask: (store) => store.group({ ...mean, devices }),
  },
  {
    name: `mean of the whole system by hour, ${DAYS} days`,
    targetMs: 60,
    ask: (store) => store.group(mean),
  },
];

export async function benchQuery({ rows = ROWS, keep }: QueryOptions): Promise<Content & { queries: QueryFigures[] }> {
  const folder = keep ?? mkdtempSync(join(tmpdir(), 'haechi-bench-'));
  try {
    const content = await queryData(folder, rows);
    const store = await DuckDbStore.open(folder, [model]);
    try {
      const queries: QueryFigures[] = [];
      for (const question of QUESTIONS) queries.push(await measured(store, question));
      return { ...content, queries };
    } finally {
      await store.close();
    }
  } finally {
    if (keep === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

async function measured(store: DuckDbStore, { name, targetMs, ask }: Question): Promise<QueryFigures> {
  const times: number[] = [];
  for (let run = 0; run <= RUNS; run++) {
    const start = performance.now();
    const { ts } = await ask(store, run);
    times.push(performance.now() - start);
    if (ts.length === 0) throw new Error(`${name}: nothing, which is no answer to measure`);
  }
  const [firstMs = Number.NaN, ...warm] = times;
  const medianMs = quantile(warm, 0.5);
  return { name, targetMs, firstMs, medianMs, p95Ms: quantile(warm, 0.95), met: medianMs < targetMs };
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN;
}
