import { useCallback } from 'react';
import { useSearchParams } from 'wouter';

/** What the side sheet shows; it lives in the address, so that back closes it and a link opens it. */
export interface Selection {
  alert: string | null;
  device: string | null;
  /** `replace`: without a step to go back to, for moving along a list with keys. */
  select: (kind: 'alert' | 'device', id: string, replace?: boolean) => void;
  clear: () => void;
}

export function useSelection(): Selection {
  const [search, setSearch] = useSearchParams();
  const alert = search.get('alert');
  const device = alert === null ? search.get('selected') : null;
  const select = useCallback(
    (kind: 'alert' | 'device', id: string, replace = false) =>
      setSearch(
        (before) => {
          const after = new URLSearchParams(before);
          after.delete('alert');
          after.delete('selected');
          after.set(kind === 'alert' ? 'alert' : 'selected', id);
          return after;
        },
        { replace },
      ),
    [setSearch],
  );
  const clear = useCallback(
    () =>
      setSearch((before) => {
        const after = new URLSearchParams(before);
        after.delete('alert');
        after.delete('selected');
        return after;
      }),
    [setSearch],
  );
  return { alert, device, select, clear };
}
