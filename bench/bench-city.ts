/** A whole platform in a process of its own, with 10,000 street lights, as the benchmarks load it. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlatformResource } from '../dashboard/server/contract.ts';
import { startPlatform } from '../tests/support/platform.ts';
import { residentSize } from './cpu-time.ts';

const DEVICES = 10_000;
const CATCH_UP_MS_MAX = 120_000;

export interface Entry {
  id: string;
  secret: string;
  topic: string;
}

export class BenchCity {
  readonly #platform: Awaited<ReturnType<typeof startPlatform>>;
  readonly entries: readonly Entry[];
  #taken = 0;

  private constructor(platform: Awaited<ReturnType<typeof startPlatform>>, entries: readonly Entry[]) {
    this.#platform = platform;
    this.entries = entries;
  }

  static async start(folder: string, env: NodeJS.ProcessEnv = {}): Promise<BenchCity> {
    const platform = await startPlatform(join(folder, 'data'), { env: { HAECHI_LOG_LEVEL: 'error', ...env } });
    const devices = Array.from({ length: DEVICES }, (_, index) => ({
      ...{ id: `light-${index}`, domain: 'street-light', kind: 'light', district: 'centre', name: `Light ${index}` },
      ...{ latitude: 37.5, longitude: 127, intervalS: 30, attributes: { ratedPowerW: 100 } },
    }));
    const made = await platform.api.change<{ items: { id: string; secret: string }[] }>('POST', '/devices', {
      devices,
    });
    const topic = (id: string) => `city/centre/street-light/${id}/telemetry`;
    return new BenchCity(
      platform,
      made.items.map(({ id, secret }) => ({ id, secret, topic: topic(id) })),
    );
  }

  get pid(): number {
    return this.#platform.process.pid ?? 0;
  }

  get port(): number {
    return this.#platform.mqttPort;
  }

  /** Megabytes in memory now. */
  get residentMb(): number {
    return residentSize(this.pid) / 1e6;
  }

  /** Devices that have said nothing yet: a second load from the same ones would begin before the first one's end. */
  nextEntries(count: number): Entry[] {
    const entries = this.entries.slice(this.#taken, this.#taken + count);
    this.#taken += count;
    return entries;
  }

  status(): Promise<PlatformResource> {
    return this.#platform.api.get<PlatformResource>('/platform');
  }

  /** Until both readers have all that was accepted. */
  async caughtUp(): Promise<PlatformResource> {
    const deadline = performance.now() + CATCH_UP_MS_MAX;
    for (;;) {
      const status = await this.status();
      if (groupsBehind(status) === 0 && status.ledger.pending === 0) return status;
      if (performance.now() > deadline) throw new Error(`still ${status.ledger.pending} messages behind`);
      await sleep(50);
    }
  }

  async end(): Promise<void> {
    await this.#platform.end();
  }
}

export function groupsBehind({ journal }: PlatformResource): number {
  return journal.head - Math.min(...Object.values(journal.cursors));
}
