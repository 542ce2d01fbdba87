import { ActionIcon, Burger, Button, Divider, Group, Kbd, Menu, Text, Tooltip } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { spotlight } from '@mantine/spotlight';
import { IconLogout, IconPlugConnected, IconPlugConnectedX, IconSearch, IconUser } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useCityWords } from '../city/use-city-words.ts';
import { useCityNow, useConnection } from '../live/use-live.ts';
import { useSession } from '../session/session-context.ts';
import { useTimeWords } from '../shared/use-words-of-time.ts';

import classes from './frame.module.css';
import { ModePill } from './mode-banner.tsx';
import { LanguageSwitch, ThemeSwitch } from './preferences.tsx';
import { StageButtons } from './stage-buttons.tsx';
import { usePhone } from './use-phone.ts';

export function TopBar({ menuOpen, onMenu }: { menuOpen: boolean; onMenu: () => void }) {
  const { t } = useTranslation();
  const words = useCityWords();
  const phone = usePhone();
  const wide = useMediaQuery('(min-width: 85em)', undefined, { getInitialValueInEffect: false });
  return (
    <div className={classes['bar']}>
      {phone && <Burger opened={menuOpen} onClick={onMenu} size="sm" aria-label={t('nav.open')} />}
      <span className={classes['city']}>{words.city}</span>
      <Clock withDate={!phone} />
      {!phone && <ModePill />}
      <ConnectionState withWord={!phone} />
      <div style={{ flex: 1 }} />
      {!phone && <StageButtons words={wide} />}
      {!phone && <Divider orientation="vertical" my="sm" />}
      {phone ? (
        <ActionIcon aria-label={t('bar.search')} onClick={spotlight.open} size={40}>
          <IconSearch size={18} />
        </ActionIcon>
      ) : (
        <Button leftSection={<IconSearch size={16} />} rightSection={<Kbd>Ctrl K</Kbd>} onClick={spotlight.open}>
          {t('bar.search')}
        </Button>
      )}
      {!phone && <LanguageSwitch />}
      {!phone && <ThemeSwitch />}
      <Account withPreferences={phone} />
    </div>
  );
}

function Clock({ withDate }: { withDate: boolean }) {
  const { t } = useTranslation();
  const words = useTimeWords();
  const now = useCityNow();
  return (
    <time className={classes['clock']} title={t('bar.clock')} dateTime={new Date(now).toISOString()}>
      {withDate && <span className="h-muted">{words.time(now, 'date')} </span>}
      {words.time(now, 'clock')}
    </time>
  );
}

function ConnectionState({ withWord }: { withWord: boolean }) {
  const { t } = useTranslation();
  const { state } = useConnection();
  const Icon = state === 'lost' ? IconPlugConnectedX : IconPlugConnected;
  const colour = state === 'lost' ? 'var(--h-serious)' : 'var(--h-muted)';
  return (
    <Tooltip label={t(`connection.${state}`)} disabled={withWord}>
      <Group gap={6} wrap="nowrap" c={colour} data-testid="connection" data-state={state} role="status">
        <Icon size={16} aria-hidden="true" />
        <span className={withWord ? undefined : 'mantine-visually-hidden'}>
          {withWord ? t(`connection.${state}`) : ''}
        </span>
      </Group>
    </Tooltip>
  );
}

function Account({ withPreferences }: { withPreferences: boolean }) {
  const { t } = useTranslation();
  const { person, signOut } = useSession();
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <ActionIcon aria-label={t('bar.menu')} size={withPreferences ? 40 : 32}>
          <IconUser size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text>{person.displayName}</Text>
          <Text size="xs" c="dimmed">
            {t(`session.role.${person.role}`)}
          </Text>
        </Menu.Label>
        {withPreferences && (
          <Group px="sm" py="xs" justify="space-between">
            <LanguageSwitch />
            <ThemeSwitch />
          </Group>
        )}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={signOut}>
          {t('session.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
