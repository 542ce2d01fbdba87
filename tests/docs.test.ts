/** The documents tell what is there. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ENVIRONMENT, settingsSchema } from '@haechi/core';
import { loadDomains } from '@haechi/domains';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { asyncApi } from '../platform/asyncapi.ts';
import { VERSION } from '../platform/version.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8');

it('lists every setting', () => {
  const text = read('docs/settings.md');
  for (const name of Object.keys(settingsSchema.shape)) expect(text).toContain(`| \`${name}\` |`);
  for (const variable of Object.values(ENVIRONMENT)) expect(text).toContain(`\`${variable}\``);
});

it('lists every error code', () => {
  const codes = [...read('core/errors.ts').matchAll(/^ {2}\| '(\w+)'/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(10);
  for (const code of codes) expect(read('docs/errors.md')).toContain(`| \`${code}\` |`);
});

it('has a word on every dependency', () => {
  const text = read('docs/dependencies.md');
  for (const manifest of globSync(['package.json', '*/package.json'], { cwd: ROOT })) {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(read(manifest)) as Record<
      string,
      Record<string, string>
    >;
    for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
      if (!name.startsWith('@types/') && !name.startsWith('@haechi/')) expect(text, manifest).toContain(`\`${name}\``);
    }
  }
});

it('describes MQTT and WebSocket as the schemas have them (npm run docs writes it anew)', async () => {
  const built: unknown = JSON.parse(JSON.stringify(asyncApi(await loadDomains(), VERSION)));
  expect(parse(read('docs/asyncapi.yaml'))).toEqual(built);
});

it('links only to what is there', () => {
  const pages = globSync(['*.md', 'docs/**/*.md', '*/README.md', 'domains/*/README.md', 'dashboard/web/README.md'], {
    cwd: ROOT,
  });
  expect(pages.length).toBeGreaterThan(10);
  for (const page of pages) {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (!target.includes('://'))
        expect(existsSync(join(ROOT, dirname(page), target)), `${page}: ${target}`).toBe(true);
    }
  }
});
