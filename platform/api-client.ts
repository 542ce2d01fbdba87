/** The command line's way to a running platform: the same REST interface that everybody uses. */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { json } from 'node:stream/consumers';
import { HaechiError, messageOf } from '@haechi/core';

/** The platform said no. */
export class RefusedError extends HaechiError {
  /** Its own code, where it gave one: `BUSY`, `DISK_FULL` … */
  readonly reason: string | undefined;

  constructor(message: string, reason?: string) {
    super('USAGE', message);
    this.reason = reason;
  }
}

interface ProblemDocument {
  detail?: string;
  code?: string;
}

export class ApiClient implements AsyncDisposable {
  readonly #base: string;
  #cookie = '';

  private constructor(base: string) {
    this.#base = base;
  }

  /**
   * `await using client = await ApiClient.signIn(…)` signs out when the command is done.
   * @throws HaechiError USAGE where the platform cannot be reached or refuses the sign-in.
   */
  static async signIn(url: string, username: string, password: string | undefined): Promise<ApiClient> {
    if (!URL.canParse(url)) throw new HaechiError('USAGE', `--url ${url} is not an address`);
    if (!password) throw new HaechiError('USAGE', 'the password is missing: set HAECHI_ADMIN_PASSWORD or --password');
    const client = new ApiClient(new URL('/api/v1', url).href);
    const response = await client.#send('POST', '/session', { username, password });
    client.#cookie = response.headers
      .getSetCookie()
      .map((cookie) => cookie.split(';')[0])
      .join('; ');
    return client;
  }

  async get<T>(path: string): Promise<T> {
    return (await (await this.#send('GET', path)).json()) as T;
  }

  async change<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body: unknown): Promise<T> {
    const response = await this.#send(method, path, body);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  /** Sends lines as they are. */
  async send<T>(path: string, type: string, body: Buffer): Promise<T> {
    return (await (await this.#send('POST', path, body, type)).json()) as T;
  }

  /**
   * A file, as it comes. It may be prepared for a long time before its first byte, longer than `fetch` waits.
   * @throws HaechiError USAGE where the platform cannot be reached or refuses
   */
  async download(method: 'GET' | 'POST', path: string): Promise<IncomingMessage> {
    const url = new URL(`${this.#base}${path}`);
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      send(url, { method, headers: this.#headers() }, resolve)
        .once('error', (cause) => reject(this.#unreachable(cause)))
        .end();
    });
    if (response.statusCode === 200) return response;
    const problem = (await json(response).catch(() => ({}))) as ProblemDocument; // a proxy's page is no problem document
    throw new RefusedError(problem.detail ?? `${method} ${path}: ${response.statusCode}`, problem.code);
  }

  /** Signs out; a session would live for hours. Whatever was done is done, so this fails silently where it cannot. */
  async close(): Promise<void> {
    if (this.#cookie === '') return;
    await this.#send('DELETE', '/session').catch(() => undefined); // gone with the platform, or it ends by itself
    this.#cookie = '';
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #headers(): Record<string, string> {
    return { 'x-haechi-csrf': '1', ...(this.#cookie ? { cookie: this.#cookie } : {}) };
  }

  #unreachable(cause: unknown): HaechiError {
    const reason = messageOf((cause as Error).cause ?? cause);
    return new HaechiError('USAGE', `the platform at ${this.#base} cannot be reached: ${reason}`, { cause });
  }

  async #send(method: string, path: string, body?: unknown, type = 'application/json'): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`${this.#base}${path}`, {
        method,
        headers: { ...this.#headers(), ...(body === undefined ? {} : { 'content-type': type }) },
        body: body === undefined ? null : Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body),
      });
    } catch (cause) {
      throw this.#unreachable(cause);
    }
    if (response.ok) return response;
    const problem = (await response.json().catch(() => ({}))) as ProblemDocument; // a proxy's page is no problem document
    const detail = problem.detail ?? `${method} ${path}: ${response.status} ${response.statusText}`;
    throw new RefusedError(detail, problem.code);
  }
}
