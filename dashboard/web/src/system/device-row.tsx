import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useCity } from '../city/city-context.ts';
import { useCityWords } from '../city/use-city-words.ts';
import type { DeviceResource } from '../contract.ts';
import type { Stage } from '../core.ts';
import { breachOf } from '../device/limits.ts';
import { presence } from '../live/presence.ts';
import { useCityNow, useDeviceLive } from '../live/use-live.ts';
import { StageMark } from '../shared/stage-mark.tsx';
import { useTimeWords } from '../shared/use-words-of-time.ts';
import classes from './system.module.css';

interface Props {
  device: DeviceResource;
  stage: Stage | null;
  /** A column each. */
  fields: readonly string[];
  columns: string;
  top: number;
  height: number;
  phone: boolean;
}

export function DeviceRow({ device, stage, fields, columns, top, height, phone }: Props) {
  const { t } = useTranslation();
  const words = useCityWords();
  const times = useTimeWords();
  const known = useCity().kind(device.domain, device.kind);
  const live = useDeviceLive(device.id);
  const now = useCityNow();
  const { domain } = device;
  const seen = presence(live?.ts, device.intervalS, now);
  const faded = seen === 'live' ? undefined : { opacity: 0.6 };
  return (
    <tr className={classes['row']} style={{ top, height, gridTemplateColumns: columns }}>
      <td>{stage ? <StageMark stage={stage} /> : <span className="h-muted">{t(`presence.${seen}`)}</span>}</td>
      <td className="h-ellipsis" title={`${device.name} · ${device.id}`}>
        <Link href={`/devices/${encodeURIComponent(device.id)}`} className={classes['name'] ?? ''}>
          {device.name}
        </Link>{' '}
        {device.name !== device.id && !phone && <span className="h-muted">{device.id}</span>}
      </td>
      {!phone && <td className="h-ellipsis h-muted">{words.kind(domain, device.kind)}</td>}
      {!phone && <td className="h-ellipsis h-muted">{words.district(device.district)}</td>}
      {fields.map((field) => {
        const value = live?.values[field];
        const breach = breachOf(device.limits, field, value);
        return (
          <td key={field} className={`${classes['number']} h-ellipsis`} style={faded}>
            {value === undefined ? (
              <span className="h-muted">{known?.fields.includes(field) ? t('value.notSent') : ''}</span>
            ) : (
              words.valueWithUnit(domain, field, value)
            )}
            {breach && (
              <span role="img" aria-label={t(`value.${breach.side}`)} style={{ color: `var(--h-${breach.stage})` }}>
                {breach.side === 'high' ? ' ▲' : ' ▼'}
              </span>
            )}
          </td>
        );
      })}
      <td className={`${classes['number']} h-ellipsis ${seen === 'live' ? 'h-muted' : ''}`}>
        {live?.ts ? times.age(live.ts, now) : t('presence.silent')}
        {seen === 'stale' && ` · ${t('age.stale')}`}
        {seen === 'lost' && ` · ${t('age.lost')}`}
      </td>
    </tr>
  );
}
