/** `/ws` as a screen meets it. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { eventually } from '../../tests/support/eventually.ts';
import { startServer } from '../../tests/support/test-dashboard.ts';
import { type WsServerMessage, wsServerMessage } from './contract.ts';

type Server = Awaited<ReturnType<typeof startServer>>;

/** A socket with what came and how it ended. */
function open({ url }: Server, headers: Record<string, string>, path = '/ws') {
  const socket = new WebSocket(url.replace('http', 'ws') + path, { headers });
  onTestFinished(() => socket.terminate());
  const got: WsServerMessage[] = [];
  const ended: { code?: number; status?: number } = {};
  socket.on('message', (text) => got.push(wsServerMessage.parse(JSON.parse(String(text)))));
  socket.on('close', (code) => Object.assign(ended, { code }));
  socket.on('unexpected-response', (_request, response) => Object.assign(ended, { status: response.statusCode }));
  socket.on('error', () => undefined); // seen in how it ended
  return { socket, got, ended };
}

async function screen(server: Server, cookie: string, hello: object = { type: 'hello' }) {
  const opened = open(server, { cookie });
  await new Promise((resolve) => opened.socket.once('open', resolve));
  opened.socket.send(JSON.stringify(hello));
  return opened;
}

const lamp = (ts: number, power: number) => ({ id: 'l-1', ts, receivedAt: ts, values: { power } });

describe('a screen', () => {
  it('gets the whole, then changes, and after it was away exactly what it missed', async () => {
    const server = await startServer();
    const cookie = await server.signIn('kim');
    server.feed.setDevices([lamp(1, 1)]);
    const first = await screen(server, cookie);
    await eventually(() => first.got.length > 0);
    expect(first.got[0]).toMatchObject({ type: 'snapshot', seq: 1, devices: [lamp(1, 1)] });
    server.feed.setDevices([lamp(2, 2)]);
    await eventually(() => first.got.some(({ type }) => type === 'delta'));
    first.socket.close();
    await eventually(() => first.ended.code !== undefined);

    server.feed.setDevices([lamp(3, 3)]);
    const resume = { epoch: server.feed.epoch, seq: 2 };
    const second = await screen(server, cookie, { type: 'hello', resume });
    await eventually(() => second.got.length > 0);
    expect(second.got[0]).toMatchObject({ type: 'delta', seq: 3, devices: [lamp(3, 3)] });
  });

  it.each([
    ['no session', {}, '/ws', 401],
    ['a session that is none', { cookie: 'haechi_session=x' }, '/ws', 401],
    ['another site’s page', { origin: 'https://evil.example' }, '/ws', 403],
    ['a page without an origin', { origin: 'null' }, '/ws', 403],
    ['another path', {}, '/elsewhere', 404],
  ])('is refused with %s', async (_, headers, path, status) => {
    const opened = open(await startServer(), headers, path);
    await eventually(() => opened.ended.status !== undefined);
    expect(opened.ended.status).toBe(status);
  });

  it.each([
    ['no hello', 'nonsense', 1007],
    ['a hello with more than it says', '{"type":"hello","more":1}', 1007],
    ['a message without end', `{"type":"${'x'.repeat(5000)}"}`, 1009],
  ])('is let go on %s', async (_, text, code) => {
    const server = await startServer();
    const opened = open(server, { cookie: await server.signIn('kim') });
    await new Promise((resolve) => opened.socket.once('open', resolve));
    opened.socket.send(text);
    await eventually(() => opened.ended.code !== undefined);
    expect(opened.ended.code).toBe(code);
  });

  it('is let go when it says hello twice, and when the platform stops', async () => {
    const server = await startServer();
    const cookie = await server.signIn('kim');
    const twice = await screen(server, cookie);
    const once = await screen(server, cookie);
    twice.socket.send('{"type":"hello"}');
    await eventually(() => twice.ended.code !== undefined);
    expect(twice.ended.code).toBe(1007);
    await server.server.close();
    await eventually(() => once.ended.code !== undefined);
    expect(once.ended.code).toBe(1001);
  });
});
