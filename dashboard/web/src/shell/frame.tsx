import { AppShell, Skeleton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { useCity } from '../city/city-context.ts';
import { useConnection } from '../live/use-live.ts';
import { ErrorBoundary } from '../shared/error-boundary.tsx';
import { SkeletonRows } from '../shared/states.tsx';
import { ConnectionBand } from './connection-band.tsx';
import classes from './frame.module.css';
import { ModeStrip } from './mode-banner.tsx';
import { Navigation } from './navigation.tsx';
import { Search } from './search.tsx';
import { TopBar } from './top-bar.tsx';
import { usePhone } from './use-phone.ts';

const BAR = 49;
const RAIL = { width: { base: '100%', sm: 96 }, breakpoint: 'sm' } as const;

export function Frame({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const { city } = useCity();
  const [opened, nav] = useDisclosure(false);
  const [location] = useLocation();
  const phone = usePhone();
  const lost = useConnection().state === 'lost';
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the phone's menu
  useEffect(nav.close, [location]);

  const strip = phone && city.mode !== 'live';
  const height = BAR + (lost ? (phone ? 72 : 40) : 0) + (strip ? 24 : 0);
  return (
    <AppShell
      header={{ height }}
      navbar={{ ...RAIL, collapsed: { mobile: !opened } }}
      padding={0}
      transitionDuration={0}
    >
      <a className="h-skip" href="#content">
        {t('app.skip')}
      </a>
      <AppShell.Header className={classes['header']}>
        <TopBar menuOpen={opened} onMenu={nav.toggle} />
        {strip && <ModeStrip />}
        {lost && <ConnectionBand />}
      </AppShell.Header>
      <AppShell.Navbar className={classes['navbar']}>
        <Navigation />
      </AppShell.Navbar>
      <AppShell.Main className={classes['main']}>
        <div id="content" className={classes['content']} tabIndex={-1} style={{ outline: 'none' }}>
          <ErrorBoundary resetKey={location}>{children}</ErrorBoundary>
        </div>
      </AppShell.Main>
      <Search />
    </AppShell>
  );
}

/** The frame before the city is known: where things will be, and nothing that jumps when they come. */
export function BareFrame({ children }: { children: ReactNode }) {
  return (
    <AppShell header={{ height: BAR }} navbar={{ ...RAIL, collapsed: { mobile: true } }} padding={0}>
      <AppShell.Header className={classes['header']}>
        <div className={classes['bar']}>
          <Skeleton w={160} h={24} />
        </div>
      </AppShell.Header>
      <AppShell.Navbar className={classes['navbar']}>
        <SkeletonRows count={6} height={40} />
      </AppShell.Navbar>
      <AppShell.Main className={classes['main']}>{children ?? <SkeletonRows count={12} />}</AppShell.Main>
    </AppShell>
  );
}
