import { Button, Checkbox } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { AlertResource } from '../contract.ts';
import type { AlertState } from '../core.ts';
import { useCityNow } from '../live/use-live.ts';
import { StageMark } from '../shared/stage-mark.tsx';
import { useTimeWords } from '../shared/use-words-of-time.ts';
import { AlertValue } from './alert-value.tsx';
import classes from './alerts.module.css';
import { Handled } from './handled.tsx';
import { useAlertWords } from './use-alert-words.ts';

interface Props {
  alert: AlertResource;
  state: AlertState;
  top: number;
  open: boolean;
  cursor: boolean;
  selected: boolean;
  onOpen: () => void;
  onToggle: () => void;
  onAcknowledge: () => void;
}

export function AlertTableRow({ alert, state, top, open, cursor, selected, onOpen, onToggle, onAcknowledge }: Props) {
  const { t } = useTranslation();
  const words = useAlertWords();
  const times = useTimeWords();
  const now = useCityNow();
  const what = words.what(alert);
  const where = words.where(alert);
  const waiting = alert.acknowledgedAt === null;
  return (
    <tr
      className={classes['row']}
      style={{ top }}
      data-testid="alert-row"
      data-alert-id={alert.id}
      data-state={state}
      data-open={open || undefined}
      data-cursor={cursor || undefined}
      aria-selected={selected}
      tabIndex={cursor ? 0 : -1}
      onClick={onOpen}
    >
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: only keeps the row from opening */}
      <td onClick={(event) => event.stopPropagation()}>
        <Checkbox
          size="xs"
          aria-label={t('alerts.select', { what })}
          disabled={!waiting}
          checked={selected && waiting}
          onChange={onToggle}
        />
      </td>
      <td>
        <StageMark stage={alert.stage} waiting={state === 'unacknowledged'} />
      </td>
      <td className="h-ellipsis" title={what} style={{ fontWeight: waiting ? 600 : 400 }}>
        {what}
      </td>
      <td className="h-ellipsis" title={where}>
        {where}
      </td>
      <td className="h-ellipsis h-figures">
        {times.short(alert.raisedAt, now)} <span className="h-muted">{times.age(alert.raisedAt, now)}</span>
      </td>
      <td className={`h-ellipsis ${classes['wideOnly']}`}>
        <AlertValue alert={alert} />
      </td>
      <td className={`h-ellipsis ${classes['wideOnly']}`}>
        <Handled alert={alert} />
      </td>
      <td className={`h-ellipsis h-figures h-muted ${classes['wideOnly']}`}>
        {alert.clearedAt === null ? t('alerts.still') : times.short(alert.clearedAt, now)}
      </td>
      <td>
        {waiting && (
          <Button
            data-testid="acknowledge"
            aria-label={`${t('alerts.acknowledge')}: ${what}`}
            fullWidth
            px={4}
            h={26}
            onClick={(event) => {
              event.stopPropagation();
              onAcknowledge();
            }}
          >
            {t('alerts.acknowledge')}
          </Button>
        )}
      </td>
    </tr>
  );
}
