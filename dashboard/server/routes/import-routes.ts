import type { App } from '../app.ts';
import { ADMIN_ONLY, IMPORT_LINES_MAX, importResult, problem } from '../contract.ts';
import type { DashboardOptions } from '../options.ts';
import { Problem } from '../problems.ts';
import type { Sessions } from '../sessions.ts';

const BODY_SIZE_MAX = 8 * 1024 * 1024;
const NDJSON = 'application/x-ndjson';

const utf8 = new TextDecoder('utf-8', { fatal: true });

export function addImportRoutes(app: App, { importReadings }: DashboardOptions, sessions: Sessions): void {
  app.addContentTypeParser(NDJSON, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post(
    '/import',
    {
      onRequest: sessions.requireAdmin,
      bodyLimit: BODY_SIZE_MAX,
      schema: {
        tags: ['history'],
        summary: `Readings of the past, a JSON object a line (${NDJSON}), at most ${IMPORT_LINES_MAX}: {"device": …, "ts": …, "values": {…}}. They raise no alert; the same once more changes nothing.`,
        consumes: [NDJSON],
        response: { ...ADMIN_ONLY, 200: importResult, 422: problem, 503: problem },
      },
    },
    async ({ body }) => await importReadings(linesOf(body)),
  );
}

function linesOf(body: unknown): string[] {
  if (!Buffer.isBuffer(body)) throw new Problem(415, `send ${NDJSON}`);
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    throw new Problem(422, 'body: it is not UTF-8');
  }
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) throw new Problem(422, 'body: no lines');
  if (lines.length > IMPORT_LINES_MAX)
    throw new Problem(422, `body: ${lines.length} lines, at most ${IMPORT_LINES_MAX} in one request`);
  return lines;
}
