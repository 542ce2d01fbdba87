/**
 * From a rule as written to a rule that runs. Whatever its form, a rule becomes a row of rungs, lowest stage
 * first; each says whether it holds, whether it is released, and against which limit.
 */
import {
  type Device,
  type DomainModel,
  type FieldInfo,
  fieldsOf,
  HaechiError,
  messageOf,
  STAGES,
  type Stage,
  type Value,
} from '@haechi/core';
import { type ASTNode, Environment, type ParseResult } from '@marcbachmann/cel-js';
import type { RuleDefinition } from './schema.ts';

/** What a rule sees of a device at one moment. */
export interface RuleContext {
  /** The fields' values by name, and `device`. */
  variables: Record<string, unknown>;
  /** Time since the device was last heard. */
  silenceMs: number;
  intervalMs: number;
}

export interface Rung {
  stage: Stage;
  holds(context: RuleContext): boolean;
  released(context: RuleContext): boolean;
  limit(context: RuleContext): number | null;
}

export interface CompiledRule {
  id: string;
  domain: string;
  kinds: ReadonlySet<string>;
  /** The field shown with the alert. */
  field: string | null;
  /** Every field the conditions name; all must be known before the rule is looked at. */
  inputs: readonly string[];
  /** It is about silence, so a timer drives it and any reading ends it. */
  absence: boolean;
  /** For an absence rule: the silence allowed, in the device's own intervals. */
  absentIntervals: number;
  forMs: number;
  clearForMs: number;
  /** Which side of its limits is the bad one; `none` where the condition is more than a limit. */
  direction: 'rising' | 'falling' | 'none';
  rungs: readonly Rung[];
}

/** What conditions know as `device`. */
export function deviceVariables(device: Device): Record<string, unknown> {
  return { ...device.attributes, id: device.id, kind: device.kind, district: device.district };
}

const celType: Record<FieldInfo['type'], string> = { number: 'double', choice: 'string', text: 'string', flag: 'bool' };

/** @throws HaechiError RULE_INVALID naming rule and reason. */
export function compileRules(model: DomainModel, definitions: readonly RuleDefinition[]): CompiledRule[] {
  const compiler = new Compiler(model);
  return definitions.map((definition) => compiler.compile(definition));
}

class Compiler {
  readonly #model: DomainModel;
  readonly #fields: Map<string, FieldInfo>;
  readonly #environment: Environment;

