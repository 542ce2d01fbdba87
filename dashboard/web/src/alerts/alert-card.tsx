import { Button } from '@mantine/core';
import { type CSSProperties, memo, type Ref } from 'react';
import { useTranslation } from 'react-i18next';
import type { AlertResource } from '../contract.ts';
import { alertState } from '../core.ts';
import { Age } from '../shared/age.tsx';
import { StageMark } from '../shared/stage-mark.tsx';
import { AlertTrace } from './alert-trace.tsx';
import { AlertValue } from './alert-value.tsx';
import classes from './alerts.module.css';
import { Handled } from './handled.tsx';
import { useAlertWords } from './use-alert-words.ts';

interface Props {
  alert: AlertResource;
  open: boolean;
  cursor: boolean;
  onOpen: (alert: AlertResource) => void;
  onAcknowledge: (alert: AlertResource) => void;
  /** What to do, where there is room to say it. */
  advice?: string | null;
  /** Where and how a virtual list places and measures it. */
  ref?: Ref<HTMLLIElement>;
  index?: number;
  style?: CSSProperties;
}

/** One alert in a narrow list: stage, what, where, since when, how far over its limit, who has it. */
export const AlertCard = memo(function AlertCard(props: Props) {
  const { alert, open, cursor, onOpen, onAcknowledge, advice, ref, index, style } = props;
  const { t } = useTranslation();
  const words = useAlertWords();
  const state = alertState(alert);
  return (
    <li
      ref={ref}
      data-index={index}
      style={style}
      className={classes['card']}
      data-testid="alert-row"
      data-alert-id={alert.id}
      data-state={state}
      data-open={open || undefined}
      data-cursor={cursor || undefined}
      aria-current={open || undefined}
      tabIndex={cursor ? 0 : -1}
      onClick={() => onOpen(alert)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || event.target !== event.currentTarget) return;
        event.stopPropagation();
        onOpen(alert);
      }}
    >
      <StageMark stage={alert.stage} waiting={state === 'unacknowledged'} />
      <span className="h-muted" style={{ textAlign: 'right' }}>
        <Age at={alert.raisedAt} />
      </span>
      <span className={classes['what']}>{words.what(alert)}</span>
      <span className="h-ellipsis h-muted" title={words.where(alert)}>
        {words.where(alert)}
      </span>
      <span style={{ justifySelf: 'end', height: 18 }}>{alert.clearedAt === null && <AlertTrace alert={alert} />}</span>
      {advice && (
        <span className={classes['advice']} style={{ gridColumn: '1 / -1' }}>
          <span className="h-muted">{t('alert.advice')}: </span>
          {advice}
        </span>
      )}
      <span style={{ minWidth: 0, alignSelf: 'center' }}>
        <div className="h-ellipsis">
          <AlertValue alert={alert} />
        </div>
        {state !== 'unacknowledged' && (
          <div className="h-ellipsis">
            <Handled alert={alert} />
          </div>
        )}
      </span>
      {alert.acknowledgedAt === null && (
        <Button
          data-testid="acknowledge"
          aria-label={`${t('alerts.acknowledge')}: ${words.what(alert)}`}
          onClick={(event) => {
            event.stopPropagation();
            onAcknowledge(alert);
          }}
        >
          {t('alerts.acknowledge')}
        </Button>
      )}
    </li>
  );
});
