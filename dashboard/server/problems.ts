/** Errors as RFC 9457 problem documents. */
import { STATUS_CODES } from 'node:http';
import { type ErrorCode, HaechiError, type Log } from '@haechi/core';
import type { FastifyError, FastifyInstance } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';

export class Problem extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const STATUS_OF: Partial<Record<ErrorCode, number>> = {
  DEVICE_INVALID: 422,
  DEVICE_UNKNOWN: 404,
  ALERT_UNKNOWN: 404,
  CITY_INVALID: 422,
  STORE_UNREACHABLE: 503,
  STORE_REFUSED: 502,
  STORE_DAMAGED: 500,
  EXPORT_FAILED: 507,
  JOURNAL_FULL: 503,
  JOURNAL_FAILED: 503,
  DISK_FULL: 507,
  BUSY: 503,
  CLOSED: 503,
};

interface Told {
  status: number;
  detail: string;
  code?: string;
}

function told(error: FastifyError | Error): Told {
  if (error instanceof Problem) return { status: error.status, detail: error.message };
  if (error instanceof HaechiError)
    return { status: STATUS_OF[error.code] ?? 500, detail: error.message, code: error.code };
  if (hasZodFastifySchemaValidationErrors(error)) {
    const { validation, validationContext = 'request' } = error;
    const [issue] = validation;
    const where = issue?.instancePath.slice(1).replaceAll('/', '.');
    return { status: 422, detail: `${validationContext}${where ? ` ${where}` : ''}: ${issue?.message ?? 'invalid'}` };
  }
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500;
  return { status, detail: status < 500 ? error.message : 'The platform failed at this; its log says why.' };
}

export function problemDocument({ status, detail, code }: Told) {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, ...(code ? { code } : {}) };
}

export function answerProblems(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((error: FastifyError | Error, request, reply) => {
    const problem = told(error);
    // To be asked again is no failure: who sends much hears it all the time.
    if (problem.status >= 500 && problem.code !== 'BUSY')
      log.error({ err: error, method: request.method, url: request.url }, 'rest: failed');
    return reply
      .code(problem.status)
      .type('application/problem+json')
      .send(JSON.stringify(problemDocument(problem)));
  });
}
