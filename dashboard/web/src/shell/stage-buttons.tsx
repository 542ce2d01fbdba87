import { UnstyledButton } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation, useSearchParams } from 'wouter';
import { alertState, STAGES, type Stage } from '../core.ts';
import { useAlerts } from '../live/use-live.ts';
import { StageShape } from '../shared/stage-mark.tsx';
import classes from './frame.module.css';

export interface StageCount {
  open: number;
  waiting: number;
}

export function useStageCounts(): Record<Stage, StageCount> {
  const alerts = useAlerts();
  return useMemo(() => {
    const none = () => ({ open: 0, waiting: 0 });
    const counts = { attention: none(), caution: none(), alert: none(), serious: none() };
    for (const alert of alerts) {
      const state = alertState(alert);
      if (state === 'closed') continue;
      counts[alert.stage].open += 1;
      if (state === 'unacknowledged') counts[alert.stage].waiting += 1;
    }
    return counts;
  }, [alerts]);
}

/** Worst first. Each narrows the list on this page to its stage, or leads to the list narrowed to it. */
export function StageButtons({ words = true, grow = false }: { words?: boolean; grow?: boolean }) {
  const { t } = useTranslation();
  const counts = useStageCounts();
  const [location, navigate] = useLocation();
  const [search, setSearch] = useSearchParams();
  const here = location === '/' || location === '/alerts';
  const chosen = here ? (search.get('stage') ?? '').split(',').filter((text) => text !== '') : [];

  const toggle = (stage: Stage) => {
    if (!here) return navigate(`/alerts?stage=${stage}`);
    const next = chosen.includes(stage) ? chosen.filter((one) => one !== stage) : [...chosen, stage];
    setSearch((before) => {
      const after = new URLSearchParams(before);
      if (next.length > 0) after.set('stage', next.join(','));
      else after.delete('stage');
      return after;
    });
  };

  return (
    <fieldset className={classes['plainGroup']} aria-label={t('bar.openAlerts')} style={{ flex: grow ? 1 : 'none' }}>
      {STAGES.toReversed().map((stage) => {
        const { open, waiting } = counts[stage];
        const label = t('bar.openOfStage', { stage: t(`stage.${stage}`), count: open });
        return (
          <UnstyledButton
            key={stage}
            className={classes['stage']}
            style={grow ? { flex: 1, height: 44, padding: '0 2px', gap: 4, fontSize: 12 } : undefined}
            aria-pressed={chosen.includes(stage)}
            aria-label={label}
            title={label}
            onClick={() => toggle(stage)}
          >
            <StageShape stage={stage} quiet={open === 0} waiting={waiting > 0} />
            {words && (
              <span style={{ color: open > 0 ? `var(--h-${stage})` : 'var(--h-muted)' }}>{t(`stage.${stage}`)}</span>
            )}
            <b style={{ color: open > 0 ? 'var(--h-text)' : 'var(--h-muted)' }}>{open}</b>
          </UnstyledButton>
        );
      })}
    </fieldset>
  );
}
