/** River gauges that publish at QoS 1, each reading once the one before is acknowledged, whatever happens to the platform. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import { expect } from 'vitest';
import type {
  AlertResource,
  HistoryResource,
  LedgerResource,
  PlatformResource,
} from '../../dashboard/server/contract.ts';
import { eventually } from './eventually.ts';
import type { StartedPlatform } from './platform.ts';

const LOW = 0.5;
const HIGH = 2.5;
/** Readings of one side before the level crosses over: every crossing upwards is one alert. */
const RUN_LENGTH = 7;

export interface Sent {
  ts: number;
  level: number;
}

const gauge = (index: number) => ({
  id: `gauge-${index}`,
  domain: 'flood',
  kind: 'river-gauge',
  district: 'riverside',
  name: `Gauge ${index}`,
  latitude: 37.5,
  longitude: 127,
  intervalS: 5,
  attributes: { attentionM: 1, cautionM: 2, alertM: 3, seriousM: 4 },
});

export interface GaugeOptions {
  count: number;
  /** Between two readings of one gauge. */
  pauseMs?: number;
  /** The devices' own clock. */
  now?: () => number;
  /** Bytes added to every payload. */
  padding?: number;
}

export class ReportingGauges {
  /** What each gauge was told had arrived. */
  readonly sent = new Map<string, Sent[]>();
  readonly #options: Required<GaugeOptions>;
  readonly #clients = new Map<string, MqttClient>();
  readonly #stop = new AbortController();
  #reporting: Promise<void>[] = [];

  private constructor(options: GaugeOptions) {
    this.#options = { pauseMs: 10, now: Date.now, padding: 0, ...options };
  }

  /** Registers the gauges and connects them; they reconnect to the same port for as long as it takes. */
  static async connect(platform: StartedPlatform, options: GaugeOptions): Promise<ReportingGauges> {
    const gauges = new ReportingGauges(options);
    const devices = Array.from({ length: options.count }, (_, index) => gauge(index));
    const made = await platform.api.change<{ items: { id: string; secret: string }[] }>('POST', '/devices', {
      devices,
    });
    for (const { id, secret } of made.items) {
      const login = { clientId: id, username: id, password: secret, protocolVersion: 4 as const };
      const client = await connectAsync(`mqtt://127.0.0.1:${platform.mqttPort}`, { ...login, reconnectPeriod: 100 });
      client.on('error', () => undefined); // the platform is being hurt
      gauges.#clients.set(id, client);
      gauges.sent.set(id, []);
    }
    return gauges;
  }

  get acknowledged(): number {
    return [...this.sent.values()].reduce((sum, readings) => sum + readings.length, 0);
  }

  start(): void {
    this.#reporting = [...this.#clients.keys()].map((id) => this.#report(id));
  }

  /** Resolves once every reading on its way is acknowledged; no more come. */
  async pause(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#reporting);
  }

  async stop(): Promise<void> {
    await this.pause();
    await Promise.all([...this.#clients.values()].map((client) => client.endAsync()));
  }

  /** Publishes again all that was acknowledged, in its order. */
  async resend(): Promise<void> {
    await Promise.all(
      [...this.sent].map(async ([id, readings]) => {
        for (const [index, reading] of readings.entries()) await this.#publish(id, index, reading);
      }),
    );
  }

  async #report(id: string): Promise<void> {
    const { pauseMs, now } = this.#options;
    let ts = 0;
    for (let index = 0; !this.#stop.signal.aborted; index++) {
      // No two readings share a time, so each is a point of its own.
      ts = Math.max(now(), ts + 1);
      // No two share a value either, so that one stored under another's time is seen.
      const level = (Math.floor(index / RUN_LENGTH) % 2 === 0 ? LOW : HIGH) + (index % 400) / 1000;
      await this.#publish(id, index, { ts, level });
      this.sent.get(id)?.push({ ts, level });
      await sleep(pauseMs);
    }
  }

  async #publish(id: string, seq: number, { ts, level }: Sent): Promise<void> {
    const payload = `${JSON.stringify({ ts, seq, values: { level } })}${' '.repeat(this.#options.padding)}`;
    await this.#clients.get(id)?.publishAsync(`city/riverside/flood/${id}/telemetry`, payload, { qos: 1 });
  }

  /** Every acknowledged reading is there exactly once, every alert that should exist exists once, and the ledger balances. */
  async expectAllThere(platform: StartedPlatform, { sameClock = true } = {}): Promise<LedgerResource> {
    const ledger = await settledLedger(platform);
    for (const [id, readings] of this.sent) {
      expect(await storedOf(platform, id, readings), id).toEqual(readings);
      const raisedAt = readings.flatMap(({ ts: at, level }, index) =>
        level >= HIGH && (readings[index - 1]?.level ?? LOW) < HIGH ? [at] : [],
      );
      const raised = await alertsOf(platform, id);
      expect(raised, id).toHaveLength(raisedAt.length);
      // An alert's times are the platform's, where a device's clock is ahead of it.
      if (sameClock) expect(raised, id).toEqual(raisedAt);
    }
    return ledger;
  }
}

/** The ledger once the platform has handled everything: it must balance, with nothing on its way. */
export async function settledLedger(platform: StartedPlatform): Promise<LedgerResource> {
  await eventually(
    async () => {
      const { journal, ledger, troubles } = await platform.api.get<PlatformResource>('/platform');
      expect(troubles).toEqual([]);
      expect(Object.values(journal.cursors)).toEqual([journal.head, journal.head]);
      expect(ledger.pending).toBe(0);
    },
    { timeoutMs: 60_000 },
  );
  const { ledger } = await platform.api.get<PlatformResource>('/platform');
  const { accepted, stored, duplicate, deadLettered, expired, unaccounted } = ledger;
  expect(unaccounted).toBe(0);
  expect(stored + duplicate + deadLettered + expired).toBe(accepted);
  return ledger;
}

const PAGE = 3000;

/** As the history tells it, piece by piece, so that nothing is aggregated. */
async function storedOf(platform: StartedPlatform, id: string, readings: readonly Sent[]): Promise<Sent[]> {
  const stored: Sent[] = [];
  for (let start = 0; start < readings.length; start += PAGE) {
    const from = readings[start]?.ts ?? 0;
    const to = readings[start + PAGE]?.ts ?? (readings.at(-1)?.ts ?? 0) + 1;
    const path = `/devices/${id}/history?fields=level&from=${from}&to=${to}&points=4000`;
    const { intervalMs, ts, fields } = await platform.api.get<HistoryResource>(path);
    expect(intervalMs).toBe(0);
    for (const [row, at] of ts.entries()) {
      const level = fields['level']?.mean?.[row];
      if (typeof level === 'number') stored.push({ ts: at, level });
    }
  }
  return stored;
}

/** When the stage alerts of a device were raised, oldest first. */
async function alertsOf(platform: StartedPlatform, device: string): Promise<number[]> {
  const raisedAt: number[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const path: string = `/alerts?state=all&device=${device}&limit=500${cursor ? `&cursor=${cursor}` : ''}`;
    const page: { items: AlertResource[]; next: string | null } = await platform.api.get(path);
    raisedAt.push(...page.items.filter(({ rule }) => rule === 'river-stage').map((alert) => alert.raisedAt));
    cursor = page.next;
  }
  return raisedAt.reverse();
}
