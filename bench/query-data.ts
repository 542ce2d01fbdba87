/**
 * A month of a large city's street lights, as the store itself would have made it: a day's readings stand in the open table in
 * the order they came, and `maintain` seals the days that are over. Only the readings' way in is shorter: SQL makes them.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { HaechiError } from '@haechi/core';
import { DuckDbStore } from '@haechi/storage';
import { model } from '../domains/street-light/model.ts';
import { showProgress } from '../platform/progress.ts';

export const DAYS = 30;
export const LIGHTS = 5000;
const CABINETS = 5000;
const DEVICES = LIGHTS + CABINETS;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The first of the days; fixed, so that every run has the same readings. */
export const FROM = Date.UTC(2026, 2, 1);
/** The store seals a day some hours after its end. */
const SEALED_AFTER_MS = 3 * HOUR_MS;
const MEMORY_SAMPLE_MS = 50;
const STATE = 'bench-query.json';

export interface Content {
  rows: number;
  /** Of each sealed day, in order. */
  sealMs: number[];
  /** The process's memory at its highest while a day was sealed, bytes. */
  sealMemoryMax: number;
}

/** Kept beside the readings after every day: a build that was ended goes on there. */
interface State {
  /** Between two readings of a device. */
  everyMs: number;
  days: number;
  content: Content;
}

export const lightOf = (index: number) => `light-${String(index).padStart(5, '0')}`;

/**
 * Fills `folder`, or takes it as an earlier call has filled it.
 * @throws HaechiError USAGE where it holds anything else
 */
export async function queryData(folder: string, rows: number): Promise<Content> {
  const everyMs = Math.floor((DAYS * DAY_MS * DEVICES) / rows);
  const state = stateOf(folder, everyMs);
  if (state.days < DAYS) await fill(folder, rows, state);
  return state.content;
}

function stateOf(folder: string, everyMs: number): State {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, STATE);
  if (existsSync(file)) {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as State;
    if (kept.everyMs === everyMs) return kept;
    throw new HaechiError('USAGE', `${folder} has another number of rows; name another folder`);
  }
  if (readdirSync(folder).length > 0)
    throw new HaechiError('USAGE', `${folder} is not empty and not of this benchmark`);
  const state: State = { everyMs, days: 0, content: { rows: 0, sealMs: [], sealMemoryMax: 0 } };
  writeFileSync(file, JSON.stringify(state));
  return state;
}

async function fill(folder: string, expected: number, state: State): Promise<void> {
  const { everyMs, content } = state;
  using progress = showProgress({ label: 'building', unit: 'rows', expected });
  // The store makes its tables.
  await (await DuckDbStore.open(folder, [model])).close();
  for (; state.days < DAYS; writeFileSync(join(folder, STATE), JSON.stringify(state))) {
    const day = FROM + state.days * DAY_MS;
    const before = content.rows;
    await addDay(folder, day, everyMs, (added) => {
      content.rows = before + added;
      progress.set(content.rows);
    });
    state.days++;
    if (state.days < DAYS) await sealDay(folder, day + DAY_MS, content);
  }
}

