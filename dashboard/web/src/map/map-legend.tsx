import { useTranslation } from 'react-i18next';
import { useCity } from '../city/city-context.ts';
import { STAGES } from '../core.ts';
import { StageShape } from '../shared/stage-mark.tsx';
import classes from './map.module.css';

/** What shapes and rings mean, in words. */
export function MapLegend() {
  const { t } = useTranslation();
  const { domains } = useCity();
  const hasLamps = domains.some(({ kinds }) => kinds.some(({ symbol, active }) => symbol === 'dot' && active !== null));
  return (
    <section className={classes['legend']} aria-label={t('map.legend')}>
      {STAGES.toReversed().map((stage) => (
        <span key={stage}>
          <StageShape stage={stage} size={12} /> {t(`stage.${stage}`)}
        </span>
      ))}
      {hasLamps && (
        <span>
          <Dot fill="var(--h-lit)" /> {t('map.legendLit')}
        </span>
      )}
      <span>
        <Dot fill="var(--h-normal)" /> {t('map.legendNormal')}
      </span>
      <span>
        <Dot fill="var(--h-normal)" opacity={0.4} /> {t('map.legendLate')}
      </span>
      <span>
        <Dot fill="none" dashed /> {t('map.legendLost')}
      </span>
    </section>
  );
}

function Dot({ fill, opacity = 1, dashed = false }: { fill: string; opacity?: number; dashed?: boolean }) {
  return (
    <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
      <circle
        cx="6"
        cy="6"
        r={dashed ? 5 : 4}
        fill={fill}
        opacity={opacity}
        stroke={dashed ? 'var(--h-text)' : 'none'}
        strokeDasharray={dashed ? '2.2 1.8' : undefined}
      />
    </svg>
  );
}
