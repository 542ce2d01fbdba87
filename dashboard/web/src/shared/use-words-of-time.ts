import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useCity } from '../city/city-context.ts';
import { useLanguage } from '../locales/i18n.ts';
import { ageOf, formatTime, shortTime, type TimeStyle } from './format.ts';

export interface TimeWords {
  /** `4 s ago` */
  age: (at: number, now: number) => string;
  /** `4 s`, for sentences of their own. */
  bareAge: (at: number, now: number) => string;
  /** `15 min`, from milliseconds. */
  duration: (ms: number) => string;
  time: (at: number, style: TimeStyle) => string;
  /** The time alone today, with the day before that. */
  short: (at: number, now: number) => string;
}

export function useTimeWords(): TimeWords {
  const { t } = useTranslation();
  const language = useLanguage();
  const { timeZone } = useCity().city;
  return useMemo(() => {
    const duration = (ms: number) => {
      const age = ageOf(0, ms);
      return age.unit === 'now' ? t('duration.second', { count: 0 }) : t(`duration.${age.unit}`, { count: age.count });
    };
    return {
      duration,
      age: (at, now) => {
        const age = ageOf(at, now);
        return age.unit === 'now' ? t('age.now') : t(`age.${age.unit}`, { count: age.count });
      },
      bareAge: (at, now) => duration(Math.max(0, now - at)),
      time: (at, style) => formatTime(at, style, timeZone, language),
      short: (at, now) => shortTime(at, now, timeZone, language),
    };
  }, [t, language, timeZone]);
}
