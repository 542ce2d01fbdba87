import { afterAll, beforeAll, describe } from 'vitest';
import { Influxd, influxdInstalled } from '../../tests/support/influxd-process.ts';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { InfluxStore } from './influx-store.ts';
import { contractModels, telemetryStoreContract } from './telemetry-store.contract.ts';

describe.skipIf(!influxdInstalled)('with a server of our own', () => {
  let influxd: Influxd;
  let count = 0;
  beforeAll(async () => {
    influxd = await Influxd.start();
  });
  afterAll(() => influxd.remove());

  telemetryStoreContract('InfluxDB 1.6', async () => {
    const settings = { url: influxd.url, token: '', org: '', bucket: `contract_${++count}`, folder: tempFolder() };
    await influxd.run(`CREATE DATABASE ${settings.bucket}`);
    return () => InfluxStore.open(settings, contractModels);
  });
});

/** Any other InfluxDB, of version 2 or 3 say: its bucket must exist, and keeps what the tests write. */
const { INFLUX_URL: url, INFLUX_TOKEN: token = '', INFLUX_ORG: org = 'haechi', INFLUX_BUCKET: bucket } = process.env;
if (url && bucket) {
  telemetryStoreContract(`InfluxDB at ${url}`, async () => {
    const settings = { url, token, org, bucket, folder: tempFolder() };
    return () => InfluxStore.open(settings, contractModels);
  });
}
