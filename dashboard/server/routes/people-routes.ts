import { randomBytes } from 'node:crypto';
import type { App } from '../app.ts';
import { ADMIN_ONLY, newPerson, newPersonResult, problem } from '../contract.ts';
import type { DashboardOptions } from '../options.ts';
import { Problem } from '../problems.ts';
import type { Sessions } from '../sessions.ts';

export function addPeopleRoutes(app: App, { people }: DashboardOptions, sessions: Sessions): void {
  app.post(
    '/people',
    {
      onRequest: sessions.requireAdmin,
      schema: {
        tags: ['session'],
        summary: 'Add a person, or give one a new password; it is shown this once',
        body: newPerson,
        response: { ...ADMIN_ONLY, 201: newPersonResult, 422: problem },
      },
    },
    async (request, reply) => {
      const { username } = request.body;
      if (username === sessions.person(request).username)
        throw new Problem(422, 'body username: your own account is not changed this way');
      const password = randomBytes(12).toString('base64url');
      await people.add(request.body, password);
      return reply.code(201).send({ username, password });
    },
  );
}
