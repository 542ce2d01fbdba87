import { Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useCity } from '../city/city-context.ts';
import { useCityWords } from '../city/use-city-words.ts';
import type { DeviceResource, LiveState } from '../contract.ts';
import { presence } from '../live/presence.ts';
import { useCityNow, useDeviceLive } from '../live/use-live.ts';
import { StageShape } from '../shared/stage-mark.tsx';
import { useTimeWords } from '../shared/use-words-of-time.ts';
import { breachOf, limitsOf } from './limits.ts';

interface Props {
  device: DeviceResource;
  /** What the server last said, until the socket speaks. */
  initial?: LiveState;
  /** A sheet has no room for the limits. */
  brief?: boolean;
}

/** Each value with its unit, its age, and its limits; where there is none, why. */
export function DeviceValues({ device, initial, brief = false }: Props) {
  const { t } = useTranslation();
  const { kind: kindOf } = useCity();
  const words = useCityWords();
  const live = useDeviceLive(device.id);
  const values = live?.values ?? initial?.values ?? {};
  const { domain } = device;
  const known = kindOf(domain, device.kind)?.fields ?? [];
  const fields = [...known, ...Object.keys(values).filter((field) => !known.includes(field))];
  return (
    <Table verticalSpacing={6} horizontalSpacing="sm" withRowBorders aria-label={t('device.values')}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('device.field')}</Table.Th>
          <Table.Th>{t('device.value')}</Table.Th>
          <Table.Th>{t('device.age')}</Table.Th>
          {!brief && <Table.Th>{t('alerts.limit')}</Table.Th>}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {fields.map((field) => {
          const value = values[field];
          const at = live?.at[field] ?? initial?.ts ?? null;
          const breach = breachOf(device.limits, field, value);
          return (
            <Table.Tr key={field}>
              <Table.Td c="dimmed">{words.field(domain, field)}</Table.Td>
              <Table.Td
                data-testid="device-value"
                data-field={field}
                className="h-figures"
                style={{ whiteSpace: 'nowrap' }}
              >
                {value === undefined ? (
                  <span className="h-muted" title={t('value.notSentWhy')}>
                    {t('value.notSent')}
                  </span>
                ) : (
                  <b style={{ fontWeight: 600 }}>{words.valueWithUnit(domain, field, value)}</b>
                )}
                {breach && (
                  <span
                    role="img"
                    aria-label={`${t(`value.${breach.side}`)}: ${t(`stage.${breach.stage}`)}`}
                    title={`${t(`value.${breach.side}`)}: ${t(`stage.${breach.stage}`)}`}
                    style={{ color: `var(--h-${breach.stage})` }}
                  >
                    {breach.side === 'high' ? ' ▲' : ' ▼'}
                  </span>
                )}
              </Table.Td>
              <Table.Td className="h-figures" style={{ whiteSpace: 'nowrap' }}>
                {value !== undefined && at !== null && <ValueAge at={at} intervalS={device.intervalS} />}
              </Table.Td>
              {!brief && (
                <Table.Td className="h-figures">
                  <FieldLimits device={device} field={field} />
                </Table.Td>
              )}
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}

function ValueAge({ at, intervalS }: { at: number; intervalS: number }) {
  const { t } = useTranslation();
  const times = useTimeWords();
  const now = useCityNow();
  const seen = presence(at, intervalS, now);
  return (
    <time
      className={seen === 'live' ? 'h-muted' : undefined}
      dateTime={new Date(at).toISOString()}
      title={times.time(at, 'date-time')}
    >
      {times.age(at, now)}
      {seen === 'stale' && ` · ${t('age.stale')}`}
      {seen === 'lost' && ` · ${t('age.lost')}`}
    </time>
  );
}

function FieldLimits({ device, field }: { device: DeviceResource; field: string }) {
  const { t } = useTranslation();
  const words = useCityWords();
  const signs = { rising: '≥', falling: '≤', none: '' };
  return limitsOf(device.limits, field).map(({ stage, value, rule, direction }) => {
    const title = `${words.rule(device.domain, rule)?.title ?? rule}: ${t(`stage.${stage}`)}`;
    return (
      <span
        key={`${rule}${stage}`}
        title={title}
        style={{ display: 'inline-flex', alignItems: 'center', gap: 4, marginRight: 12 }}
      >
        <StageShape stage={stage} size={10} quiet />
        <span className="h-muted">
          {t(`stage.${stage}`)} {signs[direction]} {words.value(device.domain, field, value)}
        </span>
      </span>
    );
  });
}
