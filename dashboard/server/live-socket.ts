/** `/ws`: a screen says hello, gets a snapshot or what it missed, and then every delta. */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Log, type Metrics, messageOf } from '@haechi/core';
import type { FastifyInstance } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import { wsHello } from './contract.ts';
import type { LiveFeed } from './live-feed.ts';
import type { Sessions } from './sessions.ts';

const CLIENTS_MAX = 500;
const MESSAGE_SIZE_MAX = 4096;
const HELLO_MS = 10_000;
/** A screen that reads too slowly is let go; it comes back and gets what it missed, or the whole. */
const BEHIND_SIZE_MAX = 16 * 1024 * 1024;
/** How often it is asked whether a screen's session still holds. */
const RECHECK_MS = 60_000;

interface Options {
  app: FastifyInstance;
  feed: LiveFeed;
  sessions: Sessions;
  trustProxy: boolean;
  log: Log;
  metrics: Metrics;
}

export function serveLiveSocket({ app, feed, sessions, trustProxy, log, metrics }: Options): () => void {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_SIZE_MAX,
    perMessageDeflate: { threshold: 2048, zlibDeflateOptions: { level: 1 }, concurrencyLimit: 4 },
  });

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (request.url?.split('?')[0] !== '/ws') return refuse(socket, 404);
    if (!sameOrigin(request, trustProxy)) return refuse(socket, 403);
    if (server.clients.size >= CLIENTS_MAX) return refuse(socket, 503);
    const token = sessions.tokenIn(app.parseCookie(request.headers.cookie ?? ''));
    if (!token || !(await sessions.personOf(token))) return refuse(socket, 401);
    server.handleUpgrade(request, socket, head, (client) => attend(client, token));
  }

  function attend(client: WebSocket, token: string): void {
    let leave: (() => void) | undefined;
    const helloTimer = setTimeout(() => client.close(1008, 'no hello'), HELLO_MS);
    const recheck = setInterval(() => {
      sessions.personOf(token).then(
        (person) => person ?? client.close(4401, 'signed out'),
        (error: unknown) => log.error({ err: error }, 'ws: session check failed'),
      );
    }, RECHECK_MS);
    metrics.wsClients.inc();

    client.on('message', (data, isBinary) => {
      const hello = isBinary ? undefined : readHello(String(data));
      if (!hello || leave) return client.close(1007, 'one hello is expected');
      clearTimeout(helloTimer);
      // What it is told first may be large by itself, and is not the screen's slowness.
      let behindMax = Number.POSITIVE_INFINITY;
      leave = feed.join((text) => {
        if (client.bufferedAmount > behindMax) client.terminate();
        else client.send(text);
      }, hello.resume);
      behindMax = client.bufferedAmount + BEHIND_SIZE_MAX;
    });
    client.on('error', (error) => log.debug({ reason: messageOf(error) }, 'ws: client error'));
    client.on('close', () => {
      clearTimeout(helloTimer);
      clearInterval(recheck);
      leave?.();
      metrics.wsClients.dec();
    });
  }

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    upgrade(request, socket, head).catch((error: unknown) => {
      log.error({ err: error }, 'ws: upgrade failed');
      refuse(socket, 500);
    });
  };
  app.server.on('upgrade', onUpgrade);
  return () => {
    app.server.off('upgrade', onUpgrade);
    for (const client of server.clients) client.close(1001, 'the platform is stopping');
    const timer = setTimeout(() => {
      for (const client of server.clients) client.terminate();
    }, 1000);
    timer.unref();
    server.close();
  };
}

function readHello(text: string) {
  try {
    return wsHello.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // not JSON: answered like any other message that is no hello
  }
}

/** Another site's page may open a socket with a person's cookie; the browser tells where it comes from. */
function sameOrigin({ headers }: IncomingMessage, trustProxy: boolean): boolean {
  if (headers.origin === undefined) return true;
  const forwarded = trustProxy ? String(headers['x-forwarded-host'] ?? '').split(',') : [];
  const host = forwarded.at(-1)?.trim() || headers.host;
  return URL.canParse(headers.origin) && new URL(headers.origin).host === host;
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
