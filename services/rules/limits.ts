import type { Device, Stage } from '@haechi/core';
import { type CompiledRule, deviceVariables } from './compile.ts';

/** What a rule holds one device's field against, where that does not depend on its readings. */
export interface FixedLimit {
  field: string;
  rule: string;
  stage: Stage;
  value: number;
  direction: CompiledRule['direction'];
}

/** The fixed limits of every rule that watches the device, each rule's lowest stage first. */
export function limitsOf(rules: readonly CompiledRule[], device: Device): FixedLimit[] {
  const context = { variables: { device: deviceVariables(device) }, silenceMs: 0, intervalMs: device.intervalS * 1000 };
  return rules
    .filter((rule) => !rule.absence && rule.domain === device.domain && rule.kinds.has(device.kind))
    .flatMap(({ id, field, direction, rungs }) =>
      rungs.flatMap((rung) => {
        if (field === null) return [];
        const value = fixedValue(() => rung.limit(context));
        return value === null ? [] : [{ field, rule: id, stage: rung.stage, value, direction }];
      }),
    );
}

function fixedValue(limit: () => number | null): number | null {
  try {
    return limit();
  } catch {
    return null; // it names a field of the readings, or an attribute that this device lacks: no line to draw
  }
}
