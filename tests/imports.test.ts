/** The design's table of who may import whom (docs/architecture.md). */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  domains: ['core'],
  storage: ['core'],
  broker: ['core'],
  ingest: ['core', 'domains', 'storage'],
  services: ['core', 'domains', 'storage'],
  simulators: ['core', 'domains'],
  dashboard: ['core', 'domains', 'services'],
  platform: ['core', 'domains', 'storage', 'broker', 'ingest', 'services', 'simulators', 'dashboard'],
};

const IMPORT = /(?:^|\n)\s*(?:import|export)\b[^;'"]*?(?:from\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name === 'dist' ? [] : sources(path);
    return /\.tsx?$/.test(entry.name) && !/\.(test|contract)\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

/** Our folder that an import leads into; `undefined` for a package from elsewhere. */
function folderOf(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('@haechi/')) return specifier.split('/')[1];
  if (!specifier.startsWith('.')) return undefined;
  return relative(ROOT, resolve(file, '..', specifier)).split('/')[0];
}

function forbidden(file: string, text: string): string[] {
  const own = relative(ROOT, file).split('/')[0] ?? '';
  return [...text.matchAll(IMPORT)].flatMap(([, from, dynamic]) => {
    const folder = folderOf(file, from ?? dynamic ?? '');
    if (folder === undefined || folder === own || MAY_IMPORT[own]?.includes(folder)) return [];
    return [`${relative(ROOT, file)} imports ${folder}`];
  });
}

it('no import runs against the table', () => {
  const files = Object.keys(MAY_IMPORT).flatMap((folder) => sources(join(ROOT, folder)));
  expect(files.length).toBeGreaterThan(80);
  expect(files.flatMap((file) => forbidden(file, readFileSync(file, 'utf8')))).toEqual([]);
});

it('would see one that does', () => {
  const inCore = join(ROOT, 'core/reading.ts');
  expect(forbidden(inCore, "import { openState } from '@haechi/storage';")).toHaveLength(1);
  expect(forbidden(inCore, "export * from '../ingest/index.ts';")).toHaveLength(1);
  expect(forbidden(join(ROOT, 'broker/broker.ts'), "const x = await import('@haechi/ingest');")).toHaveLength(1);
  expect(forbidden(join(ROOT, 'services/index.ts'), "import {\n  a,\n} from '@haechi/dashboard';")).toHaveLength(1);
  expect(forbidden(join(ROOT, 'ingest/index.ts'), "import type { A } from '@haechi/storage';")).toEqual([]);
});
