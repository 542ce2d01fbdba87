/**
 * The rules' shell: keeps a twin and the rule states of every device, and feeds the pure step with readings and timers.
 *
 * Time is the journal's: before a record is looked at, every timer due by its arrival has fired, so the same
 * records give the same transitions however they are batched and wherever a restart falls.
 */
import type { Device, Log, Reading, Stage, Transition, Value } from '@haechi/core';
import TinyQueue from 'tinyqueue';
import { applyReading, type TwinState } from '../twin/twin.ts';
import { type CompiledRule, deviceVariables, type RuleContext, type Rung, shownValue } from './compile.ts';
import { type DeviceState, refit } from './refit.ts';
import { beginAnew, earliestNext, freeze, isIdle, nextDue, type RuleState, step } from './step.ts';

export type { DeviceState } from './refit.ts';

/** A value stands for this many of its device's reporting intervals; then it is stale and no timer rests on it. */
export const STALE_INTERVALS = 2;
/** A reading older than this when it arrives is history: it never raises a live alert. */
const LIVE_AGE_MAX_MS = 10 * 60_000;

export interface EngineRecord {
  /** The last two are the past told later: it raises nothing and is nobody's present state. */
  kind: 'message' | 'start' | 'import' | 'replay';
  receivedAt: number;
  readings: readonly Reading[];
  status?: { device: string; online: boolean };
}

export interface RuleTransition {
  rule: string;
  domain: string;
  device: string;
  district: string;
  transition: Transition;
  /** The stage it stands at now; for `cleared` the one it stood at last. */
  stage: Stage;
  at: number;
  raisedAt: number;
  field: string | null;
  value: Value | null;
  limit: number | null;
  /** For a person, where no reading led to it: why. */
  comment?: string;
}

interface Entry {
  device: Device;
  deviceVariables: Record<string, unknown>;
  intervalMs: number;
  rules: readonly CompiledRule[];
  states: RuleState[];
  /** For each rule, the due time of the timer that stands in the queue for it. */
  armed: (number | undefined)[];
  twin: TwinState;
  changedAt: number;
}

interface Timer {
  due: number;
  entry: Entry;
  index: number;
}

export interface EngineOptions {
  rules: readonly CompiledRule[];
  log: Log;
  onTransition: (transition: RuleTransition) => void;
  /** A reading became its device's present state: it was neither late nor a repetition. Its `ts` is the twin's. */
  onCurrent?: (reading: Reading) => void;
}

