import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useCity } from '../city/city-context.ts';
import { useCityWords } from '../city/use-city-words.ts';
import type { AlertResource } from '../contract.ts';
import { fillMessage } from './message.ts';

export type Side = 'high' | 'low' | null;

export interface AlertWords {
  /** The rule's message with its device, value and limit filled in. */
  what: (alert: AlertResource) => string;
  title: (alert: AlertResource) => string;
  advice: (alert: AlertResource) => string | null;
  device: (alert: AlertResource) => string;
  /** Device and district. */
  where: (alert: AlertResource) => string;
  /** With its unit; null where the rule watches no field. */
  value: (alert: AlertResource) => string | null;
  limit: (alert: AlertResource) => string | null;
}

export function sideOf({ value, limit }: Pick<AlertResource, 'value' | 'limit'>): Side {
  if (typeof value !== 'number' || limit === null) return null;
  return value >= limit ? 'high' : 'low';
}

export function useAlertWords(): AlertWords {
  const { t } = useTranslation();
  const words = useCityWords();
  const { device: deviceOf } = useCity();
  return useMemo(() => {
    const device = (alert: AlertResource) => deviceOf(alert.device)?.name ?? alert.device;
    const value = ({ domain, field, value: raw }: AlertResource) =>
      field === null || raw === null ? null : words.valueWithUnit(domain, field, raw);
    const limit = ({ domain, field, limit: raw }: AlertResource) =>
      field === null || raw === null ? null : words.valueWithUnit(domain, field, raw);
    const title = (alert: AlertResource) =>
      words.rule(alert.domain, alert.rule)?.title ?? t('alerts.unknownRule', { rule: alert.rule });
    return {
      device,
      value,
      limit,
      title,
      where: (alert) => `${device(alert)} · ${words.district(alert.district)}`,
      advice: (alert) => words.rule(alert.domain, alert.rule)?.advice ?? null,
      what: (alert) => {
        const message = words.rule(alert.domain, alert.rule)?.message;
        if (!message) return title(alert);
        return fillMessage(message, {
          device: device(alert),
          value: value(alert) ?? t('value.noValue'),
          limit: limit(alert) ?? t('value.noLimit'),
        });
      },
    };
  }, [t, words, deviceOf]);
}
