import type { LimitResource, Value } from '../contract.ts';
import { type Stage, stageRank } from '../core.ts';

export interface Breach {
  side: 'high' | 'low';
  stage: Stage;
}

export function limitsOf(limits: readonly LimitResource[], field: string): LimitResource[] {
  return limits.filter((limit) => limit.field === field);
}

/** The worst limit that the value is past, and on which side; null where it is past none. */
export function breachOf(limits: readonly LimitResource[], field: string, value: Value | undefined): Breach | null {
  if (typeof value !== 'number') return null;
  let worst: Breach | null = null;
  for (const { field: watched, direction, value: limit, stage } of limits) {
    if (watched !== field || direction === 'none') continue;
    const past = direction === 'rising' ? value >= limit : value <= limit;
    if (!past || (worst && stageRank(worst.stage) >= stageRank(stage))) continue;
    worst = { side: direction === 'rising' ? 'high' : 'low', stage };
  }
  return worst;
}
