import { Button, Code, Skeleton, Stack, Text } from '@mantine/core';
import { Fragment, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/client.ts';

/** Back-quoted parts are commands to type. */
function withCommands(text: string): ReactNode {
  return text.split('`').map((part, index) => {
    const key = `${index}${part}`;
    return index % 2 === 1 ? <Code key={key}>{part}</Code> : <Fragment key={key}>{part}</Fragment>;
  });
}

/** What would be here, and how to get it. */
export function Empty({ title, hint, children }: { title: string; hint?: string; children?: ReactNode }) {
  return (
    <Stack gap="xs" align="center" p="xl" ta="center" maw={480} mx="auto">
      <Text fw={600}>{title}</Text>
      {hint && <Text c="dimmed">{withCommands(hint)}</Text>}
      {children}
    </Stack>
  );
}

/** What failed, why, what still works, and a way to try again. */
export function Failed({ what, error, retry }: { what: string; error: Error; retry: () => void }) {
  const { t } = useTranslation();
  const unreachable = error instanceof ApiError && error.status === 0;
  return (
    <Stack gap="xs" align="center" p="xl" ta="center" maw={480} mx="auto" role="alert">
      <Text fw={600}>{t('state.failed', { what })}</Text>
      <Text c="dimmed">{unreachable ? t('state.unreachable') : t('state.reason', { reason: error.message })}</Text>
      <Text c="dimmed">{t('state.stillWorks')}</Text>
      <Button onClick={retry}>{t('state.retry')}</Button>
    </Stack>
  );
}

export function SkeletonRows({ count = 8, height = 24 }: { count?: number; height?: number }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm" p="md" aria-busy="true" aria-label={t('app.loading')}>
      {Array.from({ length: count }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows without content never change places
        <Skeleton key={index} height={height} radius="sm" />
      ))}
    </Stack>
  );
}
