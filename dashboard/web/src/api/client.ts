/** What the server said when it would not, or that it could not be reached at all (`status` 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string | null;

  constructor(status: number, title: string, code: string | null, cause?: unknown) {
    super(title, { cause });
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
  }
}

interface Problem {
  title?: string;
  detail?: string;
  code?: string;
}

async function problemOf(response: Response): Promise<ApiError> {
  let problem: Problem = {};
  try {
    problem = (await response.json()) as Problem;
  } catch {
    // A proxy's own error page is no problem document; the status says enough.
  }
  const text = problem.detail ?? problem.title ?? `${response.status} ${response.statusText}`;
  return new ApiError(response.status, text, problem.code ?? null);
}

type Query = Record<string, string | number | undefined>;

export function address(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return `/api/v1${path}${text ? `?${text}` : ''}`;
}

async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, 'unreachable', 'UNREACHABLE', cause);
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.status === 401) window.dispatchEvent(new Event('haechi-signed-out'));
    throw problem;
  }
  return response;
}

export async function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  const response = await send(address(path, query), {
    headers: { accept: 'application/json' },
    signal: signal ?? null,
  });
  return (await response.json()) as T;
}

/** Every change carries this header, which another site's form cannot send. */
export async function change<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const response = await send(address(path), {
    method,
    headers: {
      'x-haechi-csrf': '1',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return (response.status === 204 ? undefined : await response.json()) as T;
}
