import { Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'wouter';
import type { AlertResource } from '../contract.ts';
import { useConnection } from '../live/use-live.ts';
import { Empty, Failed, SkeletonRows } from '../shared/states.tsx';
import { SideSheet } from '../shell/side-sheet.tsx';
import { usePhone } from '../shell/use-phone.ts';
import { AlertCards } from './alert-cards.tsx';
import { AlertSheet } from './alert-sheet.tsx';
import { AlertTable } from './alert-table.tsx';
import { AlertToolbar } from './alert-toolbar.tsx';
import classes from './alerts.module.css';
import { type AlertFilters, isFiltered, readFilters, writeFilters } from './filters.ts';
import { useAllAlerts } from './use-all-alerts.ts';
import { useSelection } from './use-selection.ts';

export function AlertsPage() {
  const { t } = useTranslation();
  const phone = usePhone();
  const [search, setSearch] = useSearchParams();
  const filters = useMemo(() => readFilters(search), [search]);
  const { alert: openId, select, clear } = useSelection();
  const { alerts, loading, error, more, retry } = useAllAlerts(filters);
  const heard = useConnection().heardAt !== null;
  useDocumentTitle(`${t('alerts.title')} · ${t('app.name')}`);

  const setFilters = (next: AlertFilters) => {
    const after = writeFilters(next);
    if (openId !== null) after.set('alert', openId);
    setSearch(after);
  };
  const open = useCallback((alert: AlertResource, replace?: boolean) => select('alert', alert.id, replace), [select]);

  const empty = isFiltered(filters) ? (
    <Empty title={t('alerts.emptyFiltered')} />
  ) : filters.state === 'all' ? (
    <Empty title={t('alerts.emptyAll')} />
  ) : heard ? (
    <Empty title={t('alerts.empty')} hint={t('alerts.emptyHint')} />
  ) : (
    <SkeletonRows />
  );

  return (
    <div style={{ display: 'flex', height: '100%' }}>
      <div style={{ flex: 1, minWidth: 0, display: 'flex', flexDirection: 'column' }}>
        <Title order={1} size="h3" px="md" pt="sm">
          {t('alerts.title')}
        </Title>
        <AlertToolbar filters={filters} onFilters={setFilters} count={alerts.length} phone={phone} />
        <div style={{ flex: 1, minHeight: 0, display: 'flex', flexDirection: 'column' }}>
          {error && <Failed what={t('state.alertList')} error={error} retry={retry} />}
          {loading && alerts.length === 0 && <SkeletonRows />}
          {phone ? (
            <AlertCards
              label={t('alerts.title')}
              alerts={alerts}
              openId={openId}
              onOpen={open}
              empty={!loading && empty}
            />
          ) : (
            <AlertTable
              alerts={alerts}
              openId={openId}
              onOpen={open}
              compact={openId !== null}
              empty={!error && empty}
              onMore={more}
              loading={loading}
            />
          )}
        </div>
        {!phone && (
          <Text size="xs" c="dimmed" className={classes['toolbar']} style={{ borderTop: '1px solid var(--h-line)' }}>
            {t('alerts.keys')}
          </Text>
        )}
      </div>
      <SideSheet open={openId !== null} onClose={clear} label={t('alert.title')}>
        {openId !== null && <AlertSheet key={openId} id={openId} onClose={clear} />}
      </SideSheet>
    </div>
  );
}
