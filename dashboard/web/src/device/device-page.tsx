import { Anchor, Button, Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import { AlertCard } from '../alerts/alert-card.tsx';
import alertClasses from '../alerts/alerts.module.css';
import { compareAlerts } from '../alerts/ordering.ts';
import { useAcknowledge } from '../alerts/use-acknowledge.ts';
import { useAlertWords } from '../alerts/use-alert-words.ts';
import { useResource } from '../api/use-resource.ts';
import { HistoryPanel } from '../chart/history-panel.tsx';
import { useCity } from '../city/city-context.ts';
import { useCityWords } from '../city/use-city-words.ts';
import type { AlertResource, DeviceResource, LiveState } from '../contract.ts';
import { Facts } from '../shared/facts.tsx';
import { StageMark } from '../shared/stage-mark.tsx';
import { Empty } from '../shared/states.tsx';
import { useTimeWords } from '../shared/use-words-of-time.ts';
import classes from './device.module.css';
import { DeviceAlerts, useDeviceAlerts } from './device-alerts.tsx';
import { DeviceValues } from './device-values.tsx';
import { PresenceLine } from './presence-line.tsx';
import { useDeviceStage } from './use-device-stage.ts';

export function DevicePage({ id }: { id: string }) {
  const { t } = useTranslation();
  const { device: deviceOf } = useCity();
  const device = deviceOf(id);
  useDocumentTitle(`${device?.name ?? id} · ${t('app.name')}`);
  return (
    <div className={classes['page']}>
      {device ? (
        <Known device={device} />
      ) : (
        <Empty title={t('device.unknown', { id })} hint={t('device.unknownHint')} />
      )}
    </div>
  );
}

function Known({ device }: { device: DeviceResource }) {
  const { t } = useTranslation();
  const words = useCityWords();
  const { stage, alerts: open } = useDeviceStage(device.id);
  const alerts = useDeviceAlerts(device.id);
  // The socket brings what changes; this brings what the device said before the page was opened.
  const whole = useResource<DeviceResource & { state: LiveState }>(`/devices/${encodeURIComponent(device.id)}`);
  return (
    <>
      <Group justify="space-between" align="flex-start" gap="sm">
        <div>
          <Text c="dimmed">
            <Anchor component={Link} href={`/systems/${device.domain}`} c="dimmed">
              {words.domain(device.domain)}
            </Anchor>{' '}
            · {words.kind(device.domain, device.kind)} · {words.district(device.district)}
          </Text>
          <Group gap="md">
            <Title order={1} size="h2">
              {device.name}
            </Title>
            {stage && <StageMark stage={stage} size={18} />}
          </Group>
          <PresenceLine id={device.id} />
        </div>
        <Button component={Link} href={`/?selected=${encodeURIComponent(device.id)}&view=map`}>
          {t('device.showOnMap')}
        </Button>
      </Group>
      <div className={classes['columns']}>
        <Stack gap="lg" miw={0}>
          {open.length > 0 && (
            <Section title={t('overview.openAlerts')}>
              <OpenAlerts alerts={open} />
            </Section>
          )}
          <Section title={t('device.values')}>
            <DeviceValues device={device} {...(whole.data ? { initial: whole.data.state } : {})} />
          </Section>
          <Section title={t('device.attributes')}>
            <Attributes device={device} />
          </Section>
        </Stack>
        <Stack gap="lg" miw={0}>
          <Section title={t('device.history')}>
            <HistoryPanel device={device} alerts={alerts.alerts} />
          </Section>
          <Section title={t('device.alerts')}>
            <DeviceAlerts {...alerts} />
          </Section>
        </Stack>
      </div>
    </>
  );
}

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section aria-label={title} className={classes['section']}>
      <Title order={2} size="h5" mb="sm">
        {title}
      </Title>
      {children}
    </section>
  );
}

function asText(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

function Attributes({ device }: { device: DeviceResource }) {
  const { t } = useTranslation();
  const { device: deviceOf } = useCity();
  const words = useCityWords();
  const times = useTimeWords();
  const parent = device.parent;
  const attributes = Object.entries(device.attributes);
  return (
    <>
      <Facts
        facts={[
          [t('device.id'), device.id],
          [t('device.kind'), words.kind(device.domain, device.kind)],
          [t('device.district'), words.district(device.district)],
          [t('device.interval'), times.duration(device.intervalS * 1000)],
          [t('device.position'), `${device.latitude.toFixed(5)}, ${device.longitude.toFixed(5)}`],
          [
            t('device.parent'),
            parent &&
              (deviceOf(parent) ? (
                <Anchor component={Link} href={`/devices/${encodeURIComponent(parent)}`}>
                  {deviceOf(parent)?.name}
                </Anchor>
              ) : (
                parent
              )),
          ],
          ...attributes.map(([name, value]) => [words.field(device.domain, name), asText(value)] as const),
        ]}
      />
      {attributes.length === 0 && <Text c="dimmed">{t('device.noAttributes')}</Text>}
    </>
  );
}

/** What is wrong now and what to do about it, before any figure. */
function OpenAlerts({ alerts }: { alerts: readonly AlertResource[] }) {
  const words = useAlertWords();
  const acknowledge = useAcknowledge();
  const [, navigate] = useLocation();
  return (
    <ul className={alertClasses['cards']} style={{ margin: '0 -16px -12px' }}>
      {alerts.toSorted(compareAlerts).map((alert) => (
        <AlertCard
          key={alert.id}
          alert={alert}
          open={false}
          cursor
          advice={words.advice(alert)}
          onOpen={({ id }) => navigate(`/alerts?alert=${encodeURIComponent(id)}`)}
          onAcknowledge={(one) => void acknowledge([one])}
        />
      ))}
    </ul>
  );
}
