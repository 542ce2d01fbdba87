/** Who is asking: the session cookie, and what a request needs to change anything. */
import type { People, PersonRecord } from '@haechi/services';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from './problems.ts';

const COOKIE = 'haechi_session';
/** Another site's form cannot send it, so a forged request lacks it. */
const CSRF_HEADER = 'x-haechi-csrf';

export class Sessions {
  readonly #people: People;
  readonly #asked = new WeakMap<FastifyRequest, PersonRecord>();

  constructor(people: People) {
    this.#people = people;
  }

  tokenIn(cookies: Record<string, string | undefined>): string | undefined {
    return cookies[COOKIE];
  }

  personOf(token: string): Promise<PersonRecord | undefined> {
    return this.#people.personOf(token);
  }

  /** As a route's onRequest, before its body is read: only for people who are signed in. */
  requirePerson = async (request: FastifyRequest): Promise<void> => {
    const token = this.tokenIn(request.cookies);
    const person = token === undefined ? undefined : await this.personOf(token);
    if (!person) throw new Problem(401, 'Sign in first');
    this.#asked.set(request, person);
  };

  requireAdmin = async (request: FastifyRequest): Promise<void> => {
    await this.requirePerson(request);
    if (this.person(request).role !== 'admin') throw new Problem(403, 'Only an administrator may do this');
  };

  /** As a hook before everything: a change must carry the header. */
  requireCsrfHeader = async (request: FastifyRequest): Promise<void> => {
    if (request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS') return;
    if (request.headers[CSRF_HEADER] === undefined) throw new Problem(403, `The header ${CSRF_HEADER} is missing`);
  };

  /** The person a `require…` found. */
  person(request: FastifyRequest): PersonRecord {
    const person = this.#asked.get(request);
    if (!person) throw new Error(`${request.url} is not guarded`);
    return person;
  }

  /** Signs in and sets the cookie; `undefined` where name and password do not belong together. */
  async signIn(reply: FastifyReply, username: string, password: string): Promise<PersonRecord | undefined> {
    const session = await this.#people.signIn(username, password);
    if (!session) return undefined;
    reply.setCookie(COOKIE, session.token, {
      path: '/',
      httpOnly: true,
      sameSite: 'strict',
      secure: 'auto',
      maxAge: session.lifeMs / 1000,
    });
    return session.person;
  }

  async signOut(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const token = this.tokenIn(request.cookies);
    if (token !== undefined) await this.#people.signOut(token);
    reply.clearCookie(COOKIE, { path: '/' });
  }
}
