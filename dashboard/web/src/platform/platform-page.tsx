import { List, Stack, Table, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useResource } from '../api/use-resource.ts';
import type { PlatformResource } from '../contract.ts';
import classes from '../device/device.module.css';
import { useLanguage } from '../locales/i18n.ts';
import { Facts } from '../shared/facts.tsx';
import { formatNumber, formatSize } from '../shared/format.ts';
import { Failed, SkeletonRows } from '../shared/states.tsx';
import { useTimeWords } from '../shared/use-words-of-time.ts';
import { DeadLetters } from './dead-letters.tsx';
import { Ledger } from './ledger.tsx';

const POLL_MS = 3000;

export function PlatformPage() {
  const { t } = useTranslation();
  const { data, error, loading, retry } = useResource<PlatformResource>('/platform', {}, POLL_MS);
  useDocumentTitle(`${t('platform.title')} · ${t('app.name')}`);
  return (
    <div className={classes['page']}>
      <Title order={1} size="h2" mb="md">
        {t('platform.title')}
      </Title>
      <Stack gap="lg">
        {error && <Failed what={t('state.platform')} error={error} retry={retry} />}
        {loading && <SkeletonRows count={6} />}
        {data && <Troubles troubles={data.troubles} />}
        {data && (
          <div className={classes['columns']} style={{ marginTop: 0 }}>
            <Section title={t('platform.state')}>
              <State platform={data} />
            </Section>
            <Section title={t('platform.journal')}>
              <Journal journal={data.journal} />
            </Section>
          </div>
        )}
        {data && (
          <Section title={t('platform.ledger')}>
            <Ledger ledger={data.ledger} />
          </Section>
        )}
        <Section title={t('platform.deadLettersTitle')}>
          <Text c="dimmed" mb="sm">
            {t('platform.deadLettersHint')}
          </Text>
          <DeadLetters />
        </Section>
      </Stack>
    </div>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className={classes['section']}>
      <Title order={2} size="h5" mb="sm">
        {title}
      </Title>
      {children}
    </section>
  );
}

function Troubles({ troubles }: { troubles: readonly string[] }) {
  const { t } = useTranslation();
  if (troubles.length === 0) return <Text c="dimmed">{t('platform.noTroubles')}</Text>;
  return (
    <section
      role="alert"
      aria-label={t('platform.troubles')}
      className={classes['section']}
      style={{ borderColor: 'var(--h-serious)' }}
    >
      <Title order={2} size="h5" mb="sm" c="var(--h-serious)">
        {t('platform.troubles')}
      </Title>
      <List spacing={4} icon={<IconAlertTriangle size={16} color="var(--h-serious)" />}>
        {troubles.map((trouble) => (
          <List.Item key={trouble}>{trouble}</List.Item>
        ))}
      </List>
    </section>
  );
}

function State({ platform }: { platform: PlatformResource }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const times = useTimeWords();
  const number = (value: number, decimals = 0) => formatNumber(value, decimals, language);
  return (
    <Facts
      facts={[
        [t('platform.rate'), number(platform.messagesPerSecond, 1)],
        [t('platform.accepted'), number(platform.messagesAccepted)],
        [t('platform.stored'), number(platform.readingsStored)],
        [t('platform.deadLetters'), number(platform.deadLetters)],
        [t('platform.devices'), number(platform.devices)],
        [t('platform.connections'), number(platform.connections)],
        [t('platform.store'), platform.store],
        [t('platform.uptime'), times.duration(platform.uptimeS * 1000)],
        [t('platform.version'), platform.version],
      ]}
    />
  );
}

function Journal({ journal }: { journal: PlatformResource['journal'] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const number = (value: number) => formatNumber(value, 0, language);
  const size = t('platform.journalOf', {
    size: formatSize(journal.sizeBytes, language),
    most: formatSize(journal.sizeBytesMax, language),
  });
  return (
    <>
      <Facts
        facts={[
          [
            t('platform.state'),
            journal.accepting ? (
              t('platform.accepting')
            ) : (
              <b key="stopped" style={{ color: 'var(--h-serious)' }}>
                {t('platform.notAccepting')}
              </b>
            ),
          ],
          [t('platform.journalSize'), size],
          [t('platform.head'), number(journal.head)],
        ]}
      />
      <Table mt="sm" verticalSpacing={6} className="h-figures">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('platform.cursor')}</Table.Th>
            <Table.Th ta="right">{t('platform.position')}</Table.Th>
            <Table.Th ta="right">{t('platform.behind')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {Object.entries(journal.cursors).map(([name, position]) => (
            <Table.Tr key={name}>
              <Table.Td>{name}</Table.Td>
              <Table.Td ta="right">{number(position)}</Table.Td>
              <Table.Td ta="right">{number(Math.max(0, journal.head - position))}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}
