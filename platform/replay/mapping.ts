/** What the columns of a recording mean: which devices were there, and which of their fields each column holds. */
import { readFileSync } from 'node:fs';
import { HaechiError, messageOf } from '@haechi/core';
import { parseDocument } from 'yaml';
import * as z from 'zod';
import { formatProblem } from './time-format.ts';

const value = z.union([z.number(), z.string(), z.boolean()]);

const fieldSchema = z.strictObject({
  column: z.string(),
  /** The field is `column × scale + add`, rounded: 0.3048 turns feet into metres. */
  scale: z.number().optional(),
  add: z.number().optional(),
  decimals: z.number().int().min(0).max(10).optional(),
  /** What the column's words mean; one that is not listed is set aside. */
  words: z.record(z.string(), value).optional(),
  /** The column's text as it is. */
  text: z.boolean().default(false),
});

const deviceSchema = z.strictObject({
  id: z.string(),
  domain: z.string(),
  kind: z.string(),
  district: z.string(),
  name: z.string(),
  latitude: z.number().optional(),
  longitude: z.number().optional(),
  intervalS: z.number().positive(),
  attributes: z.record(z.string(), z.unknown()).default({}),
  fields: z.record(z.string(), fieldSchema),
  /** A device for each value of this column; `{}` in id and name is that value. */
  each: z.string().optional(),
});

const mappingSchema = z.strictObject({
  city: z.strictObject({ name: z.strictObject({ en: z.string(), ko: z.string() }), timeZone: z.string() }),
  time: z.strictObject({
    column: z.string(),
    /** `rfc3339`, or a pattern of YYYY, YY, MM, DD, HH, mm and ss. */
    format: z
      .string()
      .default('rfc3339')
      .superRefine((format, context) => {
        const problem = formatProblem(format);
        if (problem) context.addIssue(problem);
      }),
    /** Offset of times written without one. */
    offset: z
      .string()
      .regex(/^[+-]\d{2}:\d{2}$/, 'an offset is +09:00')
      .default('+00:00'),
  }),
  /** Values that mean that there is none. */
  missing: z.array(z.string()).default(['']),
  devices: z.array(deviceSchema).min(1).max(1000),
});

export type Mapping = z.output<typeof mappingSchema>;
export type MappedDevice = z.output<typeof deviceSchema>;
export type MappedField = z.output<typeof fieldSchema>;

/** @throws HaechiError MAPPING_INVALID naming file, entry and reason. */
export function readMapping(file: string): Mapping {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new HaechiError('MAPPING_INVALID', `${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
  const document = parseDocument(text);
  const [syntax] = document.errors;
  if (syntax) throw new HaechiError('MAPPING_INVALID', `${file}: ${syntax.message.split('\n')[0]}`);
  const parsed = mappingSchema.safeParse(document.toJS());
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new HaechiError('MAPPING_INVALID', `${file}: ${issue?.path.join('.') || 'file'}: ${issue?.message}`);
}
