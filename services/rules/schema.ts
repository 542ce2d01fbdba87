/**
 * A rule file, `domains/<system>/rules.yaml`: a list of rules under `rules:`.
 *
 * Three forms, told apart by what they hold:
 *   when      a CEL condition of one stage, with a clear condition of its own
 *   ladder    one field held against a limit for each stage, with a deadband
 *   absent    the device, or one field of it, has fallen silent
 *
 * In CEL the fields of the domain's model stand by their names and the registry's entry as `device`
 * (`device.attributes` are lifted: `device.ratedPower`). A condition is looked at when a reading holds one of
 * its fields and every field it names is known; the others keep their last value.
 */
import { HaechiError, NAME_PATTERN, STAGES } from '@haechi/core';
import { parseDocument } from 'yaml';
import * as z from 'zod';

const units: Record<string, number> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION_MAX_MS = 31 * 86_400_000;

/** `90s`, `15min`, `4h`, `2d`; gives milliseconds. */
export const duration = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|min|h|d)$/, 'a duration is a number and ms, s, min, h or d: 90s, 15min')
  .transform((text) => {
    const [, amount, unit] = /^([\d.]+)([a-z]+)$/.exec(text) ?? [];
    return Math.round(Number(amount) * (units[unit ?? ''] ?? Number.NaN));
  })
  .refine((ms) => ms <= DURATION_MAX_MS, 'at most 31d');

/** A CEL expression; a bare number is one too. */
const expression = z.union([
  z.string().min(1).max(1000),
  z.number().transform((n) => (Number.isInteger(n) ? `${n}.0` : `${n}`)),
]);
const stage = z.enum(STAGES);

const base = {
  id: z.string().regex(NAME_PATTERN),
  /** Kinds of device it applies to. */
  kinds: z.array(z.string()).min(1),
  /** The field whose value the alert shows. */
  field: z.string().optional(),
  /** Where the limit comes from: a standard's clause, a regulation, the city's own choice. */
  source: z.string().min(3),
  /** How long it must hold before the alert is raised, and be clear before it is cleared. */
  for: duration.prefault('0s'),
  clearFor: duration.prefault('0s'),
};

const whenRule = z.strictObject({
  ...base,
  stage,
  when: expression,
  /** Where it is absent the alert clears when `when` no longer holds. */
  clear: expression.optional(),
  /** The limit shown beside the value. */
  limit: expression.optional(),
});

const ladderRule = z.strictObject({
  ...base,
  field: z.string(),
  ladder: z.strictObject({
    /** `rising`: at or above the limit. `falling`: at or below. */
    direction: z.enum(['rising', 'falling']).default('rising'),
    /** How far back inside the limit the value must come before the stage is left, in the field's unit. */
    deadband: z.number().min(0),
    limits: z.partialRecord(stage, expression),
  }),
});

const absentRule = z.strictObject({
  ...base,
  stage,
  absent: z.strictObject({
    /** Silence allowed, in the device's own reporting intervals. */
    intervals: z.number().min(1).max(1000),
  }),
});

export const ruleSchema = z.union([whenRule, ladderRule, absentRule]);
export type RuleDefinition = z.output<typeof ruleSchema>;

/** @throws HaechiError RULE_INVALID with file, line and reason. */
export function parseRules(text: string, file: string): RuleDefinition[] {
  const document = parseDocument(text);
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length;
  const [syntax] = document.errors;
  if (syntax)
    throw new HaechiError('RULE_INVALID', `${file}:${lineAt(syntax.pos[0])}: ${syntax.message.split('\n')[0]}`);

  const root: unknown = document.toJS();
  const list = z.strictObject({ rules: z.array(z.unknown()) }).safeParse(root);
  if (!list.success) throw new HaechiError('RULE_INVALID', `${file}:1: the file holds one list, under rules:`);
  const seen = new Set<string>();
  return list.data.rules.map((raw, index) => {
    const node = document.getIn(['rules', index], true) as { range?: [number, number, number] } | undefined;
    const where = `${file}:${lineAt(node?.range?.[0] ?? 0)}`;
    const form = formOf(raw);
    const result = form.safeParse(raw);
    if (!result.success) {
      const [issue] = result.error.issues;
      throw new HaechiError(
        'RULE_INVALID',
        `${where}: rule ${index + 1}, ${issue?.path.join('.') || 'form'}: ${issue?.message}`,
      );
    }
    if (seen.has(result.data.id)) throw new HaechiError('RULE_INVALID', `${where}: a second rule ${result.data.id}`);
    seen.add(result.data.id);
    return result.data;
  });
}

function formOf(raw: unknown): typeof whenRule | typeof ladderRule | typeof absentRule {
  if (typeof raw === 'object' && raw !== null && 'ladder' in raw) return ladderRule;
  if (typeof raw === 'object' && raw !== null && 'absent' in raw) return absentRule;
  return whenRule;
}
