import { localStorageColorSchemeManager, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import type { Scheme } from './palette.ts';

/** The same key that `first-paint.js` reads. */
export const schemeManager = localStorageColorSchemeManager({ key: 'haechi-theme' });

export function useScheme(): { scheme: Scheme; toggle: () => void } {
  const scheme = useComputedColorScheme('dark', { getInitialValueInEffect: false });
  const { setColorScheme } = useMantineColorScheme();
  return { scheme, toggle: () => setColorScheme(scheme === 'dark' ? 'light' : 'dark') };
}