  constructor(model: DomainModel) {
    this.#model = model;
    this.#fields = new Map(fieldsOf(model).map((field) => [field.name, field]));
    this.#environment = new Environment().registerVariable('device', 'map');
    for (const { name, type } of this.#fields.values()) this.#environment.registerVariable(name, celType[type]);
    // CEL keeps int and double apart; a rule's author who writes `2 * x` means the number.
    const numeric: [string, (a: number, b: number) => number][] = [
      ['+', (a, b) => a + b],
      ['-', (a, b) => a - b],
      ['*', (a, b) => a * b],
      ['/', (a, b) => a / b],
    ];
    for (const [operator, apply] of numeric) {
      this.#environment.registerOperator(`double ${operator} int`, (a: number, b: bigint) => apply(a, Number(b)));
      this.#environment.registerOperator(`int ${operator} double`, (a: bigint, b: number) => apply(Number(a), b));
    }
  }

  compile(definition: RuleDefinition): CompiledRule {
    const { id, kinds } = definition;
    for (const kind of kinds) {
      if (!this.#model.kinds[kind]) throw this.#invalid(id, 'kinds', `${this.#model.id} has no kind ${kind}`);
    }
    if (definition.field !== undefined && !this.#fields.has(definition.field)) {
      throw this.#invalid(id, 'field', `${this.#model.id} has no field ${definition.field}`);
    }
    const base = {
      id,
      domain: this.#model.id,
      kinds: new Set(kinds),
      field: definition.field ?? null,
      absence: 'absent' in definition,
      absentIntervals: 'absent' in definition ? definition.absent.intervals : 0,
      forMs: definition.for,
      clearForMs: definition.clearFor,
      direction: 'ladder' in definition ? definition.ladder.direction : ('none' as const),
    };
    if ('absent' in definition) return { ...base, inputs: [], rungs: [absenceRung(definition)] };
    const inputs = new Set<string>();
    const rungs = 'ladder' in definition ? this.#ladder(definition, inputs) : [this.#condition(definition, inputs)];
    return { ...base, inputs: [...inputs], rungs };
  }

  #condition(definition: Extract<RuleDefinition, { when: unknown }>, inputs: Set<string>): Rung {
    const { id } = definition;
    const when = this.#expression(id, 'when', definition.when, 'bool', inputs);
    const clear =
      definition.clear === undefined ? undefined : this.#expression(id, 'clear', definition.clear, 'bool', inputs);
    const limit =
      definition.limit === undefined ? undefined : this.#expression(id, 'limit', definition.limit, 'double', inputs);
    const holds = ({ variables }: RuleContext) => when(variables) === true;
    return {
      stage: definition.stage,
      holds,
      released: (context) => (clear ? clear(context.variables) === true : !holds(context)),
      limit: ({ variables }) => (limit ? asNumber(limit(variables)) : null),
    };
  }

  #ladder(definition: Extract<RuleDefinition, { ladder: unknown }>, inputs: Set<string>): Rung[] {
    const { id, field, ladder } = definition;
    if (this.#fields.get(field)?.type !== 'number') throw this.#invalid(id, 'field', 'a ladder stands on a number');
    inputs.add(field);
    const side = ladder.direction === 'rising' ? 1 : -1;
    const rungs = STAGES.flatMap((stage) => {
      const text = ladder.limits[stage];
      if (text === undefined) return [];
      const expression = this.#expression(id, `ladder.limits.${stage}`, text, 'double', inputs);
      const limit = ({ variables }: RuleContext) => asNumber(expression(variables));
      const above = (context: RuleContext) => {
        const value = context.variables[field];
        const held = limit(context);
        return typeof value === 'number' && held !== null ? side * (value - held) : Number.NaN;
      };
      return {
        stage,
        limit,
        holds: (context: RuleContext) => above(context) >= 0,
        released: (context: RuleContext) => above(context) < -ladder.deadband,
      };
    });
    if (rungs.length === 0) throw this.#invalid(id, 'ladder.limits', 'no stage has a limit');
    return rungs;
  }

  /** Parsed and type-checked; the fields it names are added to `inputs`. */
  #expression(rule: string, part: string, text: string, type: 'bool' | 'double', inputs: Set<string>) {
    let parsed: ParseResult;
    try {
      parsed = this.#environment.parse(text);
    } catch (cause) {
      throw this.#invalid(rule, part, firstLine(messageOf(cause)));
    }
    const checked = parsed.check();
    if (!checked.valid) throw this.#invalid(rule, part, firstLine(checked.error?.message ?? 'invalid'));
    const result = checked.type ?? 'dyn';
    if (result !== 'dyn' && result !== type && !(type === 'double' && result === 'int')) {
      throw this.#invalid(rule, part, `gives ${result}, ${type} is needed`);
    }
    for (const name of identifiers(parsed.ast)) if (this.#fields.has(name)) inputs.add(name);
    return parsed as (variables: Record<string, unknown>) => unknown;
  }

  #invalid(rule: string, part: string, reason: string): HaechiError {
    return new HaechiError('RULE_INVALID', `domains/${this.#model.id}/rules.yaml: rule ${rule}, ${part}: ${reason}`);
  }
}

function absenceRung(definition: Extract<RuleDefinition, { absent: unknown }>): Rung {
  const allowedMs = ({ intervalMs }: RuleContext) => intervalMs * definition.absent.intervals;
  return {
    stage: definition.stage,
    holds: (context) => context.silenceMs >= allowedMs(context),
    released: (context) => context.silenceMs < allowedMs(context),
    limit: (context) => allowedMs(context) / 1000,
  };
}

/** Every name in an expression, wherever it stands. */
function identifiers(node: ASTNode): string[] {
  if (node.op === 'id') return [String(node.args)];
  const parts: unknown[] = Array.isArray(node.args) ? node.args.flat(2) : [node.args];
  return parts.flatMap((part) => (isNode(part) ? identifiers(part) : []));
}

function isNode(part: unknown): part is ASTNode {
  return typeof part === 'object' && part !== null && 'op' in part;
}

function asNumber(value: unknown): number | null {
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}

/** The value an alert shows for a rule, as the context has it. */
export function shownValue(rule: CompiledRule, context: RuleContext): Value | null {
  if (rule.absence) return Math.round(context.silenceMs / 1000);
  const value = rule.field === null ? undefined : context.variables[rule.field];
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? value : null;
}
