import { useCallback, useEffect, useMemo, useState } from 'react';
import { get } from '../api/client.ts';
import type { AlertResource } from '../contract.ts';
import { useAlerts } from '../live/use-live.ts';
import type { AlertFilters } from './filters.ts';
import { matches } from './filters.ts';

const PAGE = 200;

interface Page {
  items: AlertResource[];
  next: string | null;
}

export interface AllAlerts {
  alerts: AlertResource[];
  loading: boolean;
  error: Error | undefined;
  /** Older ones, where there are any. */
  more: (() => void) | null;
  retry: () => void;
}

/** Past alerts page by page from the server, with what has come or changed since laid over them. */
export function useAllAlerts(filters: AlertFilters): AllAlerts {
  const live = useAlerts();
  const [pages, setPages] = useState<AlertResource[]>([]);
  const [next, setNext] = useState<string | null>(null);
  const [loading, setLoading] = useState(false);
  const [error, setError] = useState<Error>();
  const { state, domain, district, device } = filters;

  const load = useCallback(
    (cursor: string | undefined, signal?: AbortSignal) => {
      setLoading(true);
      const query = {
        state,
        domain: domain ?? undefined,
        district: district ?? undefined,
        device: device ?? undefined,
        limit: PAGE,
        cursor,
      };
      get<Page>('/alerts', query, signal).then(
        (page) => {
          setPages((before) => (cursor === undefined ? page.items : [...before, ...page.items]));
          setNext(page.next);
          setError(undefined);
          setLoading(false);
        },
        (failure: Error) => {
          if (signal?.aborted) return;
          setError(failure);
          setLoading(false);
        },
      );
    },
    [state, domain, district, device],
  );

  useEffect(() => {
    if (state === 'open') return;
    const abort = new AbortController();
    setPages([]);
    setNext(null);
    load(undefined, abort.signal);
    return () => abort.abort();
  }, [state, load]);

  const alerts = useMemo(() => {
    if (state === 'open') return live.filter((alert) => matches(alert, filters));
    const byId = new Map(pages.map((alert) => [alert.id, alert]));
    for (const alert of live) {
      const known = byId.get(alert.id);
      if (!known || known.changeSeq <= alert.changeSeq) byId.set(alert.id, alert);
    }
    return [...byId.values()].filter((alert) => matches(alert, filters));
  }, [state, live, pages, filters]);

  return {
    alerts,
    loading: state === 'all' && loading,
    error: state === 'all' ? error : undefined,
    more: state === 'all' && next !== null ? () => load(next) : null,
    retry: () => load(next ?? undefined),
  };
}
