import { useCallback, useEffect, useState } from 'react';
import { get } from './client.ts';

export interface Resource<T> {
  data: T | undefined;
  error: Error | undefined;
  loading: boolean;
  retry: () => void;
}

type Query = Record<string, string | number | undefined>;

/**
 * One GET, again whenever its address changes, and every `pollMs` where given. What was there stays on the screen while
 * it is asked for again and when that fails, beside the error.
 */
export function useResource<T>(path: string | null, query: Query = {}, pollMs?: number): Resource<T> {
  const key = path === null ? null : `${path}?${JSON.stringify(query)}`;
  const [state, setState] = useState<{ key: string | null; data?: T; error?: Error }>({ key: null });
  const [round, setRound] = useState(0);
  const retry = useCallback(() => setRound((was) => was + 1), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` holds path and query, `round` asks again
  useEffect(() => {
    if (path === null) return;
    const abort = new AbortController();
    get<T>(path, query, abort.signal).then(
      (data) => setState({ key, data }),
      (error: Error) => {
        if (abort.signal.aborted) return;
        setState((was) =>
          was.key === key && was.data !== undefined ? { key, data: was.data, error } : { key, error },
        );
      },
    );
    return () => abort.abort();
  }, [key, round]);

  useEffect(() => {
    if (pollMs === undefined) return;
    const timer = setInterval(() => {
      if (!document.hidden) retry();
    }, pollMs);
    return () => clearInterval(timer);
  }, [pollMs, retry]);

  const current = state.key === key;
  return {
    data: current ? state.data : undefined,
    error: current ? state.error : undefined,
    loading: key !== null && !(current && (state.data !== undefined || state.error !== undefined)),
    retry,
  };
}
