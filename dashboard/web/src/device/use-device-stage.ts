import { useMemo } from 'react';
import { useCity } from '../city/city-context.ts';
import type { AlertResource } from '../contract.ts';
import { alertState, type Stage, worstStage } from '../core.ts';
import { type Presence, presence } from '../live/presence.ts';
import { useAlerts, useCityNow, useDeviceLive } from '../live/use-live.ts';

/** Open alerts of a device, the worst stage that still stands among them, and whether it is still heard of. */
export function useDeviceStage(id: string): { alerts: AlertResource[]; stage: Stage | null; presence: Presence } {
  const all = useAlerts();
  const live = useDeviceLive(id);
  const { device } = useCity();
  const now = useCityNow();
  const { alerts, stage } = useMemo(() => {
    const alerts = all.filter((alert) => alert.device === id && alertState(alert) !== 'closed');
    let stage: Stage | null = null;
    for (const alert of alerts) if (alert.clearedAt === null) stage = worstStage(stage, alert.stage);
    return { alerts, stage };
  }, [all, id]);
  return { alerts, stage, presence: presence(live?.ts, device(id)?.intervalS ?? 60, now) };
}
