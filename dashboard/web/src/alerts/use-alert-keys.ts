import { useEffect, useRef } from 'react';
import type { AlertResource } from '../contract.ts';

interface Options {
  rows: readonly AlertResource[];
  cursor: string | null;
  onCursor: (id: string, index: number) => void;
  onOpen: (alert: AlertResource) => void;
  onAcknowledge: (alert: AlertResource) => void;
  onSelect?: (alert: AlertResource) => void;
}

/** Where a key means something else: what is typed into, and what opens over the page. */
const ELSEWHERE =
  'input:not([type=checkbox]), textarea, select, [contenteditable], [role=dialog], [role=menu], [role=listbox]';
/** Enter and Space on a button or link press it. */
const PRESSABLE = 'button, a, input[type=checkbox], [role=button]';

/** J and K (or the arrows) move, Enter opens, A acknowledges, Space selects. */
export function useAlertKeys(options: Options): void {
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target instanceof Element ? event.target : null;
      if (target?.closest(ELSEWHERE)) return;
      const { rows, cursor, onCursor, onOpen, onAcknowledge, onSelect } = latest.current;
      const at = rows.findIndex(({ id }) => id === cursor);
      const onRow = target?.closest('[data-testid=alert-row]') ?? null;
      const pressing = target?.closest(PRESSABLE) && !onRow;
      const here = rows[at];

      const move = (index: number) => {
        const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
        if (row) onCursor(row.id, rows.indexOf(row));
      };
      const key = event.key.toLowerCase();
      const inList = onRow !== null || target === document.body;
      if (key === 'j' || (key === 'arrowdown' && inList)) move(at + 1);
      else if (key === 'k' || (key === 'arrowup' && inList)) move(at < 0 ? 0 : at - 1);
      else if (key === 'a' && here) {
        onAcknowledge(here);
        // It leaves its place in the order; the cursor goes on to what comes next instead of with it.
        move(at + 1 < rows.length ? at + 1 : at - 1);
      } else if (key === 'enter' && here && !pressing && !target?.closest('[data-testid=acknowledge]')) onOpen(here);
      else if (key === ' ' && here && onSelect && !pressing && !target?.closest('[data-testid=acknowledge]'))
        onSelect(here);
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

/** The focus goes with the cursor, once the row it is on has been drawn. */
export function focusRow(list: HTMLElement | null, id: string): void {
  requestAnimationFrame(() => {
    const row = list?.querySelector(`[data-alert-id="${CSS.escape(id)}"]`);
    if (row instanceof HTMLElement) row.focus({ preventScroll: true });
  });
}
