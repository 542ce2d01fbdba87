import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const MODULE = 'virtual:domain-icons';
const iconFolder = join(createRequire(import.meta.url).resolve('@tabler/icons-react'), '../../esm/icons');

function componentName(icon: string): string {
  return `Icon${icon.replace(/(^|-)([a-z0-9])/g, (_, __, letter: string) => letter.toUpperCase())}`;
}

/** The icons that the models under `domains` name: a new folder brings its icon along, and the other 6,000 stay out. */
function iconsIn(domains: string): string[] {
  const icons = new Set<string>();
  for (const entry of readdirSync(domains, { withFileTypes: true })) {
    const model = join(domains, entry.name, 'model.ts');
    if (!entry.isDirectory() || !existsSync(model)) continue;
    const icon = /^\s*icon: '([a-z0-9-]+)'/m.exec(readFileSync(model, 'utf8'))?.[1];
    if (icon && existsSync(join(iconFolder, `${componentName(icon)}.mjs`))) icons.add(icon);
  }
  return [...icons];
}

export function domainIcons(domains: string): Plugin {
  return {
    name: 'haechi-domain-icons',
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : null),
    load(id) {
      if (id !== `\0${MODULE}`) return null;
      const icons = iconsIn(domains);
      const names = icons.map(componentName);
      const entries = icons.map((icon, index) => `${JSON.stringify(icon)}: ${names[index]}`);
      const from = icons.length > 0 ? `import { ${names.join(', ')} } from '@tabler/icons-react';\n` : '';
      return `${from}export const icons = { ${entries.join(', ')} };\n`;
    },
  };
}
