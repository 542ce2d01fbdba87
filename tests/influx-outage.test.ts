/**
 * A platform whose InfluxDB is killed under it, and that is killed itself, with devices publishing all the while: they are
 * acknowledged, alerts are raised, and in the end every reading is in InfluxDB once. `npm run torture` does it for longer.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AlertResource, PlatformResource } from '../dashboard/server/contract.ts';
import { eventually } from './support/eventually.ts';
import { Influxd, influxdInstalled } from './support/influxd-process.ts';
import { type StartedPlatform, startPlatform } from './support/platform.ts';
import { ReportingGauges } from './support/reporting-gauges.ts';
import { tempFolder } from './support/temp-folder.ts';
import { TORTURE } from './support/torture.ts';

const OUTAGE_S = TORTURE ? 30 : 4;
const KILLS = TORTURE ? 10 : 2;
/** Some 300 readings a second together. */
const GAUGES = { count: 12, pauseMs: 35 };

async function start() {
  const influxd = await Influxd.start();
  onTestFinished(() => influxd.remove());
  await influxd.run('CREATE DATABASE city');
  const data = tempFolder();
  const env = {
    HAECHI_LOG_LEVEL: 'error',
    HAECHI_STORE: 'influxdb',
    INFLUX_URL: influxd.url,
    INFLUX_BUCKET: 'city',
  };
  let platform = await startPlatform(data, { env });
  onTestFinished(async () => void (await platform.end('SIGKILL')));
  const ports = ['--http-port', new URL(platform.url).port, '--mqtt-port', String(platform.mqttPort)];
  const gauges = await ReportingGauges.connect(platform, GAUGES);
  gauges.start();
  return {
    influxd,
    gauges,
    get platform() {
      return platform;
    },
    async killPlatform() {
      await platform.end('SIGKILL');
      platform = await startPlatform(data, { env, args: ports });
    },
    /** Each point that is in InfluxDB, whatever the platform says of it. */
    async points(): Promise<number> {
      const [row] = await influxd.run('SELECT count("level") FROM "flood"', 'city');
      return Number(row?.[1]);
    },
  };
}

/** Devices are acknowledged, alerts come, and the operator is told what is wrong. */
async function expectWorkWithoutInflux(platform: StartedPlatform, gauges: ReportingGauges): Promise<void> {
  const since = Date.now();
  const before = gauges.acknowledged;
  await eventually(() => gauges.acknowledged > before + 100);
  await eventually(async () => {
    const { items } = await platform.api.get<{ items: AlertResource[] }>('/alerts?state=all&limit=1');
    expect(items[0]).toMatchObject({ rule: 'river-stage' });
    expect(items[0]?.raisedAt).toBeGreaterThan(since);
  });
  await eventually(async () => {
    const { troubles, ledger } = await platform.api.get<PlatformResource>('/platform');
    expect(troubles).toEqual([expect.stringMatching(/^the telemetry store .*InfluxDB at http:\S+ does not answer/)]);
    expect(ledger.pending).toBeGreaterThan(0);
  });
}

describe.skipIf(!influxdInstalled)('a platform on InfluxDB', () => {
  it(`goes on while it is away for ${OUTAGE_S} s, and when it is killed meanwhile`, { timeout: 180_000 }, async () => {
    const city = await start();
    const { influxd, gauges } = city;
    await eventually(async () => (await city.points()) > 100);
    await influxd.stop('SIGKILL');
    const back = performance.now() + OUTAGE_S * 1000;
    await expectWorkWithoutInflux(city.platform, gauges);
    await city.killPlatform();
    await expectWorkWithoutInflux(city.platform, gauges);
    await sleep(Math.max(0, back - performance.now()));
    await influxd.startAgain();
    await eventually(async () => (await city.platform.api.get<PlatformResource>('/platform')).troubles.length === 0, {
      timeoutMs: 60_000,
    });
    await gauges.stop();

    const ledger = await gauges.expectAllThere(city.platform);
    expect(ledger).toMatchObject({ stored: gauges.acknowledged, deadLettered: 0, expired: 0 });
    expect(await city.points()).toBe(gauges.acknowledged);
  });

  it(`killed ${KILLS} times, under its writes too, counts each message once`, { timeout: 180_000 }, async () => {
    const city = await start();
    for (let kill = 0; kill < KILLS; kill++) {
      await sleep(500 + Math.random() * 1500);
      await city.killPlatform();
    }
    await city.gauges.stop();
    const ledger = await city.gauges.expectAllThere(city.platform);
    expect(ledger).toMatchObject({ stored: city.gauges.acknowledged, deadLettered: 0, expired: 0 });
    expect(await city.points()).toBe(city.gauges.acknowledged);
  });
});
