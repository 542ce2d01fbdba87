import type { Reading } from '@haechi/core';
import type { Tally, TelemetryStore } from './telemetry-store.ts';

export const NO_TALLY: Tally = { accepted: 0, stored: 0, duplicate: 0, deadLettered: 0, expired: 0 };

/** Appends what is read up to a group, where nothing else matters. */
export function append(store: TelemetryStore, readings: readonly Reading[], group: number): Promise<void> {
  return store.append(readings, { group, tally: NO_TALLY }, []);
}

export async function groupOf(store: TelemetryStore): Promise<number> {
  return (await store.position()).group;
}
