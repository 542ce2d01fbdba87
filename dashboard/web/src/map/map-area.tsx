import { Text } from '@mantine/core';
import { lazy, Suspense, useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorBoundary } from '../shared/error-boundary.tsx';
import { usePhone } from '../shell/use-phone.ts';
import classes from './map.module.css';
import { MapLegend } from './map-legend.tsx';

const CityMap = lazy(() => import('./city-map.tsx').then((module) => ({ default: module.CityMap })));

function hasWebGl(): boolean {
  const context = document.createElement('canvas').getContext('webgl2');
  // A browser keeps only a few; this one was just a question.
  context?.getExtension('WEBGL_lose_context')?.loseContext();
  return context !== null;
}

/** The map in a chunk of its own; where it cannot be drawn, the words for that, and the lists go on. */
export function MapArea() {
  const { t } = useTranslation();
  const phone = usePhone();
  const [works, setWorks] = useState(hasWebGl);
  const fail = useCallback(() => setWorks(false), []);
  if (!works) {
    return (
      <div className={classes['message']} role="status">
        <Text maw={420} ta="center" c="dimmed" p="xl">
          {t('map.failed')}
        </Text>
      </div>
    );
  }
  return (
    <ErrorBoundary>
      <Suspense
        fallback={
          <div className={classes['message']} role="status">
            <Text c="dimmed">{t('map.loading')}</Text>
          </div>
        }
      >
        <CityMap onFailed={fail} />
        {!phone && <MapLegend />}
      </Suspense>
    </ErrorBoundary>
  );
}
