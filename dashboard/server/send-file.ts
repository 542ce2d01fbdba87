import type { FastifyReply } from 'fastify';
import type { FileDownload } from './options.ts';

/** As it is, never compressed: it may be gigabytes, and its size is said before it comes. */
export function sendFile(reply: FastifyReply, type: string, { name, size, bytes }: FileDownload): FastifyReply {
  return reply
    .type(type)
    .header('content-length', size)
    .header('content-disposition', `attachment; filename="${name}"`)
    .header('cache-control', 'no-store')
    .send(bytes);
}
