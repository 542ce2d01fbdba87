import type { AlertResource, DeviceResource } from '../contract.ts';
import { type Stage, stageRank, worstStage } from '../core.ts';

export interface SystemFilters {
  text: string;
  kind: string | null;
  district: string | null;
}

/** The worst stage that stands at each device. */
export function standingStages(alerts: readonly AlertResource[]): Map<string, Stage> {
  const stages = new Map<string, Stage>();
  for (const { device, stage, clearedAt } of alerts) {
    if (clearedAt !== null) continue;
    stages.set(device, worstStage(stage, stages.get(device) ?? null) ?? stage);
  }
  return stages;
}

/** What fits, in trouble first, then by name with its numbers in order (L-2 before L-10). */
export function systemRows(
  devices: readonly DeviceResource[],
  { text, kind, district }: SystemFilters,
  stages: ReadonlyMap<string, Stage>,
): DeviceResource[] {
  const wanted = text.trim().toLowerCase();
  const collator = new Intl.Collator(undefined, { numeric: true });
  return devices
    .filter(
      (device) =>
        (kind === null || device.kind === kind) &&
        (district === null || device.district === district) &&
        (wanted === '' || device.id.toLowerCase().includes(wanted) || device.name.toLowerCase().includes(wanted)),
    )
    .sort(
      (a, b) =>
        stageRank(stages.get(b.id) ?? null) - stageRank(stages.get(a.id) ?? null) || collator.compare(a.name, b.name),
    );
}
