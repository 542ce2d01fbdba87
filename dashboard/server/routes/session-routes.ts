import * as z from 'zod';
import type { App } from '../app.ts';
import { credentials, person, problem } from '../contract.ts';
import { Problem } from '../problems.ts';
import type { Sessions } from '../sessions.ts';

/** Tries to sign in from one address. */
const ATTEMPTS = { max: 10, timeWindow: 60_000 };

export function addSessionRoutes(app: App, sessions: Sessions): void {
  const tags = ['session'];
  app.post(
    '/session',
    {
      config: { rateLimit: ATTEMPTS },
      schema: { tags, summary: 'Sign in', body: credentials, response: { 200: person, 401: problem } },
    },
    async (request, reply) => {
      const found = await sessions.signIn(reply, request.body.username, request.body.password);
      if (!found) throw new Problem(401, 'User name or password is wrong');
      return found;
    },
  );
  app.get(
    '/session',
    {
      preHandler: sessions.requirePerson,
      schema: { tags, summary: 'Who is signed in', response: { 200: person, 401: problem } },
    },
    async (request) => sessions.person(request),
  );
  app.delete(
    '/session',
    { schema: { tags, summary: 'Sign out', response: { 204: z.null() } } },
    async (request, reply) => {
      await sessions.signOut(request, reply);
      return reply.code(204).send(null);
    },
  );
}