export class RuleEngine {
  readonly #options: EngineOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #timers = new TinyQueue<Timer>([], byDue);
  /** Rule and device pairs whose conditions failed, each told once. Bounded by rules × devices. */
  readonly #failed = new Set<string>();
  #startedAt = 0;
  #now = 0;
  #changed = new Set<string>();

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /**
   * Adds a device, or takes its new registry entry; what is known of it stays as far as it fits. An alert that stands
   * and fits no longer is cleared: at once where the entry is new, by `orphanedAlerts` where the state was `restored`.
   */
  setDevice(device: Device, restored?: DeviceState): void {
    const rules = this.#options.rules.filter((rule) => rule.domain === device.domain && rule.kinds.has(device.kind));
    const known = this.#entries.get(device.id);
    const { dropped, moved, ...fitted } = refit(device, rules, restored ?? (known && this.#stateOf(known)));
    const entry: Entry = {
      device,
      deviceVariables: deviceVariables(device),
      intervalMs: device.intervalS * 1000,
      rules,
      armed: [],
      ...fitted,
    };
    this.#entries.set(device.id, entry);
    this.#now = Math.max(this.#now, entry.twin.heardAt);
    // What was dropped must not come back with a later restart, when its alert has long been cleared.
    if (dropped.length > 0 || moved) this.#changed.add(device.id);
    if (known && !restored) for (const [rule, state] of dropped) this.#withdraw(known.device, rule, state);
    for (const index of rules.keys()) this.#schedule(entry, index);
  }

  /** When the platform last began to listen, on the journal's clock. */
  get startedAt(): number {
    return this.#startedAt;
  }

  restoreStart(startedAt: number): void {
    this.#startedAt = startedAt;
    this.#now = Math.max(this.#now, startedAt);
  }

  /** The latest time on the journal's clock that the engine knows of. */
  get now(): number {
    return this.#now;
  }

  has(device: string): boolean {
    return this.#entries.has(device);
  }

  /** The state behind the alert that stands for a rule on a device; `undefined` where none stands. */
  standing({ domain, rule, device }: Pick<RuleTransition, 'domain' | 'rule' | 'device'>): RuleState | undefined {
    const entry = this.#entries.get(device);
    const index = entry?.rules.findIndex((one) => one.domain === domain && one.id === rule) ?? -1;
    const state = entry?.states[index];
    return state && state.rank > 0 ? state : undefined;
  }

  twin(device: string): TwinState | undefined {
    return this.#entries.get(device)?.twin;
  }

  twins(): Map<string, TwinState> {
    return new Map([...this.#entries].map(([id, entry]) => [id, entry.twin]));
  }

  state(device: string): DeviceState | undefined {
    const entry = this.#entries.get(device);
    return entry && this.#stateOf(entry);
  }

  /** Devices whose twin or rule states changed since the last call. */
  takeChanged(): Set<string> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  process(record: EngineRecord): void {
    // Before the timers: a silence that lasted only because nobody listened is no silence.
    if (record.kind === 'start') this.#startedAt = record.receivedAt;
    this.advance(record.receivedAt);
    if (record.kind === 'import' || record.kind === 'replay') return;
    if (record.status) this.#status(record.status);
    for (const reading of record.readings) this.#reading(reading);
  }

  /** Fires every timer due by `now`, on the journal's clock. */
  advance(now: number): void {
    this.#now = Math.max(this.#now, now);
    for (let timer = this.#timers.peek(); timer && timer.due <= now; timer = this.#timers.peek()) {
      this.#timers.pop();
      const { entry, index } = timer;
      if (entry.armed[index] !== timer.due || this.#entries.get(entry.device.id) !== entry) continue;
      entry.armed[index] = undefined;
      const due = this.#dueOf(entry, index);
      if (due === undefined) continue;
      // One that has moved on waits for its turn among the others, so that they fire in order of time.
      if (due <= timer.due) {
        this.#look(entry, index, due);
        const next = this.#dueOf(entry, index);
        if (next !== undefined && next <= due) {
          this.#lookedInVain(entry, index);
          continue;
        }
      }
      this.#schedule(entry, index);
    }
  }

  /** A timer that is still due though its rule was looked at would be due for ever: this rule waits until the device speaks. */
  #lookedInVain(entry: Entry, index: number): void {
    entry.states[index] = beginAnew(entry.states[index] as RuleState);
    this.#changed.add(entry.device.id);
    this.#failedOnce(entry.rules[index] as CompiledRule, entry, new Error('its timer was due and changed nothing'));
  }

  #status({ device, online }: { device: string; online: boolean }): void {
    const entry = this.#entries.get(device);
    if (!entry || entry.twin.online === online) return;
    entry.twin.online = online;
    this.#changed.add(device);
  }

  #reading(reading: Reading): void {
    const entry = this.#entries.get(reading.device);
    // One that was under way when the device was moved to another system says nothing there.
    if (!entry || entry.device.domain !== reading.domain) return;
    const { twin } = entry;
    const tsBefore = twin.ts;
    const current = applyReading(twin, reading) === 'current';
    this.#changed.add(reading.device);
    const context = this.#contextOf(entry, reading.receivedAt);
    this.#heard(entry, reading.receivedAt, context);
    if (!current) return;
    const gapMs = tsBefore === 0 ? 0 : twin.ts - tsBefore - entry.intervalMs * STALE_INTERVALS;
    this.#options.onCurrent?.(twin.ts === reading.ts ? reading : { ...reading, ts: twin.ts });
    const live = reading.receivedAt - reading.ts <= Math.max(LIVE_AGE_MAX_MS, entry.intervalMs * STALE_INTERVALS);
    for (let index = 0; index < entry.rules.length; index++) {
      const rule = entry.rules[index] as CompiledRule;
      if (rule.absence) continue;
      const state = entry.states[index] as RuleState;
      if (!isIdle(state)) {
        // What went on in the time of an old reading was not judged, so no duration may rest on it.
        if (!live) entry.states[index] = beginAnew(state);
        else if (gapMs > 0) entry.states[index] = freeze(state, gapMs);
      }
      if (live && isConcerned(rule, reading)) this.#look(entry, index, reading.receivedAt, context);
      // Concerned or not: the device has spoken, so the values that it keeps stand longer.
      this.#schedule(entry, index);
    }
  }

  /** Whatever a device says ends its silence, also what it kept while it was away or what has been heard before. */
  #heard(entry: Entry, arrival: number, context: RuleContext): void {
    for (let index = 0; index < entry.rules.length; index++) {
      if (!entry.rules[index]?.absence) continue;
      this.#look(entry, index, arrival, context);
      this.#schedule(entry, index);
    }
  }

  /** What rules see of the device at `arrival` on the journal's clock. */
  #contextOf(entry: Entry, arrival: number): RuleContext {
    return {
      variables: { ...entry.twin.values, device: entry.deviceVariables },
      silenceMs: Math.max(0, arrival - this.#heardAt(entry)),
      intervalMs: entry.intervalMs,
    };
  }

  /** Steps a rule at `arrival` on the journal's clock, with the values that stand then. */
  #look(entry: Entry, index: number, arrival: number, context = this.#contextOf(entry, arrival)): void {
    const rule = entry.rules[index] as CompiledRule;
    for (const field of rule.inputs) if (!(field in entry.twin.values)) return;
    const before = entry.states[index] as RuleState;
    // A timer may have gone further than the reading that comes after it, which was long on its way.
    const at = Math.max(
      earliestNext(before),
      rule.absence ? arrival : entry.twin.ts + (arrival - entry.twin.receivedAt),
    );
    try {
      const { state, transition } = step(rule, before, context, at);
      entry.states[index] = state;
      if (transition) this.#tell(entry, rule, before, state, transition, context, at);
      if (transition || !isIdle(state) || !isIdle(before)) this.#changed.add(entry.device.id);
    } catch (error) {
      // Or its timer, due and looked at in vain, would be due again at once.
      entry.states[index] = beginAnew(before);
      if (!isIdle(before)) this.#changed.add(entry.device.id);
      this.#failedOnce(rule, entry, error);
    }
  }

