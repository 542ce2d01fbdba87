import { useTranslation } from 'react-i18next';
import { useCity } from '../city/city-context.ts';
import { presence } from '../live/presence.ts';
import { useCityNow, useDeviceLive } from '../live/use-live.ts';
import { useTimeWords } from '../shared/use-words-of-time.ts';

/** Whether the device is heard of, and where not, since when and what was expected. */
export function PresenceLine({ id }: { id: string }) {
  const { t } = useTranslation();
  const { device: deviceOf } = useCity();
  const live = useDeviceLive(id);
  const now = useCityNow();
  const times = useTimeWords();
  const intervalS = deviceOf(id)?.intervalS ?? 60;
  const ts = live?.ts ?? null;
  const seen = presence(ts, intervalS, now);
  if (ts === null) return <span>{t('presence.silentWhy')}</span>;
  const parts = { age: times.age(ts, now), interval: times.duration(intervalS * 1000) };
  if (seen === 'stale') return <b>{t('presence.lateSince', parts)}</b>;
  if (seen === 'lost') return <b>{t('presence.lostSince', parts)}</b>;
  return (
    <span className="h-muted h-figures">
      {t('presence.live')} · {parts.age}
    </span>
  );
}
