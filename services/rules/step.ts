/**
 * One step of one rule on one device: pure. A timer is the same step at a later moment with the values that stand.
 */
import type { Stage, Transition } from '@haechi/core';
import type { CompiledRule, RuleContext } from './compile.ts';

export interface RuleState {
  /** The rung it stands on, from 1; 0 when clear. */
  rank: number;
  /** That rung's stage, by which a kept state finds its rung in a rule that was edited since; null when clear. */
  stage: Stage | null;
  /** When the standing alert was raised; 0 when clear. */
  raisedAt: number;
  /** When it last changed its rung; 0 before the first time. */
  changedAt: number;
  /** For each rung above: since when it has held; 0 where it does not. */
  pending: number[];
  /** For each rung up to the present one: since when it has been released; 0 where it is not. */
  releasing: number[];
}

export interface StepResult {
  state: RuleState;
  transition: Transition | null;
}

export function clearState(rule: CompiledRule): RuleState {
  const zeros = rule.rungs.map(() => 0);
  return { rank: 0, stage: null, raisedAt: 0, changedAt: 0, pending: zeros, releasing: zeros };
}

/** `at` is event time, epoch milliseconds, and never less than at the step before. */
export function step(rule: CompiledRule, before: RuleState, context: RuleContext, at: number): StepResult {
  // Nearly every step of a healthy city.
  if (isAtRest(before) && !rule.rungs.some((rung) => rung.holds(context))) return { state: before, transition: null };

  const pending = rule.rungs.map((rung, i) => since(i >= before.rank && rung.holds(context), before.pending[i], at));
  const risen = pending.findLastIndex((from) => from > 0 && at - from >= rule.forMs) + 1;
  if (risen > before.rank) {
    const raisedAt = before.rank === 0 ? at : before.raisedAt;
    const state = {
      rank: risen,
      stage: stageOf(rule, risen),
      raisedAt,
      changedAt: at,
      pending: pending.map((from, i) => (i < risen ? 0 : from)),
      releasing: pending.map(() => 0),
    };
    return { state, transition: before.rank === 0 ? 'raised' : 'escalated' };
  }

  const releasing = rule.rungs.map((rung, i) =>
    since(i < before.rank && rung.released(context), before.releasing[i], at),
  );
  let rank = before.rank;
  while (rank > 0 && isOver(releasing[rank - 1], at, rule.clearForMs)) rank--;
  const state = {
    rank,
    stage: stageOf(rule, rank),
    raisedAt: rank === 0 ? 0 : before.raisedAt,
    changedAt: rank === before.rank ? before.changedAt : at,
    pending,
    releasing: releasing.map((from, i) => (i < rank ? from : 0)),
  };
  if (rank === before.rank) return { state, transition: null };
  return { state, transition: rank === 0 ? 'cleared' : 'de-escalated' };
}

/** Event time at which a step would change something though no reading comes; `undefined` where nothing is under way. */
export function nextDue(rule: CompiledRule, state: RuleState): number | undefined {
  let due = Number.POSITIVE_INFINITY;
  for (const from of state.pending) if (from > 0) due = Math.min(due, from + rule.forMs);
  // A lower rung is left only after the one it stands on, be its time over long since: limits may stand in any order.
  const released = state.rank > 0 ? (state.releasing[state.rank - 1] ?? 0) : 0;
  if (released > 0) due = Math.min(due, released + rule.clearForMs);
  return due === Number.POSITIVE_INFINITY ? undefined : due;
}

/** A gap in the readings does not count towards a duration: what is under way moves on by its length. */
export function freeze(state: RuleState, gapMs: number): RuleState {
  const shift = (from: number) => (from > 0 ? from + gapMs : 0);
  return { ...state, pending: state.pending.map(shift), releasing: state.releasing.map(shift) };
}

/** Whatever is under way begins anew; the standing rung stays. */
export function beginAnew(state: RuleState): RuleState {
  const zeros = state.pending.map(() => 0);
  return { ...state, pending: zeros, releasing: zeros };
}

/**
 * No step comes before this. An alert is known by when it was raised, and its changes by when they were; so two of them,
 * be it by readings of one and the same moment, are never at one time.
 */
export function earliestNext({ changedAt, pending, releasing }: RuleState): number {
  let last = changedAt + 1;
  for (const from of pending) last = Math.max(last, from);
  for (const from of releasing) last = Math.max(last, from);
  return last;
}

/** Whether a state is as it was at first, so not worth keeping; `changedAt` is what it began with. */
export function isIdle(state: RuleState, changedAt = 0): boolean {
  return state.changedAt === changedAt && isAtRest(state);
}

/** Clear, with nothing under way. */
function isAtRest({ rank, pending }: RuleState): boolean {
  return rank === 0 && !pending.some((from) => from > 0);
}

function stageOf(rule: CompiledRule, rank: number): Stage | null {
  return rule.rungs[rank - 1]?.stage ?? null;
}

function since(holds: boolean, before: number | undefined, at: number): number {
  if (!holds) return 0;
  return before && before > 0 ? before : at;
}

function isOver(from: number | undefined, at: number, durationMs: number): boolean {
  return from !== undefined && from > 0 && at - from >= durationMs;
}
