import { IconBell, IconMap2, IconServer2 } from '@tabler/icons-react';
import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useRoute } from 'wouter';
import { useCity } from '../city/city-context.ts';
import { useCityWords } from '../city/use-city-words.ts';
import { alertState, type Stage, worstStage } from '../core.ts';
import { useAlerts } from '../live/use-live.ts';
import { StageShape } from '../shared/stage-mark.tsx';
import { DomainIcon } from './domain-icon.tsx';
import classes from './frame.module.css';

export function Navigation() {
  const { t } = useTranslation();
  const { domains } = useCity();
  const words = useCityWords();
  const worst = useWorstByDomain();
  return (
    <nav aria-label={t('nav.label')}>
      <Entry to="/" label={t('nav.overview')} icon={<IconMap2 size={20} stroke={1.5} aria-hidden="true" />} />
      <Entry to="/alerts" label={t('nav.alerts')} icon={<IconBell size={20} stroke={1.5} aria-hidden="true" />} />
      <div className={classes['divider']} />
      <section aria-label={t('nav.systems')}>
        {domains.map(({ id, icon }) => (
          <Entry
            key={id}
            to={`/systems/${id}`}
            label={words.domain(id)}
            icon={<DomainIcon icon={icon} />}
            worst={worst.get(id) ?? null}
          />
        ))}
      </section>
      <div className={classes['divider']} />
      <Entry
        to="/platform"
        label={t('nav.platform')}
        icon={<IconServer2 size={20} stroke={1.5} aria-hidden="true" />}
      />
    </nav>
  );
}

function useWorstByDomain(): ReadonlyMap<string, Stage> {
  const alerts = useAlerts();
  return useMemo(() => {
    const worst = new Map<string, Stage>();
    for (const alert of alerts) {
      if (alertState(alert) === 'closed') continue;
      worst.set(alert.domain, worstStage(alert.stage, worst.get(alert.domain) ?? null) ?? alert.stage);
    }
    return worst;
  }, [alerts]);
}

function Entry({
  to,
  label,
  icon,
  worst = null,
}: {
  to: string;
  label: string;
  icon: ReactNode;
  worst?: Stage | null;
}) {
  const { t } = useTranslation();
  const [current] = useRoute(to);
  return (
    <Link href={to} className={classes['navLink'] ?? ''} aria-current={current ? 'page' : undefined}>
      {icon}
      <span>{label}</span>
      {worst && (
        <span className={classes['navMark']} title={t(`stage.${worst}`)} role="img" aria-label={t(`stage.${worst}`)}>
          <StageShape stage={worst} size={10} />
        </span>
      )}
    </Link>
  );
}
