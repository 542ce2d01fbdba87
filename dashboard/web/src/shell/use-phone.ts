import { useMediaQuery } from '@mantine/hooks';

/** Below Mantine's `sm`: one column, lists before maps, things to press within reach of a thumb. */
export function usePhone(): boolean {
  return useMediaQuery('(max-width: 48em)', undefined, { getInitialValueInEffect: false });
}
