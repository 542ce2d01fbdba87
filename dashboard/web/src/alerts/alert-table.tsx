import { Button, Checkbox, UnstyledButton } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AlertResource } from '../contract.ts';
import { alertState } from '../core.ts';
import { AlertTableRow } from './alert-table-row.tsx';
import { SelectedBar } from './alert-toolbar.tsx';
import classes from './alerts.module.css';
import { useAcknowledge } from './use-acknowledge.ts';
import { focusRow, useAlertKeys } from './use-alert-keys.ts';
import { useHeldAlerts } from './use-held-alerts.ts';

const ROW_PX = 36;

interface Props {
  alerts: readonly AlertResource[];
  openId: string | null;
  onOpen: (alert: AlertResource, replace?: boolean) => void;
  /** A sheet stands beside it: fewer columns. */
  compact: boolean;
  empty: ReactNode;
  onMore: (() => void) | null;
  loading: boolean;
}

export function AlertTable({ alerts, openId, onOpen, compact, empty, onMore, loading }: Props) {
  const { t } = useTranslation();
  const { rows, waiting, release, onPointerEnter, onPointerLeave } = useHeldAlerts(alerts);
  const acknowledge = useAcknowledge();
  const [cursor, setCursor] = useState<string | null>(openId);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 10,
  });

  const open = rows.filter((alert) => alert.acknowledgedAt === null);
  const chosen = open.filter(({ id }) => selected.has(id));
  const toggle = (alert: AlertResource) => {
    if (alert.acknowledgedAt !== null) return;
    setSelected((before) => {
      const after = new Set(before);
      if (!after.delete(alert.id)) after.add(alert.id);
      return after;
    });
  };
  const unselect = () => setSelected(new Set());

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
    onAcknowledge: (alert) => void acknowledge([alert]),
    onSelect: toggle,
  });

  return (
    <div className={`${classes['table']} ${compact ? classes['compact'] : ''}`}>
      {chosen.length > 0 && (
        <SelectedBar
          count={chosen.length}
          onClear={unselect}
          onAcknowledge={() => {
            void acknowledge(chosen);
            unselect();
          }}
        />
      )}
      <div
        ref={scroll}
        className={classes['scroll']}
        onPointerEnter={(event) => event.pointerType === 'mouse' && onPointerEnter()}
        onPointerLeave={(event) => event.pointerType === 'mouse' && onPointerLeave()}
      >
        <table aria-rowcount={rows.length} aria-label={t('alerts.title')} style={{ display: 'block' }}>
          <thead className={classes['sticky']}>
            <tr className={classes['head']}>
              <th scope="col">
                <Checkbox
                  size="xs"
                  aria-label={t('alerts.selectAll')}
                  disabled={open.length === 0}
                  checked={open.length > 0 && chosen.length === open.length}
                  indeterminate={chosen.length > 0 && chosen.length < open.length}
                  onChange={(event) =>
                    setSelected(event.currentTarget.checked ? new Set(open.map(({ id }) => id)) : new Set())
                  }
                />
              </th>
              <th scope="col">{t('alerts.stage')}</th>
              <th scope="col">{t('alerts.what')}</th>
              <th scope="col">{t('alerts.where')}</th>
              <th scope="col">{t('alerts.since')}</th>
              <th scope="col" className={classes['wideOnly']}>
                {t('alerts.against')}
              </th>
              <th scope="col" className={classes['wideOnly']}>
                {t('alerts.handled')}
              </th>
              <th scope="col" className={classes['wideOnly']}>
                {t('alerts.cleared')}
              </th>
              <th scope="col" />
            </tr>
            {waiting > 0 && (
              <tr style={{ display: 'block' }}>
                <td style={{ display: 'block', padding: 0 }}>
                  <UnstyledButton className={classes['waiting']} onClick={release}>
                    {t('alerts.waiting', { count: waiting })}
                  </UnstyledButton>
                </td>
              </tr>
            )}
          </thead>
          <tbody style={{ display: 'block', height: virtual.getTotalSize(), position: 'relative' }}>
            {virtual.getVirtualItems().map((item) => {
              const alert = rows[item.index];
              return (
                alert && (
                  <AlertTableRow
                    key={alert.id}
                    alert={alert}
                    state={alertState(alert)}
                    top={item.start}
                    open={alert.id === openId}
                    cursor={alert.id === (cursor ?? openId)}
                    selected={selected.has(alert.id)}
                    onOpen={() => {
                      setCursor(alert.id);
                      onOpen(alert);
                    }}
                    onToggle={() => toggle(alert)}
                    onAcknowledge={() => void acknowledge([alert])}
                  />
                )
              );
            })}
          </tbody>
        </table>
        {rows.length === 0 && !loading && empty}
        {onMore && (
          <div className={classes['toolbar']}>
            <Button onClick={onMore} loading={loading}>
              {t('alerts.loadMore')}
            </Button>
          </div>
        )}
      </div>
    </div>
  );
}
