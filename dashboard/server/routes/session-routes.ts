import * as z from 'zod';
import type { App } from '../app.ts';
import { credentials, person, problem, SIGNED_IN } from '../contract.ts';
import { Problem } from '../problems.ts';
import type { Sessions } from '../sessions.ts';
import { SignInFailures } from '../sign-in-failures.ts';

/** A name and a password, however they are written. */
const CREDENTIALS_SIZE_MAX = 4096;

export function addSessionRoutes(app: App, sessions: Sessions): void {
  const failures = new SignInFailures(() => performance.now());
  const tags = ['session'];
  app.post(
    '/session',
    {
      bodyLimit: CREDENTIALS_SIZE_MAX,
      schema: {
        tags,
        summary: 'Sign in',
        body: credentials,
        response: { 200: person, 401: problem, 422: problem, 429: problem },
      },
    },
    async (request, reply) => {
      const { username, password } = request.body;
      const attempt = failures.begin(request.ip, username);
      if (!attempt.allowed) {
        reply.header('retry-after', Math.ceil(attempt.waitMs / 1000));
        throw new Problem(429, 'Too many wrong attempts; wait a minute');
      }
      const found = await sessions.signIn(reply, username, password);
      if (!found) throw new Problem(401, 'User name or password is wrong');
      attempt.succeeded();
      return found;
    },
  );
  app.get(
    '/session',
    {
      onRequest: sessions.requirePerson,
      schema: { tags, summary: 'Who is signed in', response: { ...SIGNED_IN, 200: person } },
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
