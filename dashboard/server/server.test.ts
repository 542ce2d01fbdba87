/** The REST interface as any client meets it: a real server on a free port, real registry, alerts and people. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { saveCheckpoint } from '@haechi/services';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { PASSWORD, startServer, underpass } from '../../tests/support/test-dashboard.ts';

const PROBLEM = 'application/problem+json';

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
        'GET /platform',
        'GET /session',
        'POST /alerts/{id}/acknowledge',
        'POST /devices',
        'POST /people',
        'POST /session',
        'PUT /city',
      ]
        .map((route) => route.replace(' ', ' /api/v1'))
        .sort(),
    );
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

  it('with a wrong password, and is let try only so often', async () => {
    const { api } = await startServer();
    const attempt = () => api('POST', '/api/v1/session', { body: { username: 'admin', password: 'wrong' } });
    const answers = [];
    for (let i = 0; i < 11; i++) answers.push(await attempt());
    expect(answers.map(({ status }) => status)).toEqual([...Array(10).fill(401), 429]);
    expect(answers.at(-1)?.headers.get('content-type')).toContain(PROBLEM);
    expect(answers.at(-1)?.json).toMatchObject({ status: 429 });
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
      ['/devices?limit=5000', 422, /limit/],
      ['/devices?cursor=!!', 422, /cursor/],
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
    expect((await api('GET', '/readyz')).status).toBe(503);
    expect((await api('GET', '/metrics')).text).toContain('haechi_mqtt_connections');
  });

  it('find the app at every path of its own, and no file where there is none', async () => {
    const webFolder = tempFolder();
    mkdirSync(join(webFolder, 'assets'));
    writeFileSync(join(webFolder, 'index.html'), '<title>Haechi</title>');
    writeFileSync(join(webFolder, 'assets/a-1.js'), '1');
    const { api } = await startServer({ webFolder });
    for (const path of ['/', '/alerts/a-1']) expect((await api('GET', path)).text).toBe('<title>Haechi</title>');
    expect((await api('GET', '/assets/a-1.js')).headers.get('cache-control')).toContain('immutable');
    expect((await api('GET', '/assets/a-2.js')).status).toBe(404);
    expect((await api('GET', '/')).headers.get('content-security-policy')).toContain("default-src 'self'");
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
