import { Table, Text, UnstyledButton } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { AlertValue } from '../alerts/alert-value.tsx';
import { Handled } from '../alerts/handled.tsx';
import { useAlertWords } from '../alerts/use-alert-words.ts';
import { useAllAlerts } from '../alerts/use-all-alerts.ts';
import type { AlertResource } from '../contract.ts';
import { alertState } from '../core.ts';
import { useLive } from '../live/use-live.ts';
import { StageMark } from '../shared/stage-mark.tsx';
import { Failed, SkeletonRows } from '../shared/states.tsx';
import { useTimeWords } from '../shared/use-words-of-time.ts';

const SHOWN_MAX = 50;

export function useDeviceAlerts(device: string) {
  const filters = useMemo(
    () => ({ stages: [], domain: null, district: null, device, state: 'all' as const }),
    [device],
  );
  return useAllAlerts(filters);
}

interface Props {
  alerts: readonly AlertResource[];
  loading: boolean;
  error: Error | undefined;
  retry: () => void;
}

/** All that was ever raised for a device, newest first. */
export function DeviceAlerts({ alerts, loading, error, retry }: Props) {
  const { t } = useTranslation();
  const words = useAlertWords();
  const times = useTimeWords();
  const [, navigate] = useLocation();
  const now = useLive().store.now();
  const rows = useMemo(() => alerts.toSorted((a, b) => b.raisedAt - a.raisedAt).slice(0, SHOWN_MAX), [alerts]);
  if (error && rows.length === 0) return <Failed what={t('state.alertList')} error={error} retry={retry} />;
  if (loading && rows.length === 0) return <SkeletonRows count={3} />;
  if (rows.length === 0) return <Text c="dimmed">{t('device.noAlerts')}</Text>;
  return (
    <Table.ScrollContainer minWidth={640}>
      <Table verticalSpacing={6} horizontalSpacing="sm" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('alerts.stage')}</Table.Th>
            <Table.Th>{t('alerts.what')}</Table.Th>
            <Table.Th>{t('alerts.since')}</Table.Th>
            <Table.Th>{t('alerts.against')}</Table.Th>
            <Table.Th>{t('alerts.handled')}</Table.Th>
            <Table.Th>{t('alerts.cleared')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody className="h-figures">
          {rows.map((alert) => (
            <Table.Tr key={alert.id} data-testid="alert-row" data-alert-id={alert.id} data-state={alertState(alert)}>
              <Table.Td>
                <StageMark stage={alert.stage} waiting={alertState(alert) === 'unacknowledged'} />
              </Table.Td>
              <Table.Td>
                <UnstyledButton
                  fz={14}
                  td="underline"
                  onClick={() => navigate(`/alerts?alert=${encodeURIComponent(alert.id)}`)}
                >
                  {words.what(alert)}
                </UnstyledButton>
              </Table.Td>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>{times.short(alert.raisedAt, now)}</Table.Td>
              <Table.Td>
                <AlertValue alert={alert} />
              </Table.Td>
              <Table.Td>
                <Handled alert={alert} />
              </Table.Td>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>
                {alert.clearedAt === null ? t('alerts.still') : times.short(alert.clearedAt, now)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
