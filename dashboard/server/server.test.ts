/** The REST interface as any client meets it: a real server on a free port, real registry, alerts and people. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HaechiError } from '@haechi/core';
import { saveCheckpoint } from '@haechi/services';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../tests/support/eventually.ts';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { rawSocket } from '../../tests/support/test-broker.ts';
import { PASSWORD, startServer, underpass } from '../../tests/support/test-dashboard.ts';
import { writeCursor } from './cursor.ts';

/** As Vite would. */
function build(webFolder: string, name: string): void {
  mkdirSync(join(webFolder, 'assets'), { recursive: true });
  writeFileSync(join(webFolder, 'index.html'), `<title>${name}</title>`);
  writeFileSync(join(webFolder, 'favicon.svg'), '<svg/>');
  writeFileSync(join(webFolder, 'assets', `${name}.js`), '1');
}

const PROBLEM = 'application/problem+json';

type Paths = Record<string, Record<string, Operation>>;
interface Operation {
  summary: string;
  parameters?: { in: string; name: string }[];
  responses: Record<string, { content?: Record<string, { schema?: object }> }>;
}

const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'];

/** Walks a document with JSON Schema in it, and gives how many schemas it has. */
function checkSchemas(document: object): number {
  let count = 0;
  const at = (pointer: string) =>
    pointer
      .slice(2)
      .split('/')
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((inner, part) => (inner as Record<string, unknown> | undefined)?.[part], document);
  const walk = (value: unknown, path: string, isMap = false) => {
    if (typeof value !== 'object' || value === null) return;
    const node = value as Record<string, unknown>;
    const { $ref, type, required, properties } = node;
    if (!isMap && typeof $ref === 'string') expect([path, at($ref)], path).toEqual([path, expect.anything()]);
    if (!isMap && typeof type === 'string' && !path.endsWith('/securitySchemes')) {
      count++;
      expect(TYPES, path).toContain(type);
      if (type === 'array') expect('items' in node || 'prefixItems' in node, path).toBe(true);
      if (Array.isArray(required) && properties)
        expect(Object.keys(properties), path).toEqual(expect.arrayContaining(required));
    }
    for (const [key, inner] of Object.entries(node)) walk(inner, `${path}/${key}`, !isMap && key === 'properties');
  };
  walk(document, '#');
  return count;
}

describe('the description', () => {
  it('is OpenAPI 3.1 and names every route, with what it may answer', async () => {
    const { api } = await startServer();
    const { json } = await api('GET', '/api/openapi.json');
    expect(json.openapi).toMatch(/^3\.1\./);
    const routes = Object.entries(json.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes.sort()).toEqual(
      [
        'DELETE /session',
        'GET /alerts',
        'GET /alerts/{id}',
        'GET /city',
        'GET /dead-letters',
        'GET /device-map',
        'GET /devices',
        'GET /devices/{id}',
        'GET /devices/{id}/history',
        'GET /domains',
        'GET /export',
        'GET /history',
        'GET /history/each',
        'GET /ledger',
        'GET /nearest-devices',
        'GET /platform',
        'GET /session',
        'POST /alerts/{id}/acknowledge',
        'POST /backup',
        'POST /dead-letters/replay',
        'POST /devices',
        'POST /import',
        'POST /people',
        'POST /session',
        'PUT /city',
      ]
        .map((route) => route.replace(' ', ' /api/v1'))
        .sort(),
    );
  });

  it('is whole: every reference leads somewhere, every schema is one, every route says what it gives and refuses', async () => {
    const { api } = await startServer();
    const { json } = await api('GET', '/api/openapi.json');
    const schemas = checkSchemas(json);
    expect(schemas).toBeGreaterThan(100);
    for (const [path, methods] of Object.entries(json.paths as Paths)) {
      for (const [method, { summary, responses, parameters = [] }] of Object.entries(methods)) {
        const route = `${method} ${path}`;
        expect(summary, route).toBeTruthy();
        const given = Object.keys(responses).filter((status) => status.startsWith('2'));
        expect(given, route).toHaveLength(1);
        if (given[0] !== '204')
          expect(responses[given[0] ?? '']?.content?.['application/json']?.schema, route).toBeTruthy();
        // Who has no session is signed out already.
        if (route !== 'delete /api/v1/session') expect(Object.keys(responses), route).toContain('401');
        const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
        expect(
          parameters.filter((one) => one.in === 'path').map(({ name }) => name),
          route,
        ).toEqual(inPath);
      }
    }
  });

  it('has its page', async () => {
    const { api } = await startServer();
    expect((await api('GET', '/api/docs/')).status).toBe(200);
  });
});

