/** The dashboard's server: REST with its OpenAPI, the live socket, the operators' app, and what a machine asks for. */
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join, relative } from 'node:path';
import fastifyCompress from '@fastify/compress';
import fastifyCookie from '@fastify/cookie';
import fastifyHelmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import { HaechiError, messageOf } from '@haechi/core';
import Fastify, { type FastifyReply } from 'fastify';
import {
  createJsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import type { App } from './app.ts';
import { serveLiveSocket } from './live-socket.ts';
import type { DashboardOptions } from './options.ts';
import { answerProblems, problemDocument } from './problems.ts';
import { addAlertRoutes } from './routes/alert-routes.ts';
import { addBackupRoutes } from './routes/backup-routes.ts';
import { addCityRoutes } from './routes/city-routes.ts';
import { addDeviceRoutes } from './routes/device-routes.ts';
import { addExportRoutes } from './routes/export-routes.ts';
import { addHistoryRoutes } from './routes/history-routes.ts';
import { addImportRoutes } from './routes/import-routes.ts';
import { addPeopleRoutes } from './routes/people-routes.ts';
import { addPlatformRoutes } from './routes/platform-routes.ts';
import { addSessionRoutes } from './routes/session-routes.ts';
import { Sessions } from './sessions.ts';

const BODY_SIZE_MAX = 1024 * 1024;
const REQUEST_MS_MAX = 30_000;
const ALERTS_PAGE = 5000;
const PREFIX = '/api/v1';

/** The app loads nothing from elsewhere. MapLibre runs its workers from blobs; Mantine sets styles at run time. */
const CONTENT_SECURITY_POLICY = {
  defaultSrc: ["'self'"],
  imgSrc: ["'self'", 'data:', 'blob:'],
  styleSrc: ["'self'", "'unsafe-inline'"],
  workerSrc: ["'self'", 'blob:'],
  connectSrc: ["'self'"],
  fontSrc: ["'self'"],
  objectSrc: ["'none'"],
  frameAncestors: ["'none'"],
  // Without TLS of our own a browser told to upgrade finds nothing.
  upgradeInsecureRequests: null,
};

export class DashboardServer {
  readonly #app: App;
  readonly #closeSocket: () => void;

  private constructor(app: App, closeSocket: () => void) {
    this.#app = app;
    this.#closeSocket = closeSocket;
  }

  /** @throws HaechiError PORT_TAKEN */
  static async start(options: DashboardOptions): Promise<DashboardServer> {
    const { host, port, log, trustProxy = false } = options;
    const app = Fastify({
      bodyLimit: BODY_SIZE_MAX,
      // One hop: of a list of addresses only the last was written by our proxy.
      trustProxy: trustProxy && ((_address, hop) => hop < 1),
      requestTimeout: REQUEST_MS_MAX,
      forceCloseConnections: true,
      loggerInstance: log.child({ part: 'http' }, { level: 'warn' }),
    }).withTypeProvider<ZodTypeProvider>() as unknown as App;
    const sessions = new Sessions(options.people);
    await build(app, options, sessions);
    await fillAlerts(options);
    const closeSocket = serveLiveSocket({
      app,
      sessions,
      trustProxy,
      feed: options.feed,
      log,
      metrics: options.metrics,
    });
    try {
      await app.listen({ host, port });
    } catch (cause) {
      await app.close();
      const taken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
      const reason = taken ? 'is taken by another program' : `cannot be used: ${messageOf(cause)}`;
      throw new HaechiError('PORT_TAKEN', `HTTP port ${port} ${reason}; set HAECHI_HTTP_PORT or --http-port`, {
        cause,
      });
    }
    return new DashboardServer(app, closeSocket);
  }

  get port(): number {
    return (this.#app.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#closeSocket();
    await this.#app.close();
  }
}

async function build(app: App, options: DashboardOptions, sessions: Sessions): Promise<void> {
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerProblems(app as never, options.log);
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: { directives: CONTENT_SECURITY_POLICY },
    strictTransportSecurity: false,
  });
  await app.register(fastifyCompress, { threshold: 2048, encodings: ['br', 'gzip'] });
  await app.register(fastifyCookie);
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Haechi',
        description: 'The REST interface of the city’s telemetry platform.',
        version: options.version,
      },
    },
    transform: createJsonSchemaTransform({ zodToJsonConfig: { target: 'draft-2020-12' } }),
  });
  await app.register(fastifySwaggerUi, { routePrefix: '/api/docs', staticCSP: false });
  await app.register(
    async (scope) => {
      const api = scope as unknown as App;
      api.addHook('onRequest', sessions.requireCsrfHeader);
      addSessionRoutes(api, sessions);
      addPeopleRoutes(api, options, sessions);
      addCityRoutes(api, options, sessions);
      addDeviceRoutes(api, options, sessions);
      addHistoryRoutes(api, options, sessions);
      addAlertRoutes(api, options, sessions);
      addPlatformRoutes(api, options, sessions);
      addBackupRoutes(api, options, sessions);
      addExportRoutes(api, options, sessions);
      addImportRoutes(api, options, sessions);
    },
    { prefix: PREFIX },
  );
  addMachineRoutes(app, options);
  await addWebApp(app, options);
}

