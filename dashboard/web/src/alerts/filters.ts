import type { AlertResource } from '../contract.ts';
import { alertState, STAGES, type Stage } from '../core.ts';

/** What the list is narrowed to; all of it lives in the address. Empty means everything. */
export interface AlertFilters {
  stages: Stage[];
  domain: string | null;
  district: string | null;
  device: string | null;
  state: 'open' | 'all';
}

export function readFilters(search: URLSearchParams): AlertFilters {
  const stages = (search.get('stage') ?? '').split(',');
  return {
    stages: STAGES.filter((stage) => stages.includes(stage)),
    domain: search.get('domain'),
    district: search.get('district'),
    device: search.get('device'),
    state: search.get('state') === 'all' ? 'all' : 'open',
  };
}

export function writeFilters(filters: AlertFilters): URLSearchParams {
  const search = new URLSearchParams();
  if (filters.stages.length > 0) search.set('stage', filters.stages.join(','));
  if (filters.domain) search.set('domain', filters.domain);
  if (filters.district) search.set('district', filters.district);
  if (filters.device) search.set('device', filters.device);
  if (filters.state === 'all') search.set('state', 'all');
  return search;
}

export function matches(alert: AlertResource, filters: AlertFilters): boolean {
  if (filters.state === 'open' && alertState(alert) === 'closed') return false;
  if (filters.stages.length > 0 && !filters.stages.includes(alert.stage)) return false;
  if (filters.domain && alert.domain !== filters.domain) return false;
  if (filters.district && alert.district !== filters.district) return false;
  return !filters.device || alert.device === filters.device;
}

export function isFiltered(filters: AlertFilters): boolean {
  return filters.stages.length > 0 || Boolean(filters.domain ?? filters.district ?? filters.device);
}
