/**
 * What is kept of a device, put to the registry entry and the rules of today: any of them may have changed since.
 */
import type { Device } from '@haechi/core';
import { newTwin, type TwinState } from '../twin/twin.ts';
import type { CompiledRule } from './compile.ts';
import { clearState, type RuleState } from './step.ts';

/** What survives a restart of one device. */
export interface DeviceState {
  /** The system it belonged to; its fields and rules mean nothing in another. Absent in what 0.1.0 kept. */
  domain?: string;
  /** When the last of the rule states changed that no longer fitted. No later alert is raised before, so none takes the id of an old one. */
  changedAt?: number;
  twin: TwinState;
  rules: Record<string, RuleState>;
}

export interface Refitted {
  twin: TwinState;
  /** One for each rule. */
  states: RuleState[];
  /** By rule id: states behind which there is no rule any more that could ever judge them. */
  dropped: [string, RuleState][];
  changedAt: number;
  /** It belongs to another system than before. */
  moved: boolean;
}

export function refit(device: Device, rules: readonly CompiledRule[], before: DeviceState | undefined): Refitted {
  const moved = before?.domain !== undefined && before.domain !== device.domain;
  const twin = { ...newTwin(), ...before?.twin };
  if (moved) Object.assign(twin, { ts: 0, deviceTs: 0, receivedAt: 0, values: {} });
  const kept = rules.map((rule) => (moved ? undefined : fitting(rule, before?.rules[rule.id], twin)));
  const fits = new Set(rules.flatMap(({ id }, index) => (kept[index] ? [id] : [])));
  const dropped = Object.entries(before?.rules ?? {}).filter(([id]) => !fits.has(id));
  const changedAt = Math.max(before?.changedAt ?? 0, ...dropped.map(([, state]) => state.changedAt ?? 0));
  const states = rules.map((rule, index) => kept[index] ?? { ...clearState(rule), changedAt });
  return { twin, states, dropped, changedAt, moved };
}

/** The state as it stands in the rule of today; `undefined` where its stage is gone, or the device never sent what is asked now. */
function fitting(rule: CompiledRule, state: RuleState | undefined, twin: TwinState): RuleState | undefined {
  if (!state || !rule.inputs.every((field) => field in twin.values)) return undefined;
  const stages = rule.rungs.map((rung) => rung.stage);
  const sameRungs = state.pending.length === stages.length;
  const stage = state.stage ?? (sameRungs ? stages[state.rank - 1] : undefined) ?? null;
  const rank = stage === null ? 0 : stages.indexOf(stage) + 1;
  if (rank === 0 && state.rank > 0) return undefined;
  if (sameRungs && rank === state.rank) return { ...clearState(rule), ...state, stage };
  // On another rung now: it stands, and whatever was under way begins anew.
  const { raisedAt, changedAt } = state;
  return { ...clearState(rule), rank, stage, raisedAt, changedAt };
}
