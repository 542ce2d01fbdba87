import { createContext, useContext } from 'react';
import type { CityResource, DeviceResource, DomainResource, Field, Kind } from '../contract.ts';

/** What changes seldom: the city's ground, its systems, its devices as the registry holds them. */
export interface City {
  city: CityResource;
  /** In the order of the rail. */
  domains: readonly DomainResource[];
  devices: readonly DeviceResource[];
  device: (id: string) => DeviceResource | undefined;
  domain: (id: string) => DomainResource | undefined;
  kind: (domain: string, kind: string) => Kind | undefined;
  field: (domain: string, name: string) => Field | undefined;
}

export const CityContext = createContext<City | null>(null);

export function useCity(): City {
  const city = useContext(CityContext);
  if (!city) throw new Error('useCity outside of its provider');
  return city;
}

export function cityOf(
  city: CityResource,
  domainList: readonly DomainResource[],
  devices: readonly DeviceResource[],
): City {
  const domains = domainList.toSorted((a, b) => a.order - b.order);
  const byDomain = new Map(domains.map((domain) => [domain.id, domain]));
  const byDevice = new Map(devices.map((device) => [device.id, device]));
  const kinds = new Map(domains.flatMap((d) => d.kinds.map((kind) => [`${d.id}/${kind.id}`, kind] as const)));
  const fields = new Map(domains.flatMap((d) => d.fields.map((field) => [`${d.id}/${field.name}`, field] as const)));
  return {
    city,
    domains,
    devices,
    device: (id) => byDevice.get(id),
    domain: (id) => byDomain.get(id),
    kind: (domain, kind) => kinds.get(`${domain}/${kind}`),
    field: (domain, name) => fields.get(`${domain}/${name}`),
  };
}
