import { Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { LedgerResource } from '../contract.ts';
import { useLanguage } from '../locales/i18n.ts';
import { Facts } from '../shared/facts.tsx';
import { formatNumber } from '../shared/format.ts';

const LINES = ['accepted', 'stored', 'duplicate', 'deadLettered', 'expired', 'pending'] as const;

/** What became of every message that was acknowledged, and whether that is all of them. */
export function Ledger({ ledger }: { ledger: LedgerResource }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const number = (value: number) => formatNumber(value, 0, language);
  const { unaccounted } = ledger;
  return (
    <Stack gap="sm">
      <Text c="dimmed">{t('platform.ledgerHint')}</Text>
      {unaccounted === 0 ? (
        <Text>
          <IconCircleCheck size={16} aria-hidden style={{ verticalAlign: '-0.2em' }} /> {t('platform.ledgerBalances')}
        </Text>
      ) : (
        <Text c="var(--h-serious)" fw={600} role="alert">
          <IconAlertTriangle size={16} aria-hidden style={{ verticalAlign: '-0.2em' }} />{' '}
          {t('platform.ledgerUnaccounted', { messages: number(unaccounted) })}
        </Text>
      )}
      <Facts facts={LINES.map((line) => [t(`platform.ledgerOf.${line}`), number(ledger[line])] as const)} />
    </Stack>
  );
}
