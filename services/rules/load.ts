import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { DomainModel } from '@haechi/core';
import { type CompiledRule, compileRules } from './compile.ts';
import { parseRules } from './schema.ts';

/**
 * The rules a system ships with, ready to run; none where it has no file.
 * @throws HaechiError RULE_INVALID
 */
export function loadRules(model: DomainModel, file: string): CompiledRule[] {
  if (!existsSync(file)) return [];
  return compileRules(model, parseRules(readFileSync(file, 'utf8'), relative(process.cwd(), file)));
}
