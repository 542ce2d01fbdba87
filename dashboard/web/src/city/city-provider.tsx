import { type ReactNode, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useResource } from '../api/use-resource.ts';
import type { CityResource, DeviceResource, DomainResource } from '../contract.ts';
import { useLive } from '../live/use-live.ts';
import { Failed } from '../shared/states.tsx';
import { CityContext, cityOf } from './city-context.ts';

interface Props {
  /** The frame without what it holds, while the city is on its way or where it cannot be had. */
  frame: (content: ReactNode) => ReactNode;
  children: ReactNode;
}

export function CityProvider({ frame, children }: Props) {
  const { t } = useTranslation();
  const { store } = useLive();
  const city = useResource<CityResource>('/city');
  const domains = useResource<{ items: DomainResource[] }>('/domains');
  const devices = useResource<{ items: DeviceResource[] }>('/device-map');
  const reload = devices.retry;

  useEffect(() => store.subscribeRegistry(reload), [store, reload]);

  const whole = useMemo(
    () => city.data && domains.data && devices.data && cityOf(city.data, domains.data.items, devices.data.items),
    [city.data, domains.data, devices.data],
  );
  // Nothing asks for the city's time before it is known: a replay's is years from ours.
  const [clockIsSet, setClockIsSet] = useState(false);
  useEffect(() => {
    if (!city.data) return;
    if (store.connection().heardAt === null) store.setClock(city.data.now, city.data.speed);
    setClockIsSet(true);
  }, [city.data, store]);

  if (whole && clockIsSet) return <CityContext value={whole}>{children}</CityContext>;
  const error = city.error ?? domains.error ?? devices.error;
  if (!error) return frame(null);
  const retry = () => {
    for (const part of [city, domains, devices]) if (part.error) part.retry();
  };
  return frame(<Failed what={t('state.city')} error={error} retry={retry} />);
}
