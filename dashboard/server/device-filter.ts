import type { Device } from '@haechi/core';

export interface DeviceFilter {
  ids?: string[] | undefined;
  domain?: string | undefined;
  kind?: string | undefined;
  district?: string | undefined;
  /** Part of the id or the name. */
  q?: string | undefined;
}

export function fits(device: Device, { ids, domain, kind, district, q }: DeviceFilter): boolean {
  if (domain !== undefined && device.domain !== domain) return false;
  if (kind !== undefined && device.kind !== kind) return false;
  if (district !== undefined && device.district !== district) return false;
  if (ids !== undefined && !ids.includes(device.id)) return false;
  const text = q?.toLowerCase();
  return text === undefined || device.id.toLowerCase().includes(text) || device.name.toLowerCase().includes(text);
}
