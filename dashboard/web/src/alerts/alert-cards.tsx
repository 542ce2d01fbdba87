import { UnstyledButton } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useCallback, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AlertResource } from '../contract.ts';
import { AlertCard } from './alert-card.tsx';
import classes from './alerts.module.css';
import { useAcknowledge } from './use-acknowledge.ts';
import { focusRow, useAlertKeys } from './use-alert-keys.ts';
import { useHeldAlerts } from './use-held-alerts.ts';

const CARD_PX = 106;

interface Props {
  label: string;
  alerts: readonly AlertResource[];
  openId: string | null;
  onOpen: (alert: AlertResource, replace?: boolean) => void;
  empty: ReactNode;
}

/** Hundreds of alerts as cards; only those in sight are in the page. */
export function AlertCards({ label, alerts, openId, onOpen, empty }: Props) {
  const { t } = useTranslation();
  const { rows, waiting, release, onPointerEnter, onPointerLeave } = useHeldAlerts(alerts);
  const acknowledge = useAcknowledge();
  const [cursor, setCursor] = useState<string | null>(openId);
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => CARD_PX,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 4,
  });
  const onAcknowledge = useCallback((alert: AlertResource) => void acknowledge([alert]), [acknowledge]);
  const open = useCallback(
    (alert: AlertResource) => {
      setCursor(alert.id);
      onOpen(alert);
    },
    [onOpen],
  );

  useAlertKeys({
    rows,
    cursor: cursor ?? openId,
    onCursor: (id, index) => {
      setCursor(id);
      virtual.scrollToIndex(index);
      focusRow(scroll.current, id);
      const alert = rows[index];
      if (openId !== null && alert) onOpen(alert, true);
    },
    onOpen,
    onAcknowledge,
  });

  // A finger is no pointer that rests: only a mouse holds the list still.
  const mouse = (then: () => void) => (event: { pointerType: string }) => event.pointerType === 'mouse' && then();
  return (
    <div
      ref={scroll}
      className={classes['scroll']}
      onPointerEnter={mouse(onPointerEnter)}
      onPointerLeave={mouse(onPointerLeave)}
    >
      {waiting > 0 && (
        <UnstyledButton className={classes['waiting']} onClick={release}>
          {t('alerts.waiting', { count: waiting })}
        </UnstyledButton>
      )}
      {rows.length === 0 && empty}
      <ul
        className={classes['cards']}
        aria-label={label}
        style={{ height: virtual.getTotalSize(), position: 'relative' }}
      >
        {virtual.getVirtualItems().map((item) => {
          const alert = rows[item.index];
          return (
            alert && (
              <AlertCard
                key={alert.id}
                ref={virtual.measureElement}
                index={item.index}
                style={{ position: 'absolute', left: 0, right: 0, transform: `translateY(${item.start}px)` }}
                alert={alert}
                open={alert.id === openId}
                cursor={alert.id === (cursor ?? openId)}
                onOpen={open}
                onAcknowledge={onAcknowledge}
              />
            )
          );
        })}
      </ul>
    </div>
  );
}