/** @param told how many rows are there of the day so far */
async function addDay(folder: string, day: number, everyMs: number, told: (rows: number) => void): Promise<void> {
  const instance = await DuckDBInstance.create(join(folder, 'telemetry.duckdb'), { threads: '2' });
  const connection = await instance.connect();
  try {
    // What an ended build has left of it.
    await connection.run(`DELETE FROM street_light WHERE ts >= ${day}`);
    let rows = 0;
    for (let from = day; from < day + DAY_MS; from += HOUR_MS) {
      const { rowsChanged } = await connection.run(readings(from, from + HOUR_MS, everyMs));
      rows += rowsChanged;
      told(rows);
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function sealDay(folder: string, end: number, content: Content): Promise<void> {
  const store = await DuckDbStore.open(folder, [model]);
  const sampling = setInterval(() => {
    content.sealMemoryMax = Math.max(content.sealMemoryMax, process.memoryUsage.rss());
  }, MEMORY_SAMPLE_MS);
  try {
    const start = performance.now();
    await store.maintain(end + SEALED_AFTER_MS);
    content.sealMs.push(performance.now() - start);
  } finally {
    clearInterval(sampling);
    await store.close();
  }
}

/** Readings from `from` to `to` in their order of time, every device at a moment of its own within `everyMs`. */
function readings(from: number, to: number, everyMs: number): string {
  const steps = `range(${from} // ${everyMs} - 1, ${to} // ${everyMs} + 1)`;
  const night = `(ts // ${HOUR_MS} % 24 < 6 OR ts // ${HOUR_MS} % 24 >= 19)`;
  /** As even as a measured value, and the same again: from 0 to 1 for a device, a time and a name. */
  const noise = (name: string) => `(hash(number, ts, '${name}') % 1000 / 1000)`;
  const light = (value: string) => `CASE WHEN number < ${LIGHTS} THEN ${value} END`;
  const cabinet = (value: string) => `CASE WHEN number >= ${LIGHTS} THEN ${value} END`;
  const hours = `(ts - ${FROM}) / ${HOUR_MS}`;
  return `INSERT INTO street_light BY NAME SELECT
      CASE WHEN number < ${LIGHTS} THEN printf('light-%05d', number) ELSE printf('cabinet-%05d', number - ${LIGHTS}) END AS device,
      ts, ts + 40 + hash(number, ts) % 200 AS received_at, ts // ${everyMs} AS seq,
      ${light(`CASE WHEN ${night} THEN 'on' ELSE 'off' END`)} AS "powerState",
      ${light(`CASE WHEN ${night} THEN 100.0 ELSE 0.0 END`)} AS "commandedLevel",
      ${light(`CASE WHEN ${night} THEN 100.0 ELSE 0.0 END`)} AS "dimmingLevel",
      ${light(`round(CASE WHEN ${night} THEN 78 + number % 40 + 3 * ${noise('power')} ELSE 0.6 END, 1)`)} AS "activePower",
      ${light(`round(CASE WHEN ${night} THEN 0.3 ELSE 20000 + 5000 * ${noise('lux')} END, 0)`)} AS "illuminance",
      ${light(`round(216 + number % 5 + 3 * ${noise('volt')}, 1)`)} AS "voltage",
      ${light(`round(CASE WHEN ${night} THEN 0.4 + 0.1 * ${noise('ampere')} ELSE 0.01 END, 2)`)} AS "current",
      ${light(`CASE WHEN ${night} THEN 0.97 ELSE 0.4 END`)} AS "powerFactor",
      round(100 + number % 900 + ${hours} * 0.05, 1) AS "energy",
      ${light(`round(20 + 6 * ${noise('heat')}, 1)`)} AS "lampTemperature",
      ${light(`floor(number % 9000 + ${hours} / 2)`)} AS "operatingHours",
      ${light(`round(number % 12 / 10 + 0.2 * ${noise('tilt')}, 1)`)} AS "tilt",
      round(-68 - number % 30 + 4 * ${noise('rssi')}, 0) AS "rssi",
      ${cabinet(`'closed'`)} AS "breakerState", ${cabinet('false')} AS "doorOpen",
      ${cabinet(`round(2 + number % 3 + ${noise('leak')}, 1)`)} AS "leakageCurrent",
      ${['L1', 'L2', 'L3'].map((phase) => `${cabinet(`round(221 + 2 * ${noise(`v${phase}`)}, 1)`)} AS "voltage${phase}", ${cabinet(`round(9 + ${noise(`a${phase}`)}, 1)`)} AS "current${phase}"`).join(', ')}
    FROM (
      SELECT number, steps.range * ${everyMs} + number * 7919 % ${everyMs} AS ts
      FROM ${steps} AS steps, (SELECT range AS number FROM range(${DEVICES}))
    ) WHERE ts >= ${from} AND ts < ${to} ORDER BY ts`;
}
