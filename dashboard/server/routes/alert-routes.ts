import * as z from 'zod';
import type { App } from '../app.ts';
import {
  acknowledgeRequest,
  alertList,
  alertQuery,
  alertResource,
  alertWithEvents,
  moment,
  problem,
  SIGNED_IN,
} from '../contract.ts';
import { readCursor, writeCursor } from '../cursor.ts';
import type { DashboardOptions } from '../options.ts';
import { Problem } from '../problems.ts';
import type { Sessions } from '../sessions.ts';

export function addAlertRoutes(app: App, options: DashboardOptions, sessions: Sessions): void {
  const { alerts, feed, clock } = options;
  const tags = ['alerts'];
  const onRequest = sessions.requirePerson;
  const place = z.tuple([moment, z.string().max(64)]);
  const byId = z.object({ id: z.string().max(64) });

  app.get(
    '/alerts',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Alerts, newest first',
        querystring: alertQuery,
        response: { ...SIGNED_IN, 200: alertList },
      },
    },
    async ({ query: { cursor, limit, ...query } }) => {
      const [raisedAt, id] = cursor === undefined ? [] : readCursor(cursor, place);
      const before = raisedAt === undefined || id === undefined ? undefined : { raisedAt, id };
      const found = await alerts.list({ ...query, limit: limit + 1, before });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return { items, next: found.length > limit && last ? writeCursor([last.raisedAt, last.id]) : null };
    },
  );
  app.get(
    '/alerts/:id',
    {
      onRequest,
      schema: {
        tags,
        summary: 'An alert with all that happened to it',
        params: byId,
        response: { ...SIGNED_IN, 200: alertWithEvents, 404: problem },
      },
    },
    async ({ params }) => {
      const alert = await alerts.get(params.id);
      if (!alert) throw new Problem(404, `There is no alert ${params.id}`);
      return alert;
    },
  );
  app.post(
    '/alerts/:id/acknowledge',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Say that somebody has seen it',
        params: byId,
        body: acknowledgeRequest,
        response: { ...SIGNED_IN, 200: alertResource, 404: problem },
      },
    },
    async (request) => {
      const { username } = sessions.person(request);
      const alert = await alerts.acknowledge(request.params.id, username, request.body.comment ?? null, clock.now());
      feed.setAlerts([alert]);
      return alert;
    },
  );
}
