import * as z from 'zod';
import type { App } from '../app.ts';
import { ADMIN_ONLY, problem } from '../contract.ts';
import type { DashboardOptions } from '../options.ts';
import { sendFile } from '../send-file.ts';
import type { Sessions } from '../sessions.ts';

export function addBackupRoutes(app: App, { backup }: DashboardOptions, sessions: Sessions): void {
  app.post(
    '/backup',
    {
      onRequest: sessions.requireAdmin,
      compress: false,
      schema: {
        tags: ['platform'],
        summary: 'A consistent copy of everything, as a tar; docs/backup.md. One at a time.',
        response: {
          ...ADMIN_ONLY,
          200: z.string().meta({ description: 'The archive', contentMediaType: 'application/x-tar' }),
          503: problem,
          507: problem,
        },
      },
    },
    async (_request, reply) => sendFile(reply, 'application/x-tar', await backup()),
  );
}
