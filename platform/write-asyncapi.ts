/** `npm run docs`: writes docs/asyncapi.yaml anew from the schemas. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadDomains } from '@haechi/domains';
import { stringify } from 'yaml';
import { asyncApi } from './asyncapi.ts';
import { VERSION } from './version.ts';

const path = join(import.meta.dirname, '../docs/asyncapi.yaml');
writeFileSync(
  path,
  stringify(asyncApi(await loadDomains(), VERSION), { aliasDuplicateObjects: false, lineWidth: 140 }),
);
