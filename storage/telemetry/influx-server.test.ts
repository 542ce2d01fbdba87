/**
 * InfluxDB 2.x and 3.x, which this machine does not have: a small server that answers as their documentation says.
 * The contract runs against a real one where INFLUX_URL and INFLUX_BUCKET are set.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { InfluxStore } from './influx-store.ts';
import { contractModels, rangeQuery, reading, T0 } from './telemetry-store.contract.ts';
import { append } from './test-append.ts';

interface Answer {
  status: number;
  body?: unknown;
}

interface Seen {
  method: string | undefined;
  url: URL;
  authorization: string | undefined;
  type: string | undefined;
  body: string;
}

async function fakeInflux(version: string, answer: (request: Seen) => Answer) {
  const seen: Seen[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    const { method, headers } = request;
    const gzip = headers['content-encoding'] === 'gzip';
    const url = new URL(request.url ?? '', 'http://fake');
    const { authorization, 'content-type': type } = headers;
    const one = { method, url, authorization, type, body: gzip ? 'gzip' : await textOf(request) };
    if (gzip) request.resume();
    seen.push(one);
    const { status, body } = url.pathname === '/ping' ? { status: 204, body: undefined } : answer(one);
    response.writeHead(status, { 'x-influxdb-version': version, 'content-type': 'application/json' });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const settings = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: 'secret',
    org: 'the city',
    bucket: 'haechi',
  };
  return { seen, open: () => InfluxStore.open({ ...settings, folder: tempFolder() }, contractModels) };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

const EMPTY = { status: 400, body: { code: 'invalid', message: 'writing requires points' } };
const rows = { status: 200, body: { results: [{ series: [{ columns: ['time', 'flow'], values: [[T0, 1]] }] }] } };

describe('InfluxDB 2.x', () => {
  it('is written to on /api/v2/write with org, bucket and token, and read on /query', async () => {
    const { seen, open } = await fakeInflux('v2.7.11', ({ url, body }) => {
      if (url.pathname === '/query') return rows;
      return body === '' ? EMPTY : { status: 204 };
    });
    const store = await open();
    expect(store.description).toMatch(/^InfluxDB 2\.7\.11 at /);
    await append(store, [reading('p1', T0, { flow: 1 }, { seq: 4 })], 1);
    const written = seen.at(-1);
    expect(written?.url.pathname).toBe('/api/v2/write');
    expect(Object.fromEntries(written?.url.searchParams ?? [])).toEqual({
      org: 'the city',
      bucket: 'haechi',
      precision: 'ms',
    });
    expect(written?.authorization).toBe('Token secret');
    expect(written?.body).toBe(`test-pump,device=p1 flow=1,receivedAt=${T0 + 100}i,seq=4i ${T0}`);
    expect((await store.range(rangeQuery('p1'))).fields['flow']?.mean).toEqual([1]);
    expect(seen.at(-1)?.authorization).toBe('Token secret');
  });

  it('is asked about many devices in a form, which no address has room for', async () => {
    const { seen, open } = await fakeInflux('v2.7.11', ({ body }) => (body === '' ? EMPTY : { status: 200, body: {} }));
    const store = await open();
    const devices = Array.from({ length: 250 }, (_, index) => `light-with-a-long-name-${index}`);
    const query = { domain: 'test-pump', fields: ['flow'], from: T0, to: T0 + 1000, pointsMax: 10 };
    await store.group({ ...query, devices });
    const asked = seen.filter(({ url }) => url.pathname === '/query');
    expect(asked).toHaveLength(3);
    for (const { method, url, type, body, authorization } of asked) {
      expect({ method, type, authorization }).toEqual({
        method: 'POST',
        type: 'application/x-www-form-urlencoded',
        authorization: 'Token secret',
      });
      expect(Object.fromEntries(url.searchParams)).toEqual({ db: 'haechi', epoch: 'ms' });
      expect([...new URLSearchParams(body).keys()]).toEqual(['q']);
    }
    const named = asked.flatMap(({ body }) => new URLSearchParams(body).get('q')?.match(/light[^']+/g) ?? []);
    expect(named).toEqual(devices);
  });

  it('before 2.3 it is told once which bucket a database means', async () => {
    let mapped = false;
    const { seen, open } = await fakeInflux('v2.0.9', ({ url, body }) => {
      if (url.pathname === '/api/v2/buckets') return { status: 200, body: { buckets: [{ id: 'b1', orgID: 'o1' }] } };
      if (url.pathname === '/api/v2/dbrps') {
        mapped = true;
        return { status: 201, body: {} };
      }
      if (url.pathname === '/query')
        return mapped ? rows : { status: 200, body: { results: [{ error: 'database not found: haechi' }] } };
      return body === '' ? EMPTY : { status: 204 };
    });
    const store = await open();
    expect((await store.range(rangeQuery('p1'))).ts).toEqual([T0]);
    expect((await store.range(rangeQuery('p1'))).ts).toEqual([T0]);
    const mappings = seen.filter(({ url }) => url.pathname === '/api/v2/dbrps');
    expect(mappings.map(({ body }) => JSON.parse(body))).toEqual([
      { bucketID: 'b1', orgID: 'o1', database: 'haechi', retention_policy: 'autogen', default: true },
    ]);
  });

  it('where the token may not do that, says what to do, once and for every query', async () => {
    const { open } = await fakeInflux('v2.0.9', ({ url, body }) => {
      if (url.pathname === '/api/v2/buckets') return { status: 200, body: { buckets: [{ id: 'b1', orgID: 'o1' }] } };
      if (url.pathname === '/api/v2/dbrps')
        return { status: 403, body: { code: 'forbidden', message: 'insufficient permissions' } };
      if (url.pathname === '/query')
        return { status: 200, body: { results: [{ error: 'database not found: haechi' }] } };
      return body === '' ? EMPTY : { status: 204 };
    });
    const store = await open();
    for (let i = 0; i < 2; i++) {
      await expect(store.range(rangeQuery('p1'))).rejects.toMatchObject({
        code: 'STORE_REFUSED',
        message: expect.stringContaining('influx v1 dbrp create --db "haechi"'),
      });
    }
    await append(store, [reading('p1', T0, { flow: 1 })], 1); // writing goes on
  });

  it.each([
    [
      401,
      { code: 'unauthorized', message: 'unauthorized access' },
      /answers 401, unauthorized access: set INFLUX_TOKEN to one that may read and write haechi$/,
    ],
    [
      404,
      { code: 'not found', message: 'bucket "haechi" not found' },
      /has no bucket haechi in the city: create it \(influx bucket create -o "the city" -n "haechi"\)/,
    ],
  ])('stops the start on %i', async (status, body, message) => {
    const { open } = await fakeInflux('v2.7.11', () => ({ status, body }));
    await expect(open()).rejects.toMatchObject({ code: 'STORE_REFUSED', message: expect.stringMatching(message) });
  });

  it('refusing points with 422 names them', async () => {
    const { open } = await fakeInflux('v2.7.11', ({ body }) => {
      if (body === '') return EMPTY;
      const message = 'failure writing points to database: partial write: field type conflict dropped=1';
      return body.includes('device=bad')
        ? { status: 422, body: { code: 'unprocessable entity', message } }
        : { status: 204 };
    });
    const store = await open();
    const bad = reading('bad', T0, { flow: 2 });
    const all = [reading('p1', T0, { flow: 1 }), bad, reading('p2', T0, { flow: 1 })];
    await expect(append(store, all, 1)).rejects.toMatchObject({
      refused: [{ reading: bad, reason: expect.stringContaining('conflict') }],
    });
  });

  it('busy at the start (503) or limiting us (429) is waited for', async () => {
    const statuses = [503, 429];
    const { open } = await fakeInflux('v2.7.11', ({ body }) => {
      const status = statuses.shift();
      return status ? { status } : body === '' ? EMPTY : { status: 204 };
    });
    const store = await open();
    const appendOne = () => append(store, [reading('p1', T0, { flow: 1 })], 1);
    await expect(appendOne()).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    await appendOne();
    expect(store.description).toContain('2.7.11');
  });
});

describe('InfluxDB 3.x', () => {
  it('is written to and read as 2.x is; a database that is missing is no bucket to map', async () => {
    const { seen, open } = await fakeInflux('3.4.1', ({ url, body }) => {
      if (url.pathname === '/query') return { status: 404, body: { error: 'database not found: haechi' } };
      return body === '' ? EMPTY : { status: 204 };
    });
    const store = await open();
    expect(store.description).toContain('3.4.1');
    await append(store, [reading('p1', T0, { flow: 1 })], 1);
    expect(seen.at(-1)?.url.pathname).toBe('/api/v2/write');
    await expect(store.range(rangeQuery('p1'))).rejects.toMatchObject({
      message: expect.stringContaining('influxdb3 create database'),
    });
    expect(seen.some(({ url }) => url.pathname.includes('dbrps'))).toBe(false);
  });
});
