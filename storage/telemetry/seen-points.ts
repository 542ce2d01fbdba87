/** Which readings a store has already: cheap for those newer than anything of their device, looked up for all others. */
import type { Reading, Values } from '@haechi/core';

/** What a query would show at the points of these readings, by `pointKey`; a point that is not there is left out. */
export type LookUp = (readings: readonly Reading[]) => Promise<Map<string, Values>>;

export const pointKey = ({ device, ts }: Pick<Reading, 'device' | 'ts'>) => `${ts} ${device}`;

/**
 * Time of the newest stored reading of each of these devices, or one after it; a device without any is left out, and may be
 * where it has none at `since` or later.
 */
export type NewestOf = (domain: string, devices: readonly string[], since: number) => Promise<Map<string, number>>;

export class SeenPoints {
  /** Nothing stored is newer, by system and device. */
  readonly #newest = new Map<string, Map<string, number>>();
  readonly #newestOf: NewestOf | undefined;

  /** @param newestOf is asked about a device when it first sends; without it, all that is stored has been noted. */
  constructor(newestOf?: NewestOf) {
    this.#newestOf = newestOf;
  }

  /** The reading is stored; whether it is newer than all that is known of its device. */
  note({ domain, device, ts }: Pick<Reading, 'domain' | 'device' | 'ts'>): boolean {
    const newest = partOf(this.#newest, domain);
    const before = newest.get(device);
    if (before === undefined && this.#newestOf) return false; // what is stored besides is not known yet
    if (before !== undefined && before >= ts) return false;
    newest.set(device, ts);
    return true;
  }

  /** Of these readings, in their order, those that would change what a query shows. */
  async unseen(readings: readonly Reading[], lookUp: LookUp): Promise<Reading[]> {
    await this.#learn(readings);
    const doubtful = this.#doubtful(readings);
    if (doubtful.size === 0) return [...readings];
    const shown = new Map<string, Map<string, Values>>();
    for (const [domain, some] of Map.groupBy(doubtful, (reading) => reading.domain))
      shown.set(domain, await lookUp(some));
    // Two in the list may hold one point: what the first of them adds counts for the second.
    const devices = new Set([...doubtful].map(({ device }) => device));
    return readings.filter(
      (reading) => !devices.has(reading.device) || changes(partOf(shown, reading.domain), reading),
    );
  }

  async #learn(readings: readonly Reading[]): Promise<void> {
    if (!this.#newestOf) return;
    const unknown = new Map<string, Set<string>>();
    let since = Number.POSITIVE_INFINITY;
    for (const { domain, device, ts } of readings) {
      if (partOf(this.#newest, domain).has(device)) continue;
      since = Math.min(since, ts);
      const devices = unknown.get(domain);
      if (devices) devices.add(device);
      else unknown.set(domain, new Set([device]));
    }
    for (const [domain, devices] of unknown) {
      const stored = await this.#newestOf(domain, [...devices], since);
      const newest = partOf(this.#newest, domain);
      for (const device of devices) newest.set(device, stored.get(device) ?? since - 1);
    }
  }

  #doubtful(readings: readonly Reading[]): Set<Reading> {
    const doubtful = new Set<Reading>();
    const newestHere = new Map<string, Map<string, number>>();
    for (const reading of readings) {
      const { domain, device, ts } = reading;
      const here = partOf(newestHere, domain);
      const newest = here.get(device) ?? partOf(this.#newest, domain).get(device);
      if (newest !== undefined && ts <= newest) doubtful.add(reading);
      else here.set(device, ts);
    }
    return doubtful;
  }
}

/** Whether the reading changes what is shown at its point; if so, it is shown from now on. */
function changes(shown: Map<string, Values>, reading: Reading): boolean {
  const key = pointKey(reading);
  const before = shown.get(key);
  if (before && Object.entries(reading.values).every(([field, value]) => before[field] === value)) return false;
  shown.set(key, { ...before, ...reading.values });
  return true;
}

function partOf<T>(byDomain: Map<string, Map<string, T>>, domain: string): Map<string, T> {
  let found = byDomain.get(domain);
  if (!found) {
    found = new Map();
    byDomain.set(domain, found);
  }
  return found;
}
