/**
 * Random and mutated payloads (fast-check) from a device, at QoS 1, against a whole platform: it neither falls over nor grows,
 * and every one of them is accounted for. Twenty thousand here; `npm run torture` sends a million.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { connectAsync } from 'mqtt';
import { expect, it } from 'vitest';
import { startPlatform } from './support/platform.ts';
import { settledLedger } from './support/reporting-gauges.ts';
import { tempFolder } from './support/temp-folder.ts';
import { TORTURE } from './support/torture.ts';

const PAYLOADS = TORTURE ? 1_000_000 : 20_000;
const BATCH = 1000;
/** What a platform may grow by over the second half, MiB: caches and what the allocators keep, no leak of payloads. */
const GROWTH_MAX_MIB = 200;

const whole = (ts: number) => JSON.stringify({ ts, seq: 1, values: { level: 1.25, rain: 0, batteryVoltage: 3.6 } });

/** A good payload with some of its bytes changed, dropped or doubled. */
const mutated = fc
  .tuple(
    fc.constantFrom(
      whole(1_790_000_000_000),
      `[${whole(1_790_000_000_001)},${whole(1_790_000_000_002)}]`,
      '{"level":1}',
    ),
    fc.array(fc.tuple(fc.nat(300), fc.nat(255), fc.constantFrom('change', 'drop', 'double')), { maxLength: 6 }),
  )
  .map(([text, changes]) => {
    let bytes = [...Buffer.from(text)];
    for (const [where, byte, what] of changes) {
      const at = where % bytes.length;
      if (what === 'change') bytes[at] = byte;
      else if (what === 'drop') bytes = bytes.toSpliced(at, 1);
      else bytes = bytes.toSpliced(at, 0, ...bytes.slice(at, at + 20));
    }
    return Buffer.from(bytes);
  });
const payloads = fc.oneof(
  { weight: 5, arbitrary: mutated },
  { weight: 2, arbitrary: fc.json({ maxDepth: 3 }).map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
);

it(`takes ${PAYLOADS} random and mutated payloads without a crash or a leak`, { timeout: 1_200_000 }, async () => {
  const platform = await startPlatform(tempFolder(), { env: { HAECHI_LOG_LEVEL: 'error' } });
  const device = {
    ...{ id: 'gauge-1', domain: 'flood', kind: 'river-gauge', district: 'riverside', name: 'Gauge 1' },
    ...{
      latitude: 37.5,
      longitude: 127,
      intervalS: 5,
      attributes: { attentionM: 1, cautionM: 2, alertM: 3, seriousM: 4 },
    },
  };
  const made = await platform.api.change<{ items: { id: string; secret: string }[] }>('POST', '/devices', {
    devices: [device],
  });
  const secret = made.items[0]?.secret ?? '';
  const login = { clientId: 'gauge-1', username: 'gauge-1', password: secret, protocolVersion: 4 as const };
  const client = await connectAsync(`mqtt://127.0.0.1:${platform.mqttPort}`, login);
  const sizeMiB = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${platform.process.pid}/status`, 'utf8'))?.[1]) / 1024;

  let warm = 0;
  for (let sent = 0; sent < PAYLOADS; sent += BATCH) {
    const batch = fc.sample(payloads, { numRuns: BATCH, seed: sent + 1 });
    await Promise.all(
      batch.map((payload) => client.publishAsync('city/riverside/flood/gauge-1/telemetry', payload, { qos: 1 })),
    );
    if (sent === PAYLOADS / 2) {
      await settledLedger(platform);
      warm = sizeMiB();
    }
  }
  await client.endAsync();
  const ledger = await settledLedger(platform);
  expect(ledger.accepted).toBe(PAYLOADS);
  expect(Math.min(ledger.stored, ledger.duplicate, ledger.deadLettered)).toBeGreaterThan(PAYLOADS / 500);
  expect(sizeMiB() - warm).toBeLessThan(GROWTH_MAX_MIB);
  expect(await platform.end()).toBe(0);
});
