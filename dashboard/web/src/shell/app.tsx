import { useTranslation } from 'react-i18next';
import { Route, Switch } from 'wouter';
import { AlertsPage } from '../alerts/alerts-page.tsx';
import { CityProvider } from '../city/city-provider.tsx';
import { DevicePage } from '../device/device-page.tsx';
import { LiveProvider } from '../live/live-provider.tsx';
import { OverviewPage } from '../overview/overview-page.tsx';
import { PlatformPage } from '../platform/platform-page.tsx';
import { Empty } from '../shared/states.tsx';
import { SystemPage } from '../system/system-page.tsx';
import { BareFrame, Frame } from './frame.tsx';

export function App() {
  return (
    <LiveProvider>
      <CityProvider frame={(content) => <BareFrame>{content}</BareFrame>}>
        <Frame>
          <Switch>
            <Route path="/">
              <OverviewPage />
            </Route>
            <Route path="/alerts">
              <AlertsPage />
            </Route>
            <Route path="/systems/:domain">{({ domain }) => <SystemPage key={domain} id={domain} />}</Route>
            <Route path="/devices/:id">{({ id }) => <DevicePage key={id} id={decodeURIComponent(id)} />}</Route>
            <Route path="/platform">
              <PlatformPage />
            </Route>
            <Route>
              <NotFound />
            </Route>
          </Switch>
        </Frame>
      </CityProvider>
    </LiveProvider>
  );
}

function NotFound() {
  const { t } = useTranslation();
  return (
    <Empty title={t('state.notFound')} hint={t('state.notFoundHint')}>
      <a href="/">{t('state.home')}</a>
    </Empty>
  );
}
