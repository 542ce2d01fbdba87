import { HaechiError, type Reading } from '@haechi/core';

export interface RefusedReading {
  reading: Reading;
  /** In the store's own words. */
  reason: string;
}

/**
 * The store will never take these readings, however often it is asked; all others of the same `append` up to the last of them are
 * written, and the cursor has not moved. Whoever called sets them aside and appends the rest again, which changes nothing that is
 * there. One call names a bounded number, so a batch may take several.
 */
export class ReadingsRefusedError extends HaechiError {
  readonly refused: readonly RefusedReading[];

  constructor(store: string, refused: readonly RefusedReading[], total: number) {
    const [first] = refused;
    const where = first ? `${first.reading.domain} ${first.reading.device} at ${first.reading.ts}` : '';
    super('STORE_REFUSED', `${store} refuses ${refused.length} of ${total} readings; ${where}: ${first?.reason}`);
    this.name = 'ReadingsRefusedError';
    this.refused = refused;
  }
}
