import { useTranslation } from 'react-i18next';
import type { AlertResource } from '../contract.ts';
import { sideOf, useAlertWords } from './use-alert-words.ts';

/** `6.4 mg/L ▲ limit 5.0 mg/L`: the value, which side of the limit it is on, and the limit. */
export function AlertValue({ alert }: { alert: AlertResource }) {
  const { t } = useTranslation();
  const words = useAlertWords();
  const value = words.value(alert);
  const limit = words.limit(alert);
  const side = sideOf(alert);
  if (value === null) return null;
  return (
    <span className="h-figures" style={{ whiteSpace: 'nowrap' }}>
      <b style={{ fontWeight: 600 }}>{value}</b>
      {side && (
        <span
          role="img"
          aria-label={t(`value.${side}`)}
          title={t(`value.${side}`)}
          style={{ color: `var(--h-${alert.stage})` }}
        >
          {side === 'high' ? ' ▲' : ' ▼'}
        </span>
      )}
      {limit !== null && <span className="h-muted"> {t('chart.limit', { value: limit })}</span>}
    </span>
  );
}
