import { useTranslation } from 'react-i18next';
import { useCity } from '../city/city-context.ts';
import { useLive } from '../live/use-live.ts';
import classes from './frame.module.css';

function useModeWords(): string | null {
  const { t } = useTranslation();
  const { mode } = useCity().city;
  const speed = useLive().store.speed();
  if (mode === 'live') return null;
  const words = t(`mode.${mode}`);
  if (mode !== 'replay' || speed === 1) return words;
  return `${words} · ${speed === 0 ? t('mode.stands') : t('mode.speed', { speed })}`;
}

export function ModePill() {
  const words = useModeWords();
  return words && <span className={classes['mode']}>{words}</span>;
}

export function ModeStrip() {
  const words = useModeWords();
  return words && <div className={classes['modeStrip']}>{words}</div>;
}