describe('nobody gets in', () => {
  it('to anything without a session', async () => {
    const { api } = await startServer();
    const paths = [
      'session',
      'city',
      'domains',
      'device-map',
      'devices',
      'devices/x',
      'alerts',
      'platform',
      'dead-letters',
    ];
    for (const path of paths) {
      for (const cookie of ['', 'haechi_session=made-up']) {
        const { status, headers, json } = await api('GET', `/api/v1/${path}`, { cookie });
        expect(status, path).toBe(401);
        expect(headers.get('content-type')).toContain(PROBLEM);
        expect(json).toMatchObject({
          type: 'about:blank',
          title: 'Unauthorized',
          status: 401,
          detail: 'Sign in first',
        });
      }
    }
  });

  it('before a body is read: whoever has no session sends what it likes', async () => {
    const { api, url, signIn } = await startServer();
    for (const [method, path] of [
      ['PUT', 'city'],
      ['POST', 'devices'],
      ['POST', 'people'],
      ['POST', 'alerts/x/acknowledge'],
    ] as const)
      expect((await api(method, `/api/v1/${path}`, { body: 'nonsense' })).status, path).toBe(401);
    expect((await api('PUT', '/api/v1/city', { cookie: await signIn('kim'), body: 'nonsense' })).status).toBe(403);

    // Only the head of a large request: the answer comes while the body is still awaited.
    const head = ['PUT /api/v1/city HTTP/1.1', 'host: x', 'x-haechi-csrf: 1', 'content-type: application/json'];
    const { socket, received } = await rawSocket(Number(new URL(url).port));
    socket.write(`${[...head, 'content-length: 30000000'].join('\r\n')}\r\n\r\n{`);
    await eventually(() => String(received()).startsWith('HTTP/1.1 401'));
  });

  it('with a wrong password, and is let try only so often', async () => {
    const { api } = await startServer();
    const attempt = () => api('POST', '/api/v1/session', { body: { username: 'admin', password: 'wrong' } });
    const answers = [];
    for (let i = 0; i < 11; i++) answers.push(await attempt());
    expect(answers.map(({ status }) => status)).toEqual([...Array(10).fill(401), 429]);
    expect(answers.at(-1)?.headers.get('content-type')).toContain(PROBLEM);
    expect(answers.at(-1)?.json).toMatchObject({ status: 429 });
    expect(Number(answers.at(-1)?.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('by signing in rightly as often as they like', async () => {
    const { api, signIn } = await startServer();
    for (let i = 0; i < 11; i++) expect(await signIn('kim')).not.toBe('');
    const long = { username: 'kim', password: 'x'.repeat(5000) };
    expect((await api('POST', '/api/v1/session', { body: long })).status).toBe(413);
  });

  it('without the header that no other site can send', async () => {
    const { api, signIn } = await startServer();
    const cookie = await signIn('admin');
    const body = { devices: [underpass('a')] };
    const { status, json } = await api('POST', '/api/v1/devices', { cookie, body, headers: {} });
    expect({ status, detail: json.detail }).toEqual({ status: 403, detail: 'The header x-haechi-csrf is missing' });
    const credentials = { username: 'admin', password: PASSWORD };
    expect((await api('POST', '/api/v1/session', { body: credentials, headers: {} })).status).toBe(403);
  });

  it('to what is an administrator’s, as an operator', async () => {
    const { api, signIn } = await startServer();
    const cookie = await signIn('kim');
    expect((await api('POST', '/api/v1/devices', { cookie, body: { devices: [underpass('a')] } })).status).toBe(403);
    const person = { username: 'lee', displayName: 'Lee', role: 'admin' };
    expect((await api('POST', '/api/v1/people', { cookie, body: person })).status).toBe(403);
  });
});

describe('a session', () => {
  it('is a cookie that no script reads and no other site sends, and ends with signing out', async () => {
    const { api } = await startServer();
    const signedIn = await api('POST', '/api/v1/session', { body: { username: 'kim', password: PASSWORD } });
    expect(signedIn.json).toEqual({ username: 'kim', displayName: 'Kim', role: 'operator' });
    const setCookie = signedIn.headers.getSetCookie()[0] ?? '';
    expect(setCookie).toMatch(/HttpOnly/);
    expect(setCookie).toMatch(/SameSite=Strict/);
    const cookie = setCookie.split(';')[0] ?? '';
    expect((await api('GET', '/api/v1/session', { cookie })).json).toEqual(signedIn.json);
    expect((await api('DELETE', '/api/v1/session', { cookie })).status).toBe(204);
    expect((await api('GET', '/api/v1/session', { cookie })).status).toBe(401);
  });
});

describe('behind a proxy', () => {
  const body = { username: 'kim', password: 'wrong' };
  const from = (address: string) => ({
    'x-haechi-csrf': '1',
    'x-forwarded-for': address,
    'x-forwarded-proto': 'https',
  });

  it('that is trusted, each address is told apart, the last in the list, and the cookie is for https alone', async () => {
    const { api } = await startServer({ trustProxy: true });
    const attempt = async (address: string) =>
      (await api('POST', '/api/v1/session', { body, headers: from(address) })).status;
    for (let i = 0; i < 10; i++) expect(await attempt(`10.9.9.${i}, 10.0.0.1`)).toBe(401);
    expect(await attempt('10.8.8.8, 10.0.0.1')).toBe(429);
    expect(await attempt('10.0.0.2')).toBe(401);
    const right = { body: { ...body, password: PASSWORD }, headers: from('10.0.0.2') };
    expect((await api('POST', '/api/v1/session', right)).headers.getSetCookie()[0]).toMatch(/; Secure/);
  });

  it('that is not, nothing that is written counts', async () => {
    const { api } = await startServer();
    const right = { body: { ...body, password: PASSWORD }, headers: from('10.0.0.2') };
    expect((await api('POST', '/api/v1/session', right)).headers.getSetCookie()[0]).not.toMatch(/; Secure/);
    const attempt = async (address: string) =>
      (await api('POST', '/api/v1/session', { body, headers: from(address) })).status;
    for (let i = 0; i < 10; i++) expect(await attempt(`10.0.0.${i}`)).toBe(401);
    expect(await attempt('10.0.0.99')).toBe(429);
  });
});

describe('devices', () => {
  it('are registered, shown once with their secrets, and listed in pages', async () => {
    const { api, signIn } = await startServer();
    const cookie = await signIn('admin');
    const ids = Array.from({ length: 7 }, (_, index) => `u-${index}`);
    const made = await api('POST', '/api/v1/devices', { cookie, body: { devices: ids.map((id) => underpass(id)) } });
    expect(made.status).toBe(201);
    expect(made.json.items.every((item: { secret: string }) => item.secret.length > 20)).toBe(true);

    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await api('GET', `/api/v1/devices?limit=3${cursor && `&cursor=${cursor}`}`, { cookie });
      seen.push(...page.json.items.map((item: { id: string }) => item.id));
      cursor = page.json.next;
    }
    expect(seen).toEqual(ids);
    expect((await api('GET', '/api/v1/devices?q=U-3', { cookie })).json.items).toHaveLength(1);
    expect((await api('GET', '/api/v1/devices/u-3', { cookie })).json).toMatchObject({
      id: 'u-3',
      state: { ts: null },
    });
    const { text } = await api('GET', '/api/v1/device-map', { cookie });
    expect(text).not.toContain('secret');
  });

  it('that are asked for in a wrong way are answered with a problem document that says what is wrong', async () => {
    const { api, signIn, registry } = await startServer();
    await registry.provision([underpass('u-1')]);
    const cookie = await signIn('kim');
    const wrong: [path: string, status: number, detail: RegExp][] = [
      ['/devices/none', 404, /no device none/],
      ['/devices/u-1/history?fields=nope&from=1&to=2', 422, /flood has no field nope/],
      ['/devices/u-1/history?fields=&from=1&to=2', 422, /at least one/],
      ['/devices/u-1/history?fields=waterDepth&from=2&to=2', 422, /before to/],
      ['/devices/u-1/history?fields=waterDepth&from=soon&to=2', 422, /from/],
      ['/devices/u-1/history?fields=waterDepth&from=1&to=1e300', 422, /to/],
      ['/history?domain=tram&fields=waterDepth&from=1&to=2', 422, /no system tram/],
      ['/history?domain=flood&ids=u-1,u-9&fields=waterDepth&from=1&to=2', 422, /flood has no device u-9/],
      ['/history?domain=flood&fields=nope&from=1&to=2', 422, /no field nope/],
      ['/history?domain=flood&figures=median&fields=waterDepth&from=1&to=2', 422, /figures/],
      ['/history?domain=flood&fields=waterDepth&from=3&to=2', 422, /before to/],
      ['/history/each?domain=flood&ids=,&fields=waterDepth&from=1&to=2', 422, /1 to 1000 devices/],
      ['/nearest-devices?latitude=91&longitude=0', 422, /latitude/],
      ['/nearest-devices?latitude=1', 422, /longitude/],
      ['/devices?limit=5000', 422, /limit/],
      ['/devices/u-1/history?fields=waterDepth&from=-1e300&to=2', 422, /from/],
      ['/devices/u-1/history?fields=waterDepth&from=NaN&to=2', 422, /from/],
      ['/devices/u-1/history?fields=waterDepth&from=1', 422, /to/],
      ['/devices?cursor=!!', 422, /cursor/],
      [`/devices?cursor=${writeCursor([1])}`, 422, /cursor/],
      [`/devices?cursor=${writeCursor([])}`, 422, /cursor/],
      ['/alerts?cursor=!!', 422, /cursor/],
      [`/alerts?cursor=${writeCursor(['soon', 'a'])}`, 422, /cursor/],
      [`/alerts?cursor=${writeCursor([1, 2])}`, 422, /cursor/],
      [`/alerts?cursor=${writeCursor([1])}`, 422, /cursor/],
      [`/alerts?cursor=${Buffer.from('[1e999,"a"]').toString('base64url')}`, 422, /cursor/],
      ['/dead-letters?cursor=!!', 422, /cursor/],
      [`/dead-letters?cursor=${writeCursor(['x'])}`, 422, /cursor/],
      [`/dead-letters?cursor=${writeCursor([1.5])}`, 422, /cursor/],
      ['/alerts/none', 404, /no alert none/],
      ['/nothing', 404, /There is no GET/],
    ];
    for (const [path, status, detail] of wrong) {
      const answer = await api('GET', `/api/v1${path}`, { cookie });
      expect(answer.status, path).toBe(status);
      expect(answer.headers.get('content-type')).toContain(PROBLEM);
      expect(answer.json).toMatchObject({ status, type: 'about:blank', detail: expect.stringMatching(detail) });
    }
  });

  it('that cannot be registered are told by entry and reason', async () => {
    const { api, signIn, registry } = await startServer();
    const cookie = await signIn('admin');
    const body = { devices: [underpass('a'), underpass('b', { kind: 'tram' })] };
    const { status, json } = await api('POST', '/api/v1/devices', { cookie, body });
    expect(status).toBe(422);
    expect(json).toMatchObject({ code: 'DEVICE_INVALID', detail: expect.stringContaining('device 2 (b)') });
    expect(registry.size).toBe(0);
  });

  it('have their history asked for by known fields', async () => {
    const { api, signIn, registry, asked } = await startServer();
    await registry.provision([underpass('u-1')]);
    const path = '/api/v1/devices/u-1/history?fields=waterDepth,barrierClosed,waterDepth&from=100&to=200&points=50';
    expect((await api('GET', path, { cookie: await signIn('kim') })).status).toBe(200);
    const query = { domain: 'flood', device: 'u-1', fields: ['waterDepth', 'barrierClosed'], from: 100, to: 200 };
    expect(asked).toEqual([{ ...query, pointsMax: 50, gapMs: 75_000 }]);
  });
});

describe('devices together', () => {
  async function threeOf() {
    const started = await startServer();
    await started.registry.provision([
      underpass('u-1', { latitude: 37.5, longitude: 127 }),
      underpass('u-2', { latitude: 37.51, longitude: 127, district: 'jongno' }),
      underpass('u-3', { latitude: 37.5, longitude: 127.1 }),
    ]);
    const cookie = await started.signIn('kim');
    const get = async (path: string) => (await started.api('GET', `/api/v1${path}`, { cookie })).json;
    return { ...started, get };
  }
  const fields = 'fields=waterDepth&from=100&to=200&points=50';
  const query = { domain: 'flood', fields: ['waterDepth'], from: 100, to: 200, pointsMax: 50 };

  it('are one series: those named, a district, or all', async () => {
    const { get, asked } = await threeOf();
    expect(await get(`/history?domain=flood&${fields}`)).toMatchObject({
      devices: 3,
      intervalMs: 0,
      resolution: 'raw',
    });
    await get(`/history?domain=flood&district=jongno&${fields}`);
    await get(`/history?domain=flood&ids=u-1,u-3&${fields}`);
    await get(`/history?domain=flood&kind=gauge&figures=mean,max&${fields}`);
    expect(asked).toEqual([
      query,
      { ...query, devices: ['u-2'] },
      { ...query, devices: ['u-1', 'u-3'] },
      { ...query, devices: [], figures: ['mean', 'max'] },
    ]);
  });

  it('are a series each, for as many as a chart can show', async () => {
    const { get, asked, registry } = await threeOf();
    const { items } = await get(`/history/each?domain=flood&ids=u-3,u-1&${fields}`);
    expect(items.map(({ device }: { device: string }) => device)).toEqual(['u-1', 'u-3']);
    expect(asked).toEqual(['u-1', 'u-3'].map((device) => ({ ...query, device, gapMs: 75_000 })));
    await registry.provision(Array.from({ length: 60 }, (_, index) => underpass(`more-${index}`)));
    expect(await get(`/history/each?domain=flood&${fields}`)).toMatchObject({ status: 422, detail: /63 devices/ });
  });

  it('are found around a point, nearest first, by where they last said they were', async () => {
    const { get, feed } = await threeOf();
    const near = async (more = '') =>
      (await get(`/nearest-devices?latitude=37.5&longitude=127${more}`)).items.map(
        ({ id, distanceM }: { id: string; distanceM: number }) => [id, Math.round(distanceM)],
      );
    // A degree of latitude is 111.195 km on the mean sphere; one of longitude that times the cosine of the latitude.
    expect(await near()).toEqual([
      ['u-1', 0],
      ['u-2', 1112],
      ['u-3', 8822],
    ]);
    expect(await near('&limit=1')).toEqual([['u-1', 0]]);
    expect(await near('&radiusM=2000&kind=underpass')).toHaveLength(2);
    expect(await near('&domain=fleet')).toEqual([]);
    feed.setDevices([{ id: 'u-1', ts: 1, receivedAt: 1, values: { latitude: 38.5, longitude: 127 } }]);
    expect(await near('&limit=3')).toEqual([
      ['u-2', 1112],
      ['u-3', 8822],
      ['u-1', 111_195],
    ]);
  });

  it('are listed by their ids, with their latest values', async () => {
    const { get, feed } = await threeOf();
    feed.setDevices([{ id: 'u-3', ts: 7, receivedAt: 8, values: { waterDepth: 3 } }]);
    const { items } = await get('/devices?ids=u-3,u-2,nobody');
    expect(items).toMatchObject([
      { id: 'u-2', state: { ts: null } },
      { id: 'u-3', state: { ts: 7, values: { waterDepth: 3 } } },
    ]);
  });
});

describe('dead letters', () => {
  it('are sent through once more by an administrator alone', async () => {
    const { api, signIn, asked } = await startServer();
    const replay = async (username: string, body: object) =>
      (await api('POST', '/api/v1/dead-letters/replay', { cookie: await signIn(username), body })).status;
    expect(await replay('kim', {})).toBe(403);
    expect(await replay('admin', { reason: 'empty' })).toBe(202);
    expect(await replay('admin', { ids: [] })).toBe(422);
    expect(asked).toEqual([{ reason: 'empty', after: 0 }]);
  });
});

describe('a history that cannot be had', () => {
  it.each([
    ['STORE_UNREACHABLE', 503],
    ['STORE_REFUSED', 502],
    ['BUSY', 503],
  ] as const)('is told with its code and its reason: %s', async (code, status) => {
    const { api, signIn, registry } = await startServer({
      history: () => Promise.reject(new HaechiError(code, 'InfluxDB at http://influx does not answer')),
    });
    await registry.provision([underpass('u-1')]);
    const path = '/api/v1/devices/u-1/history?fields=waterDepth&from=1&to=2';
    const answer = await api('GET', path, { cookie: await signIn('kim') });
    expect(answer.json).toMatchObject({ status, code, detail: 'InfluxDB at http://influx does not answer' });
  });
});

describe('the city', () => {
  it('is replaced by an administrator, with a time zone there is', async () => {
    const { api, signIn } = await startServer();
    const cookie = await signIn('admin');
    const { mode, now, speed, ...city } = (await api('GET', '/api/v1/city', { cookie })).json;
    const body = { ...city, name: { en: 'Mapo', ko: '마포' } };
    expect((await api('PUT', '/api/v1/city', { cookie, body })).status).toBe(204);
    expect((await api('GET', '/api/v1/city', { cookie })).json).toMatchObject({ name: body.name, mode, speed });
    const wrong = await api('PUT', '/api/v1/city', { cookie, body: { ...body, timeZone: 'Mars/Olympus' } });
    expect(wrong.json).toMatchObject({ status: 422, detail: expect.stringMatching(/timeZone: not an IANA/) });
  });
});

describe('alerts', () => {
  it('are acknowledged by whoever is signed in', async () => {
    const { api, signIn, db } = await startServer();
    const cookie = await signIn('kim');
    const what = { rule: 'underpass-flooded', domain: 'flood', device: 'u-1', district: 'mapo', field: 'waterDepth' };
    const raised = { ...what, transition: 'raised', stage: 'alert', at: 5, raisedAt: 5, value: 12, limit: 10 } as const;
    const [alert] = await saveCheckpoint(db, { group: 1, startedAt: 0, devices: new Map() }, [raised]);
    const path = `/api/v1/alerts/${alert?.id}`;
    const { json } = await api('POST', `${path}/acknowledge`, { cookie, body: { comment: 'seen' } });
    expect(json).toMatchObject({ acknowledgedBy: 'kim', acknowledgedAt: 1_800_000_000_000 });
    expect((await api('GET', path, { cookie })).json.events).toMatchObject([
      { what: 'raised' },
      { actor: 'kim', comment: 'seen' },
    ]);
    expect((await api('GET', '/api/v1/alerts?device=u-1', { cookie })).json).toMatchObject({
      items: [{ id: alert?.id }],
      next: null,
    });
    expect((await api('POST', '/api/v1/alerts/none/acknowledge', { cookie, body: {} })).json).toMatchObject({
      code: 'ALERT_UNKNOWN',
    });
  });
});

describe('machines', () => {
  it('ask whether it lives, is ready, and how it does', async () => {
    const { api, platform } = await startServer();
    expect((await api('GET', '/healthz')).status).toBe(200);
    expect((await api('GET', '/readyz')).status).toBe(200);
    platform.journal.accepting = false;
    platform.troubles.push('something that is nobody else’s business');
    expect(await api('GET', '/readyz')).toMatchObject({ status: 503, json: { status: 'not accepting' } });
    expect((await api('GET', '/readyz')).text).not.toContain('business');
    expect((await api('GET', '/metrics')).text).toContain('haechi_mqtt_connections');
  });

  it('find the app at every path of its own, and no file where there is none', async () => {
    const webFolder = join(tempFolder(), 'assets', 'web'); // a parent’s name says nothing about a file
    build(webFolder, 'a-1');
    const { api } = await startServer({ webFolder });
    for (const path of ['/', '/?x=a.b', '/alerts/a-1'])
      expect((await api('GET', path)).text).toBe('<title>a-1</title>');
    expect((await api('GET', '/assets/a-1.js')).headers.get('cache-control')).toContain('immutable');
    for (const path of ['/', '/alerts', '/favicon.svg', '/index.html'])
      expect((await api('GET', path)).headers.get('cache-control'), path).toBe('no-cache');
    for (const path of ['/assets/a-2.js', '/assets/', '/assets/../index.js'])
      expect((await api('GET', path)).status).not.toBe(200);
    expect((await api('GET', '/')).headers.get('content-security-policy')).toContain("default-src 'self'");
  });

  it('find the app that was built last, also while the platform runs', async () => {
    const webFolder = join(tempFolder(), 'dist');
    const { api } = await startServer({ webFolder });
    expect((await api('GET', '/')).json).toMatchObject({
      status: 503,
      detail: expect.stringContaining('npm run build'),
    });
    for (const name of ['a-1', 'b-2']) {
      rmSync(webFolder, { recursive: true, force: true });
      build(webFolder, name);
      expect((await api('GET', '/alerts')).text).toBe(`<title>${name}</title>`);
      expect((await api('GET', `/assets/${name}.js`)).status).toBe(200);
    }
    expect((await api('GET', '/assets/a-1.js')).status).toBe(404);
  });

  it('are told that the port is taken', async () => {
    const { server } = await startServer();
    const { port } = server;
    await expect(startServer({ port })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(`${port}`),
    });
  });
});
