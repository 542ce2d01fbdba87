import { Button, Stack, Text } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

interface Props {
  children: ReactNode;
  /** A new value tries again: another page, another device. */
  resetKey?: string;
}

/** A fault in one part leaves the rest of the screen standing. */
export class ErrorBoundary extends Component<Props, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override componentDidUpdate(before: Props): void {
    if (before.resetKey !== this.props.resetKey && this.state.error) this.setState({ error: null });
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return <Crashed error={error} retry={() => this.setState({ error: null })} />;
  }
}

function Crashed({ error, retry }: { error: Error; retry: () => void }) {
  const { t } = useTranslation();
  return (
    <Stack gap="xs" align="center" p="xl" role="alert">
      <Text fw={600}>{t('state.crashed')}</Text>
      <Text c="dimmed">{error.message}</Text>
      <Text c="dimmed">{t('state.stillWorks')}</Text>
      <Button onClick={retry}>{t('state.retry')}</Button>
    </Stack>
  );
}
