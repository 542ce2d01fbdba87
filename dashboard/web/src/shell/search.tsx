import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from '@mantine/spotlight';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { useAlertWords } from '../alerts/use-alert-words.ts';
import { useCity } from '../city/city-context.ts';
import { useCityWords } from '../city/use-city-words.ts';
import { alertState } from '../core.ts';
import { useAlerts } from '../live/use-live.ts';
import { setLanguage, useLanguage } from '../locales/i18n.ts';
import { useSession } from '../session/session-context.ts';
import { useScheme } from '../theme/use-scheme.ts';

const EACH_MAX = 8;

export function Search() {
  const { t } = useTranslation();
  const [query, setQuery] = useState('');
  const groups = [usePages(query), useCommands(query), useFoundAlerts(query), useFoundDevices(query)];
  return (
    <Spotlight
      actions={groups.filter(({ actions }) => actions.length > 0)}
      // Found already, over ten thousand devices and only as many as are shown.
      filter={(_, actions) => actions}
      query={query}
      onQueryChange={setQuery}
      shortcut={['mod + K']}
      nothingFound={t('bar.searchNothing')}
      searchProps={{ placeholder: t('bar.searchPlaceholder'), 'aria-label': t('bar.search') }}
      scrollable
      maxHeight={480}
      overlayProps={{ backgroundOpacity: 0.4, blur: 0 }}
      transitionProps={{ duration: 0 }}
    />
  );
}

function fits(query: string, ...texts: string[]): boolean {
  const wanted = query.trim().toLowerCase();
  return texts.some((text) => text.toLowerCase().includes(wanted));
}

function usePages(query: string): SpotlightActionGroupData {
  const { t } = useTranslation();
  const { domains } = useCity();
  const words = useCityWords();
  const [, navigate] = useLocation();
  const pages = [
    { path: '/', label: t('nav.overview') },
    { path: '/alerts', label: t('nav.alerts') },
    ...domains.map(({ id }) => ({ path: `/systems/${id}`, label: words.domain(id) })),
    { path: '/platform', label: t('nav.platform') },
  ];
  return {
    group: t('bar.pages'),
    actions: pages
      .filter(({ path, label }) => fits(query, label, path))
      .map(({ path, label }) => ({ id: `page ${path}`, label, onClick: () => navigate(path) })),
  };
}

function useCommands(query: string): SpotlightActionGroupData {
  const { t } = useTranslation();
  const language = useLanguage();
  const { scheme, toggle } = useScheme();
  const { signOut } = useSession();
  const commands: SpotlightActionData[] = [
    { id: 'theme', label: scheme === 'dark' ? t('bar.themeLight') : t('bar.themeDark'), onClick: toggle },
    language === 'en'
      ? { id: 'language', label: '한국어', onClick: () => void setLanguage('ko') }
      : { id: 'language', label: 'English', onClick: () => void setLanguage('en') },
    { id: 'sign-out', label: t('session.signOut'), onClick: signOut },
  ];
  return { group: t('bar.commands'), actions: commands.filter(({ label }) => fits(query, label ?? '')) };
}

function useFoundAlerts(query: string): SpotlightActionGroupData {
  const { t } = useTranslation();
  const alerts = useAlerts();
  const words = useAlertWords();
  const [, navigate] = useLocation();
  const actions = useMemo(() => {
    if (query.trim() === '') return [];
    const found: SpotlightActionData[] = [];
    for (const alert of alerts) {
      if (found.length >= EACH_MAX) break;
      if (alertState(alert) === 'closed') continue;
      const what = words.what(alert);
      if (!fits(query, what, alert.device)) continue;
      found.push({
        id: `alert ${alert.id}`,
        label: what,
        description: `${t(`stage.${alert.stage}`)} · ${words.where(alert)}`,
        onClick: () => navigate(`/?alert=${encodeURIComponent(alert.id)}`),
      });
    }
    return found;
  }, [query, alerts, words, navigate, t]);
  return { group: t('nav.alerts'), actions };
}

function useFoundDevices(query: string): SpotlightActionGroupData {
  const { t } = useTranslation();
  const { devices } = useCity();
  const words = useCityWords();
  const [, navigate] = useLocation();
  const actions = useMemo(() => {
    if (query.trim() === '') return [];
    const found: SpotlightActionData[] = [];
    for (const { id, name, domain, kind, district } of devices) {
      if (found.length >= EACH_MAX) break;
      if (!fits(query, id, name)) continue;
      found.push({
        id: `device ${id}`,
        label: name,
        description: `${id} · ${words.kind(domain, kind)} · ${words.district(district)}`,
        onClick: () => navigate(`/devices/${encodeURIComponent(id)}`),
      });
    }
    return found;
  }, [query, devices, words, navigate]);
  return { group: t('bar.devices'), actions };
}
