/** The command line's way to a running platform: the same REST interface that everybody uses. */
import { HaechiError, messageOf } from '@haechi/core';

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

  /** Signs out; a session would live for hours. Whatever was done is done, so this fails silently where it cannot. */
  async close(): Promise<void> {
    if (this.#cookie === '') return;
    await this.#send('DELETE', '/session').catch(() => undefined); // gone with the platform, or it ends by itself
    this.#cookie = '';
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #send(method: string, path: string, body?: unknown): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`${this.#base}${path}`, {
        method,
        headers: {
          'x-haechi-csrf': '1',
          ...(this.#cookie ? { cookie: this.#cookie } : {}),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
    } catch (cause) {
      const reason = messageOf((cause as Error).cause ?? cause);
      throw new HaechiError('USAGE', `the platform at ${this.#base} cannot be reached: ${reason}`, { cause });
    }
    if (response.ok) return response;
    const problem = (await response.json().catch(() => ({}))) as { detail?: string }; // a proxy's page is no problem document
    throw new HaechiError('USAGE', problem.detail ?? `${method} ${path}: ${response.status} ${response.statusText}`);
  }
}
