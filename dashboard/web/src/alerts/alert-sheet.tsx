import { ActionIcon, Button, Group, Stack, Text, Textarea, Title } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import { ApiError } from '../api/client.ts';
import { useResource } from '../api/use-resource.ts';
import type { AlertResource, AlertWithEvents } from '../contract.ts';
import { alertState } from '../core.ts';
import { useAlerts } from '../live/use-live.ts';
import { Age } from '../shared/age.tsx';
import { Facts } from '../shared/facts.tsx';
import { StageMark } from '../shared/stage-mark.tsx';
import { Empty, Failed, SkeletonRows } from '../shared/states.tsx';
import { useTimeWords } from '../shared/use-words-of-time.ts';
import { AlertTimeline } from './alert-timeline.tsx';
import { AlertValue } from './alert-value.tsx';
import classes from './alerts.module.css';
import { Handled } from './handled.tsx';
import { useAcknowledge } from './use-acknowledge.ts';
import { useAlertWords } from './use-alert-words.ts';

interface Props {
  id: string;
  onClose: () => void;
}

/** One alert with what to do first, then its facts and its life, and the acknowledgement in reach of a thumb. */
export function AlertSheet({ id, onClose }: Props) {
  const { t } = useTranslation();
  const live = useAlerts().find((alert) => alert.id === id);
  const whole = useResource<AlertWithEvents>(`/alerts/${encodeURIComponent(id)}`);
  const alert: AlertResource | undefined = live ?? whole.data;

  // The live list tells that it changed; its events are asked for again.
  const behind = live !== undefined && whole.data !== undefined && live.changeSeq > whole.data.changeSeq;
  const { retry } = whole;
  useEffect(() => {
    if (behind) retry();
  }, [behind, retry]);

  const missing = whole.error instanceof ApiError && whole.error.status === 404;
  return (
    <section className={classes['sheet']} aria-label={t('alert.title')}>
      <div className={classes['sheetHead']}>
        <div style={{ flex: 1, minWidth: 0 }}>{alert && <SheetTitle alert={alert} />}</div>
        <ActionIcon aria-label={t('alert.close')} onClick={onClose}>
          <IconX size={18} />
        </ActionIcon>
      </div>
      <div className={classes['sheetBody']}>
        {alert && <SheetFacts alert={alert} />}
        {whole.data && (
          <Stack gap="sm" mt="lg">
            <Title order={3} size="h5">
              {t('alert.timeline')}
            </Title>
            <AlertTimeline alert={whole.data} />
          </Stack>
        )}
        {whole.loading && <SkeletonRows count={4} />}
        {missing && !alert && <Empty title={t('alert.notFound', { id })} hint={t('alert.notFoundHint')} />}
        {whole.error && !missing && <Failed what={t('state.alert')} error={whole.error} retry={whole.retry} />}
      </div>
      {alert && alert.acknowledgedAt === null && <AcknowledgeForm key={alert.id} alert={alert} />}
    </section>
  );
}

function SheetTitle({ alert }: { alert: AlertResource }) {
  const words = useAlertWords();
  return (
    <Stack gap={4}>
      <StageMark stage={alert.stage} waiting={alertState(alert) === 'unacknowledged'} size={18} />
      <Title order={2} size="h4" style={{ overflowWrap: 'anywhere' }}>
        {words.what(alert)}
      </Title>
    </Stack>
  );
}

function SheetFacts({ alert }: { alert: AlertResource }) {
  const { t } = useTranslation();
  const words = useAlertWords();
  const times = useTimeWords();
  const [location] = useLocation();
  const advice = words.advice(alert);
  // A closed alert is no longer on the map; its device is.
  const place =
    alertState(alert) === 'closed'
      ? `/?selected=${encodeURIComponent(alert.device)}&view=map`
      : `/?alert=${encodeURIComponent(alert.id)}`;
  const now = alert.changedAt;
  return (
    <Stack gap="md">
      {advice && (
        <div className={classes['advice']}>
          <Text size="xs" c="dimmed">
            {t('alert.advice')}
          </Text>
          <Text fw={500}>{advice}</Text>
        </div>
      )}
      <Facts
        facts={[
          [t('alerts.where'), words.where(alert)],
          [
            t('alerts.since'),
            <span key="since">
              {times.short(alert.raisedAt, now)} · <Age at={alert.raisedAt} />
            </span>,
          ],
          [t('alerts.against'), words.value(alert) === null ? null : <AlertValue key="value" alert={alert} />],
          [t('alert.peak'), alert.peakStage === alert.stage ? null : <StageMark key="peak" stage={alert.peakStage} />],
          [t('alerts.cleared'), alert.clearedAt === null ? t('alerts.still') : times.short(alert.clearedAt, now)],
          [t('alerts.handled'), <Handled key="handled" alert={alert} />],
          [t('alert.rule'), words.title(alert)],
        ]}
      />
      <Group gap="sm">
        <Button component={Link} href={`/devices/${encodeURIComponent(alert.device)}`}>
          {t('alert.openDevice')}
        </Button>
        {location !== '/' && (
          <Button component={Link} href={place}>
            {t('alert.showOnMap')}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

function AcknowledgeForm({ alert }: { alert: AlertResource }) {
  const { t } = useTranslation();
  const acknowledge = useAcknowledge();
  const [comment, setComment] = useState('');
  return (
    <form
      className={classes['sheetFoot']}
      onSubmit={(event) => {
        event.preventDefault();
        void acknowledge([alert], comment.trim());
      }}
    >
      <Stack gap="sm">
        <Textarea
          size="sm"
          label={t('alert.comment')}
          placeholder={t('alert.commentHint')}
          autosize
          minRows={1}
          maxRows={5}
          maxLength={2000}
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
        <Button type="submit" size="md" variant="filled" data-testid="acknowledge">
          {t('alerts.acknowledge')}
        </Button>
      </Stack>
    </form>
  );
}
