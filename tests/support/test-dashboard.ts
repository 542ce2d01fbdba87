/** Test only: the dashboard's server on a free port, with real registry, alerts and people behind it. */
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createMetrics, silentLog, VirtualClock } from '@haechi/core';
import { loadDomains } from '@haechi/domains';
import { AlertBook, loadKey, loadRules, People, Registry } from '@haechi/services';
import { openState } from '@haechi/storage';
import { onTestFinished } from 'vitest';
import { CityStore } from '../../dashboard/server/city-store.ts';
import type { PlatformResource } from '../../dashboard/server/contract.ts';
import { LiveFeed } from '../../dashboard/server/live-feed.ts';
import type { DashboardOptions } from '../../dashboard/server/options.ts';
import { DashboardServer } from '../../dashboard/server/server.ts';
import { tempFolder } from './temp-folder.ts';

export const PASSWORD = 'correct horse';
const CSRF = { 'x-haechi-csrf': '1' };
const domains = await loadDomains();
const rules = domains.flatMap(({ model, rulesFile }) => loadRules(model, rulesFile));

export function underpass(id: string, more: object = {}) {
  const place = { district: 'mapo', latitude: 37.5, longitude: 127, attributes: {} };
  return { id, domain: 'flood', kind: 'underpass', name: `Underpass ${id}`, intervalS: 30, ...place, ...more };
}

export async function startServer({ port = 0, webFolder = tempFolder(), ...more }: Partial<DashboardOptions> = {}) {
  const folder = tempFolder();
  const db = await openState(join(folder, 'state.sqlite'));
  const clock = new VirtualClock(1_800_000_000_000);
  const models = new Map(domains.map(({ id, model }) => [id, model]));
  const registry = await Registry.open({ db, key: loadKey(folder), models, clock });
  const people = new People({ db, clock });
  await people.ensureAdmin(PASSWORD);
  await people.add({ username: 'kim', displayName: 'Kim', role: 'operator' }, PASSWORD);
  const feed = new LiveFeed({ clock, speed: () => 1 });
  feed.start([], []);
  const journal = { head: 3, sizeBytes: 10, sizeBytesMax: 100, cursors: { store: 3 }, accepting: true };
  const counts = {
    devices: 0,
    connections: 0,
    messagesAccepted: 0,
    messagesPerSecond: 0,
    readingsStored: 0,
    deadLetters: 0,
  };
  const about = { version: '0.1.0', startedAt: 1, uptimeS: 1, mode: 'live', store: 'none', troubles: [] } as const;
  const ledger = { accepted: 0, stored: 0, duplicate: 0, deadLettered: 0, expired: 0, pending: 0, unaccounted: 0 };
  const platform: PlatformResource = { ...about, ...counts, troubles: [], journal, ledger };
  const asked: object[] = [];
  const server = await DashboardServer.start({
    host: '127.0.0.1',
    port,
    mode: 'live',
    version: '0.1.0',
    webFolder,
    clock,
    speed: () => 1,
    city: new CityStore({ path: join(folder, 'city.json'), fixedPath: undefined, timeZone: 'Asia/Seoul' }),
    domains,
    rules,
    registry,
    alerts: new AlertBook(db),
    people,
    feed,
    history: async (request) => {
      asked.push(request);
      return { intervalMs: 0, resolution: 'raw', ts: [], fields: {} };
    },
    groupHistory: async (request) => {
      asked.push(request);
      return { intervalMs: 0, resolution: 'raw', ts: [], fields: {} };
    },
    deadLetters: async () => [],
    replayDeadLetters: async (request) => {
      asked.push(request);
      return { messages: 0, next: null };
    },
    platform: async () => platform,
    exportReadings: async (request) => {
      asked.push(request);
      return {
        name: 'readings.csv',
        size: 3,
        rows: 1,
        bytes: Readable.from([Buffer.from('csv')], { objectMode: false }),
      };
    },
    importReadings: async (lines) => ({ accepted: lines.length, refused: [] }),
    backup: async () => ({
      name: 'haechi.tar',
      size: 3,
      bytes: Readable.from([Buffer.from('tar')], { objectMode: false }),
    }),
    log: silentLog(),
    metrics: createMetrics(),
    ...more,
  });
  onTestFinished(async () => {
    feed.stop();
    await server.close();
    await db.destroy();
  });
  const url = `http://127.0.0.1:${server.port}`;
  const api = async (method: string, path: string, { cookie = '', body, headers = CSRF }: Options = {}) => {
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(`${url}${path}`, { method, headers: { ...headers, ...type, cookie }, ...json });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
  };
  const signIn = async (username: string) => {
    const response = await api('POST', '/api/v1/session', { body: { username, password: PASSWORD } });
    return response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  };
  return { server, feed, url, db, registry, platform, asked, api, signIn };
}

interface Options {
  cookie?: string;
  body?: unknown;
  headers?: Record<string, string>;
}
