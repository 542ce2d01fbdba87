import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useCity } from '../city/city-context.ts';
import { useCityWords } from '../city/use-city-words.ts';
import { alertState } from '../core.ts';
import { useAlerts, useConnection, useDevicesVersion, useLive, useOpenAlertsBeyond } from '../live/use-live.ts';
import { useLanguage } from '../locales/i18n.ts';
import { formatNumber } from '../shared/format.ts';
import { type Figure, figuresOf } from './figures.ts';
import classes from './overview.module.css';

/** A line of figures, each said in words; nothing here is coloured. */
export function KeyFigures() {
  const { t } = useTranslation();
  const language = useLanguage();
  const city = useCity();
  const { store } = useLive();
  const version = useDevicesVersion(1000);
  const alerts = useAlerts();
  const heard = useConnection().heardAt !== null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` tells that devices changed
  const figures = useMemo(() => figuresOf(city, store.devices(), store.now()), [city, store, version]);
  const open = alerts.filter((alert) => alertState(alert) !== 'closed');
  const unseen = open.filter((alert) => alert.acknowledgedAt === null).length;
  const beyond = useOpenAlertsBeyond();
  const number = (value: number) => formatNumber(value, 0, language);

  return (
    <dl className={classes['figures']} aria-label={t('overview.figures')} aria-busy={!heard}>
      <div>
        <dt>{t('overview.openAlerts')}</dt>
        <dd>
          <b>{number(beyond ?? open.length)}</b>{' '}
          {beyond !== null && <span>· {t('overview.mostPressing', { count: open.length })} </span>}
          {unseen > 0 && <span>· {t('overview.unacknowledged', { count: unseen })}</span>}
        </dd>
      </div>
      <div>
        <dt>{t('overview.reporting')}</dt>
        <dd>
          <b>{number(figures.reporting)}</b>{' '}
          <span className="h-muted">{t('overview.ofTotal', { total: number(figures.total) })}</span>
        </dd>
      </div>
      {figures.kinds.map((figure) => (
        <KindFigure key={`${figure.what}${figure.domain}/${figure.kind}`} figure={figure} />
      ))}
    </dl>
  );
}

function KindFigure({ figure }: { figure: Figure }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const words = useCityWords();
  const { device: deviceOf } = useCity();
  const kind = words.kind(figure.domain, figure.kind);
  if (figure.what === 'fullest') {
    const device = deviceOf(figure.device);
    return (
      <div>
        <dt>{t('overview.barHighest', { kind })}</dt>
        <dd>
          <Link href={`/devices/${encodeURIComponent(figure.device)}`} title={device?.name}>
            <b>{words.valueWithUnit(figure.domain, figure.field, figure.value)}</b>
          </Link>{' '}
          {figure.part !== null && (
            <span className="h-muted">
              {t('overview.barOfTop', { percent: formatNumber(figure.part * 100, 0, language) })}
            </span>
          )}
        </dd>
      </div>
    );
  }
  const label = {
    on: t('overview.dotOn', { kind }),
    moving: t('overview.arrowMoving', { domain: words.domain(figure.domain) }),
    closed: t('overview.gateClosed', { kind }),
  }[figure.what];
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        {figure.of === 0 ? (
          <span className="h-muted">{t('overview.noneReporting')}</span>
        ) : (
          <>
            <b>{formatNumber(figure.count, 0, language)}</b>{' '}
            <span className="h-muted">{t('overview.ofTotal', { total: formatNumber(figure.of, 0, language) })}</span>
          </>
        )}
      </dd>
    </div>
  );
}