/** Shows the most pressing of all open alerts, not of the newest only, and goes on doing so. */
function fillAlerts({ feed, alerts, log }: DashboardOptions): Promise<void> {
  return feed.fillAlerts(async (before) => {
    try {
      return await alerts.list({ state: 'open', limit: ALERTS_PAGE, before });
    } catch (error) {
      log.error({ err: error }, 'open alerts cannot be read; tried again');
      return undefined;
    }
  });
}

/** For orchestrators and Prometheus; they sign in nowhere. */
function addMachineRoutes(app: App, { platform, metrics }: DashboardOptions): void {
  const schema = { hide: true };
  app.get('/api/openapi.json', { schema }, async () => app.swagger());
  app.get('/healthz', { schema }, async () => ({ status: 'ok' }));
  app.get('/readyz', { schema }, async (_request, reply) => {
    const ready = (await platform()).journal.accepting;
    // No more than that: what is wrong is told to who is signed in.
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not accepting' });
  });
  app.get('/metrics', { schema }, async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
}

const NOT_BUILT = 'The dashboard is not built yet: run `npm run build`.';

/** Files and page are read as they are asked for: a build while we run is served from its first request on. */
async function addWebApp(app: App, { webFolder }: DashboardOptions): Promise<void> {
  await app.register(fastifyStatic, {
    root: webFolder,
    index: false,
    suppressWarning: true, // of a folder that is not built yet
    setHeaders: (response, path) => {
      // Vite names each file under assets/ by its content.
      const forever = relative(webFolder, path).startsWith('assets/');
      response.header('cache-control', forever ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  const sendPage = async (_request: unknown, reply: FastifyReply) => {
    const page = await readFile(join(webFolder, 'index.html')).catch(() => undefined);
    if (page) return await reply.type('text/html').header('cache-control', 'no-cache').send(page);
    return await sendProblem(reply, 503, NOT_BUILT);
  };
  app.get('/', { schema: { hide: true } }, sendPage);
  app.setNotFoundHandler(async (request, reply) => {
    const { method, url } = request;
    const [path = ''] = url.split('?');
    const wantsPage = method === 'GET' && !path.startsWith('/api/') && !/\.\w+$/.test(path);
    return wantsPage ? await sendPage(request, reply) : await sendProblem(reply, 404, `There is no ${method} ${url}`);
  });
}

function sendProblem(reply: FastifyReply, status: number, detail: string): FastifyReply {
  return reply
    .code(status)
    .type('application/problem+json')
    .send(JSON.stringify(problemDocument({ status, detail })));
}
