import { useTranslation } from 'react-i18next';
import type { AlertResource } from '../contract.ts';
import { alertState } from '../core.ts';
import { useLive } from '../live/use-live.ts';
import { useTimeWords } from '../shared/use-words-of-time.ts';

/** Who has it and since when, and that it has gone by itself where nobody has. */
export function Handled({ alert }: { alert: AlertResource }) {
  const { t } = useTranslation();
  const words = useTimeWords();
  const { store } = useLive();
  const state = alertState(alert);
  const at = alert.acknowledgedAt;
  if (at === null) {
    return (
      <span className={state === 'returned' ? 'h-muted' : undefined}>
        {state === 'returned' ? t('alertState.returned') : t('alerts.nobody')}
      </span>
    );
  }
  const name = alert.acknowledgedBy ?? '';
  const text = t('alerts.acknowledgedBy', { name, time: words.short(at, store.now()) });
  return (
    <span className="h-muted" title={`${name} · ${words.time(at, 'date-time')}`}>
      {text}
    </span>
  );
}
