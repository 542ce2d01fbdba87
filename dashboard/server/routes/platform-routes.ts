import * as z from 'zod';
import type { App } from '../app.ts';
import {
  ADMIN_ONLY,
  deadLetterList,
  deadLetterQuery,
  ledgerResource,
  platformResource,
  replayRequest,
  replayResult,
  SIGNED_IN,
} from '../contract.ts';
import { readCursor, writeCursor } from '../cursor.ts';
import type { DashboardOptions } from '../options.ts';
import type { Sessions } from '../sessions.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

export function addPlatformRoutes(app: App, options: DashboardOptions, sessions: Sessions): void {
  const tags = ['platform'];
  const place = z.tuple([z.number().int()]);
  const onRequest = sessions.requirePerson;
  app.get(
    '/platform',
    {
      onRequest,
      schema: { tags, summary: 'How the platform itself is', response: { ...SIGNED_IN, 200: platformResource } },
    },
    async () => await options.platform(),
  );
  app.get(
    '/ledger',
    {
      onRequest,
      schema: {
        tags,
        summary: 'What became of every message that was acknowledged',
        response: { ...SIGNED_IN, 200: ledgerResource },
      },
    },
    async () => (await options.platform()).ledger,
  );
  app.get(
    '/dead-letters',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Payloads that were set aside, newest first',
        querystring: deadLetterQuery,
        response: { ...SIGNED_IN, 200: deadLetterList },
      },
    },
    async ({ query: { cursor, limit, ...query } }) => {
      const before = cursor === undefined ? undefined : readCursor(cursor, place)[0];
      const found = await options.deadLetters({ ...query, limit: limit + 1, before });
      const items = found.slice(0, limit).map(({ payload, ...letter }) => ({
        ...letter,
        size: payload.length,
        text: textOf(payload),
        base64: Buffer.from(payload).toString('base64'),
      }));
      return { items, next: found.length > limit ? writeCursor([items.at(-1)?.id ?? 0]) : null };
    },
  );
  app.post(
    '/dead-letters/replay',
    {
      onRequest: sessions.requireAdmin,
      schema: {
        tags,
        summary: 'Send dead letters through the platform once more, after what was wrong is mended',
        body: replayRequest,
        response: { ...ADMIN_ONLY, 202: replayResult },
      },
    },
    async ({ body }, reply) => reply.code(202).send(await options.replayDeadLetters(body)),
  );
}

function textOf(payload: Uint8Array): string | null {
  try {
    return utf8.decode(payload);
  } catch {
    return null; // not UTF-8: shown as base64 alone
  }
}
