import { ActionIcon, Button, Stack, Text, Title } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { AlertCard } from '../alerts/alert-card.tsx';
import classes from '../alerts/alerts.module.css';
import { compareAlerts } from '../alerts/ordering.ts';
import { useAcknowledge } from '../alerts/use-acknowledge.ts';
import { useSelection } from '../alerts/use-selection.ts';
import { useCity } from '../city/city-context.ts';
import { useCityWords } from '../city/use-city-words.ts';
import { Empty } from '../shared/states.tsx';
import { DeviceValues } from './device-values.tsx';
import { PresenceLine } from './presence-line.tsx';
import { useDeviceStage } from './use-device-stage.ts';

interface Props {
  id: string;
  onClose: () => void;
}

/** A device in short, beside the map; it leads to the device's page. */
export function DeviceSheet({ id, onClose }: Props) {
  const { t } = useTranslation();
  const { device: deviceOf } = useCity();
  const words = useCityWords();
  const device = deviceOf(id);
  const { alerts } = useDeviceStage(id);
  const { select } = useSelection();
  const acknowledge = useAcknowledge();
  return (
    <section className={classes['sheet']} aria-label={device?.name ?? id}>
      <div className={classes['sheetHead']}>
        <div style={{ flex: 1, minWidth: 0 }}>
          <Title order={2} size="h4" style={{ overflowWrap: 'anywhere' }}>
            {device?.name ?? id}
          </Title>
          {device && (
            <Text c="dimmed">
              {words.kind(device.domain, device.kind)} · {words.district(device.district)}
            </Text>
          )}
        </div>
        <ActionIcon aria-label={t('overview.closeSheet')} onClick={onClose}>
          <IconX size={18} />
        </ActionIcon>
      </div>
      {device ? (
        <>
          <div className={classes['sheetBody']}>
            <Stack gap="md">
              <PresenceLine id={id} />
              {alerts.length > 0 && (
                <ul className={classes['cards']} aria-label={t('device.alerts')} style={{ margin: '0 -16px' }}>
                  {alerts.toSorted(compareAlerts).map((alert) => (
                    <AlertCard
                      key={alert.id}
                      alert={alert}
                      open={false}
                      cursor
                      onOpen={({ id: alertId }) => select('alert', alertId)}
                      onAcknowledge={(one) => void acknowledge([one])}
                    />
                  ))}
                </ul>
              )}
              <DeviceValues device={device} brief />
            </Stack>
          </div>
          <div className={classes['sheetFoot']}>
            <Button component={Link} href={`/devices/${encodeURIComponent(id)}`} size="md" fullWidth>
              {t('overview.openDevice')}
            </Button>
          </div>
        </>
      ) : (
        <Empty title={t('device.unknown', { id })} hint={t('device.unknownHint')} />
      )}
    </section>
  );
}
