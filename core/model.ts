/**
 * How a city system describes itself. Everything generic (storage columns, validation, charts,
 * tables, the API) is derived from this; nothing outside a domain's folder names a field.
 */
import * as z from 'zod';
import { HaechiError } from './errors.ts';
import { NAME_PATTERN } from './topic.ts';

interface NumberOptions {
  /** As shown: `W`, `°C`, `mg/L`; empty for a bare number. */
  unit: string;
  min: number;
  max: number;
  /** Digits shown after the point. */
  decimals?: number;
  /** It only ever grows (energy, odometer): sums and differences make sense, means do not. */
  counter?: boolean;
}

/** A finite number between `min` and `max`, in `unit`. What lies outside is set aside, not stored. */
export function number(options: NumberOptions) {
  const { unit, min, max, decimals = 1, counter = false } = options;
  return z.number().min(min).max(max).meta({ unit, decimals, counter });
}

/** One of a few words. */
export function choice<const T extends readonly [string, ...string[]]>(choices: T) {
  return z.enum(choices);
}

export function flag() {
  return z.boolean();
}

export function text(maxLength = 64) {
  return z.string().max(maxLength);
}

export interface FieldInfo {
  name: string;
  type: 'number' | 'choice' | 'flag' | 'text';
  unit: string;
  min: number | null;
  max: number | null;
  decimals: number;
  counter: boolean;
  choices: string[] | null;
}

export const SYMBOLS = ['dot', 'square', 'bar', 'gate', 'arrow'] as const;

/** A field holds one of these values, or a number above this one. */
export interface ActiveWhen<Field extends string = string> {
  field: Field;
  is?: readonly (string | boolean)[];
  above?: number;
}

/** One kind of device in a system: a light and a cabinet, a rain gauge and an underpass. */
export interface KindDefinition<Field extends string = string> {
  /** The fields such a device reports, the one that says most first. */
  fields: readonly Field[];
  /**
   * How the map draws it. An arrow is where its fields `latitude` and `longitude` say and points along `heading`;
   * everything else is where the registry says.
   */
  symbol: (typeof SYMBOLS)[number];
  /** The number that fills the symbol: a lamp's brightness, a gauge's height. */
  level?: Field;
  /** When the symbol is at work: a lamp that burns, a gate that is shut, a vehicle that moves. */
  active?: ActiveWhen<Field>;
  /** How often it reports where the registry does not say, in seconds. */
  intervalS: number;
  /** What the registry must know of such a device (rated power, stage limits). */
  attributes: z.ZodObject;
}

export interface DomainModel {
  id: string;
  /** A Tabler icon's name, for the rail. */
  icon: string;
  /** Place in the rail; lower first. */
  order: number;
  telemetry: z.ZodObject;
  kinds: Record<string, KindDefinition>;
}

interface DomainDefinition<Shape extends z.ZodRawShape> {
  id: string;
  icon: string;
  order: number;
  telemetry: Shape;
  kinds: Record<string, KindDefinition<Extract<keyof Shape, string>>>;
}

export function defineDomain<Shape extends z.ZodRawShape>(definition: DomainDefinition<Shape>): DomainModel {
  if (!NAME_PATTERN.test(definition.id)) throw new HaechiError('DOMAIN_INVALID', `domain id ${definition.id}`);
  for (const [kind, { fields, level, active }] of Object.entries(definition.kinds)) {
    for (const field of [...fields, ...(level ? [level] : []), ...(active ? [active.field] : [])]) {
      if (!(field in definition.telemetry)) {
        throw new HaechiError('DOMAIN_INVALID', `${definition.id}: kind ${kind} names an unknown field ${field}`);
      }
    }
  }
  return { ...definition, telemetry: z.object(definition.telemetry).partial().strict() };
}

function unwrap(schema: unknown): z.ZodType {
  return schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : (schema as z.ZodType);
}

/** The fields of a model in the order it gives them. */
export function fieldsOf(model: DomainModel): FieldInfo[] {
  return Object.entries(model.telemetry.shape).map(([name, raw]) => fieldInfo(model, name, unwrap(raw)));
}

function fieldInfo(model: DomainModel, name: string, schema: z.ZodType): FieldInfo {
  const plain = { name, unit: '', min: null, max: null, decimals: 0, counter: false, choices: null };
  if (schema instanceof z.ZodNumber) {
    const meta = schema.meta() as { unit?: string; decimals?: number; counter?: boolean } | undefined;
    if (meta?.unit === undefined) throw new HaechiError('DOMAIN_INVALID', `${model.id}: field ${name} has no unit`);
    return {
      ...plain,
      type: 'number',
      unit: meta.unit,
      min: schema.minValue,
      max: schema.maxValue,
      decimals: meta.decimals ?? 1,
      counter: meta.counter ?? false,
    };
  }
  if (schema instanceof z.ZodEnum) return { ...plain, type: 'choice', choices: schema.options.map(String) };
  if (schema instanceof z.ZodBoolean) return { ...plain, type: 'flag' };
  if (schema instanceof z.ZodString) return { ...plain, type: 'text' };
  throw new HaechiError('DOMAIN_INVALID', `${model.id}: field ${name} is neither number, choice, flag nor text`);
}

const ruleText = z.strictObject({
  title: z.string().min(1),
  /** `{device}`, `{value}`, `{limit}` are filled in. */
  message: z.string().min(1),
  /** What to do next, for whoever is on duty. */
  advice: z.string().min(1),
});

/** What a domain says in one language. */
export const localeSchema = z.strictObject({
  name: z.string().min(1),
  kinds: z.record(z.string(), z.string().min(1)),
  fields: z.record(z.string(), z.string().min(1)),
  choices: z.record(z.string(), z.record(z.string(), z.string().min(1))),
  rules: z.record(z.string(), ruleText),
});
export type DomainLocale = z.output<typeof localeSchema>;

export const LANGUAGES = ['en', 'ko'] as const;
export type Language = (typeof LANGUAGES)[number];
export type InLanguages = Record<Language, string>;
