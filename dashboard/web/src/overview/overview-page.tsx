import { Button, Group, SegmentedControl, Text, VisuallyHidden } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { IconBell, IconMap2 } from '@tabler/icons-react';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'wouter';
import { AlertCards } from '../alerts/alert-cards.tsx';
import { AlertSheet } from '../alerts/alert-sheet.tsx';
import { isFiltered, matches, readFilters } from '../alerts/filters.ts';
import { useSelection } from '../alerts/use-selection.ts';
import type { AlertResource } from '../contract.ts';
import { DeviceSheet } from '../device/device-sheet.tsx';
import { useAlerts, useConnection } from '../live/use-live.ts';
import { useLanguage } from '../locales/i18n.ts';
import { MapArea } from '../map/map-area.tsx';
import { formatNumber } from '../shared/format.ts';
import { Empty, SkeletonRows } from '../shared/states.tsx';
import { SideSheet } from '../shell/side-sheet.tsx';
import { StageButtons } from '../shell/stage-buttons.tsx';
import { usePhone } from '../shell/use-phone.ts';
import { KeyFigures } from './key-figures.tsx';
import classes from './overview.module.css';
import { RAIL_MAX, RAIL_MIN, useRailWidth } from './rail-width.ts';

export function OverviewPage() {
  const { t } = useTranslation();
  const phone = usePhone();
  useDocumentTitle(`${t('overview.title')} · ${t('app.name')}`);
  return (
    <div className={classes['page']}>
      <VisuallyHidden>
        <h1>{t('overview.title')}</h1>
      </VisuallyHidden>
      {phone ? <OnPhone /> : <OnScreen />}
    </div>
  );
}

function OnScreen() {
  const { t } = useTranslation();
  const rail = useRailWidth();
  return (
    <>
      <KeyFigures />
      <div className={classes['body']}>
        <div className={classes['mapArea']}>
          <MapArea />
          <Sheet />
        </div>
        {/* biome-ignore lint/a11y/useSemanticElements: a rule cannot be dragged */}
        <div
          className={classes['handle']}
          role="separator"
          aria-orientation="vertical"
          aria-label={t('overview.railResize')}
          aria-valuenow={rail.width}
          aria-valuemin={RAIL_MIN}
          aria-valuemax={RAIL_MAX}
          tabIndex={0}
          onPointerDown={rail.onPointerDown}
          onKeyDown={rail.onKeyDown}
        />
        <div className={classes['rail']} style={{ width: rail.width }}>
          <Rail />
        </div>
      </div>
    </>
  );
}

/** The list first; the map is a press away. */
function OnPhone() {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const view = search.get('view') === 'map' ? 'map' : 'alerts';
  const setView = (next: string) =>
    setSearch((before) => {
      const after = new URLSearchParams(before);
      if (next === 'map') after.set('view', 'map');
      else after.delete('view');
      return after;
    });
  return (
    <>
      <KeyFigures />
      <div className={classes['body']}>
        {view === 'map' ? (
          <div className={classes['mapArea']}>
            <MapArea />
          </div>
        ) : (
          <div className={classes['rail']} style={{ width: '100%' }}>
            <Rail />
          </div>
        )}
      </div>
      <div className={classes['phoneSwitch']}>
        <SegmentedControl
          fullWidth
          size="md"
          flex={1}
          value={view}
          onChange={setView}
          aria-label={t('overview.title')}
          data={[
            { value: 'alerts', label: <Choice icon={<IconBell size={18} />} label={t('overview.showAlerts')} /> },
            { value: 'map', label: <Choice icon={<IconMap2 size={18} />} label={t('overview.showMap')} /> },
          ]}
        />
      </div>
      <Sheet />
    </>
  );
}

function Choice({ icon, label }: { icon: React.ReactNode; label: string }) {
  return (
    <Group gap="sm" justify="center" wrap="nowrap">
      {icon}
      {label}
    </Group>
  );
}

function Rail() {
  const { t } = useTranslation();
  const phone = usePhone();
  const language = useLanguage();
  const [search, setSearch] = useSearchParams();
  const filters = useMemo(() => readFilters(search), [search]);
  const all = useAlerts();
  const heard = useConnection().heardAt !== null;
  const alerts = useMemo(() => all.filter((alert) => matches(alert, { ...filters, state: 'open' })), [all, filters]);
  const { alert: openId, select } = useSelection();
  const open = useCallback((alert: AlertResource, replace?: boolean) => select('alert', alert.id, replace), [select]);
  const filtered = isFiltered(filters);
  const unfilter = () =>
    setSearch((before) => {
      const after = new URLSearchParams(before);
      for (const name of ['stage', 'domain', 'district', 'device']) after.delete(name);
      return after;
    });

  const empty = !heard ? (
    <SkeletonRows count={5} height={72} />
  ) : filtered ? (
    <Empty title={t('alerts.emptyFiltered')} />
  ) : (
    <Empty title={t('overview.railEmpty')} hint={t('overview.railEmptyHint')} />
  );
  return (
    <>
      <div className={classes['railHead']}>
        {phone ? (
          <StageButtons grow />
        ) : (
          <>
            <Text component="h2" fw={600}>
              {t('overview.rail')}
            </Text>
            <Text c="dimmed" className="h-figures">
              {formatNumber(alerts.length, 0, language)}
            </Text>
          </>
        )}
        {filtered && (
          <Button variant="subtle" onClick={unfilter}>
            {t('alerts.clearFilters')}
          </Button>
        )}
        {!phone && (
          <Button component={Link} href="/alerts" variant="subtle" ml="auto">
            {t('overview.allAlerts')}
          </Button>
        )}
      </div>
      <AlertCards label={t('overview.rail')} alerts={alerts} openId={openId} onOpen={open} empty={empty} />
    </>
  );
}

function Sheet() {
  const { t } = useTranslation();
  const { alert, device, clear } = useSelection();
  return (
    <SideSheet open={alert !== null || device !== null} onClose={clear} label={t('alert.title')} floating>
      {alert !== null && <AlertSheet key={alert} id={alert} onClose={clear} />}
      {device !== null && <DeviceSheet key={device} id={device} onClose={clear} />}
    </SideSheet>
  );
}