  #tell(
    entry: Entry,
    rule: CompiledRule,
    before: RuleState,
    state: RuleState,
    transition: Transition,
    context: RuleContext,
    at: number,
  ): void {
    const rung = rule.rungs[(state.rank || before.rank) - 1];
    if (!rung) return;
    const { id: device, district } = entry.device;
    this.#options.onTransition({
      rule: rule.id,
      domain: rule.domain,
      device,
      district,
      transition,
      stage: rung.stage,
      at,
      raisedAt: state.raisedAt || before.raisedAt,
      field: rule.field,
      value: shownValue(rule, context),
      limit: this.#limitOf(rung, rule, entry, context),
    });
  }

  /** Nothing can judge this state any more: if an alert stands behind it, that is over. */
  #withdraw({ id: device, domain, district }: Device, rule: string, state: RuleState): void {
    if (state.stage === null) return;
    const { stage, raisedAt } = state;
    const at = Math.max(earliestNext(state), this.#now);
    this.#options.onTransition(withdrawal({ rule, domain, device, district, stage, at, raisedAt, field: null }));
  }

  /** An alert is told though the limit to show beside it cannot be. */
  #limitOf(rung: Rung, rule: CompiledRule, entry: Entry, context: RuleContext): number | null {
    try {
      return rung.limit(context);
    } catch (error) {
      this.#failedOnce(rule, entry, error);
      return null;
    }
  }

  /** When, on the journal's clock, this rule must be looked at again though nothing arrives. */
  #dueOf(entry: Entry, index: number): number | undefined {
    const rule = entry.rules[index] as CompiledRule;
    const state = entry.states[index] as RuleState;
    if (entry.twin.ts === 0) return undefined;
    if (rule.absence) {
      if (state.rank > 0) return undefined;
      // Upwards: a moment too early by a rounding would be looked at in vain, for ever.
      return nextDue(rule, state) ?? this.#heardAt(entry) + Math.ceil(rule.absentIntervals * entry.intervalMs);
    }
    const eventDue = nextDue(rule, state);
    if (eventDue === undefined) return undefined;
    const due = entry.twin.receivedAt + (eventDue - entry.twin.ts);
    return due <= entry.twin.receivedAt + entry.intervalMs * STALE_INTERVALS ? due : undefined;
  }

  #schedule(entry: Entry, index: number): void {
    const due = this.#dueOf(entry, index);
    if (due === undefined) return;
    // A timer that fires no later is there already; when it does, the rule is looked at and scheduled again.
    const armed = entry.armed[index];
    if (armed !== undefined && armed <= due) return;
    entry.armed[index] = due;
    this.#timers.push({ due, entry, index });
  }

  /** A start counts as having been heard: while the platform was away nobody could have been. */
  #heardAt(entry: Entry): number {
    return Math.max(entry.twin.heardAt, this.#startedAt);
  }

  #stateOf(entry: Entry): DeviceState {
    const rules = entry.rules.flatMap((rule, index) => {
      const state = entry.states[index] as RuleState;
      return isIdle(state, entry.changedAt) ? [] : [[rule.id, state] as const];
    });
    const { device, twin, changedAt } = entry;
    return { domain: device.domain, ...(changedAt > 0 && { changedAt }), twin, rules: Object.fromEntries(rules) };
  }

  #failedOnce(rule: CompiledRule, entry: Entry, error: unknown): void {
    const key = `${rule.domain}/${rule.id}/${entry.device.id}`;
    if (this.#failed.has(key)) return;
    this.#failed.add(key);
    this.#options.log.warn(
      { err: error, rule: rule.id, device: entry.device.id },
      'rules: cannot be judged on this device',
    );
  }
}

/** An alert's end where no reading ended it: its rule, its stage or its device is not there any more. */
export function withdrawal(alert: Omit<RuleTransition, 'transition' | 'value' | 'limit' | 'comment'>): RuleTransition {
  const comment = 'no longer judged: the rule or the device has changed or is gone';
  return { ...alert, transition: 'cleared', value: null, limit: null, comment };
}

function isConcerned({ inputs }: CompiledRule, { values }: Reading): boolean {
  for (const field of inputs) if (field in values) return true;
  return false;
}

/** By time; then by device and rule, so that timers due together fire in the same order every time. */
function byDue(a: Timer, b: Timer): number {
  if (a.due !== b.due) return a.due - b.due;
  if (a.entry.device.id !== b.entry.device.id) return a.entry.device.id < b.entry.device.id ? -1 : 1;
  return a.index - b.index;
}
