import { Button, Center, Group, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, change } from '../api/client.ts';
import type { Person } from '../contract.ts';
import { LanguageSwitch, ThemeSwitch } from '../shell/preferences.tsx';

export function SignIn({ onSignedIn }: { onSignedIn: (person: Person) => void }) {
  const { t } = useTranslation();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  useDocumentTitle(`${t('session.title')} · ${t('app.name')}`);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      onSignedIn(await change<Person>('POST', '/session', { username, password }));
    } catch (failure) {
      setError(failure as Error);
      setBusy(false);
    }
  };

  const reason = (failure: Error) => {
    if (!(failure instanceof ApiError)) return t('session.failed', { reason: failure.message });
    if (failure.status === 0) return t('session.unreachable');
    if (failure.status === 401) return t('session.wrong');
    if (failure.status === 429) return t('session.tooMany');
    return t('session.failed', { reason: failure.message });
  };

  return (
    <Center component="main" h="100%" p="lg">
      <form onSubmit={(event) => void submit(event)} style={{ width: 320 }}>
        <Stack gap="lg">
          <Stack gap={4}>
            <Text c="dimmed">{t('app.name')}</Text>
            <Title order={1} size="h2">
              {t('session.title')}
            </Title>
          </Stack>
          <TextInput
            size="sm"
            label={t('session.username')}
            name="username"
            autoComplete="username"
            autoFocus
            required
            withAsterisk={false}
            value={username}
            onChange={(event) => setUsername(event.currentTarget.value)}
          />
          <PasswordInput
            size="sm"
            label={t('session.password')}
            name="password"
            autoComplete="current-password"
            required
            withAsterisk={false}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          {error && (
            <Text role="alert" c="var(--h-serious)">
              {reason(error)}
            </Text>
          )}
          <Button type="submit" size="sm" variant="filled" loading={busy}>
            {t('session.submit')}
          </Button>
          <Group justify="space-between">
            <LanguageSwitch />
            <ThemeSwitch />
          </Group>
        </Stack>
      </form>
    </Center>
  );
}
