/** Finds every city system: each folder beside this file that holds a model.ts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type DomainLocale, type DomainModel, HaechiError, LANGUAGES, type Language, localeSchema } from '@haechi/core';

export interface Domain {
  id: string;
  folder: string;
  model: DomainModel;
  locales: Record<Language, DomainLocale>;
  rulesFile: string;
}

const here = import.meta.dirname;

/** @throws HaechiError DOMAIN_INVALID, naming the folder. */
export async function loadDomains(): Promise<Domain[]> {
  const names = readdirSync(here, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(here, entry.name, 'model.ts')))
    .map((entry) => entry.name);
  const domains = await Promise.all(names.map(loadDomain));
  return domains.sort((a, b) => a.model.order - b.model.order || a.id.localeCompare(b.id));
}

async function loadDomain(name: string): Promise<Domain> {
  const folder = join(here, name);
  const module = (await import(pathToFileURL(join(folder, 'model.ts')).href)) as { model?: DomainModel };
  if (module.model?.id !== name) {
    throw new HaechiError('DOMAIN_INVALID', `domains/${name}/model.ts must export a model whose id is ${name}`);
  }
  const locales = Object.fromEntries(LANGUAGES.map((language) => [language, loadLocale(folder, name, language)]));
  return {
    id: name,
    folder,
    model: module.model,
    locales: locales as Record<Language, DomainLocale>,
    rulesFile: join(folder, 'rules.yaml'),
  };
}

function loadLocale(folder: string, name: string, language: Language): DomainLocale {
  const parsed = localeSchema.safeParse(JSON.parse(readFileSync(join(folder, 'locales', `${language}.json`), 'utf8')));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new HaechiError(
    'DOMAIN_INVALID',
    `domains/${name}/locales/${language}.json: ${issue?.path.join('.')}: ${issue?.message}`,
  );
}
