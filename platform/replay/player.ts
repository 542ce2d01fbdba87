/** Plays a recording: moves the clock to each moment and publishes its readings over MQTT, each as its own device. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Device, formatTopic, type VirtualClock } from '@haechi/core';
import { connectAsync, type MqttClient } from 'mqtt';
import type { RecordedMoment } from './recording.ts';

const CLOCK_STEP_MS = 100;

export interface PlayerOptions {
  brokerUrl: string;
  devices: readonly Device[];
  secrets: ReadonlyMap<string, string>;
  clock: VirtualClock;
  /** Seconds of the recording in a real second; `undefined` is as fast as it goes. */
  speed: number | undefined;
  signal: AbortSignal;
}

export async function play(moments: readonly RecordedMoment[], options: PlayerOptions): Promise<void> {
  const { devices, clock, signal } = options;
  const topics = new Map(devices.map((device) => [device.id, topicOf(device)]));
  const clients = new Map<string, MqttClient>();
  try {
    for (const { id } of devices) clients.set(id, await connect(options, id));
    const pace = startPace(moments[0]?.ts ?? 0, options);
    // What is not acknowledged when the platform is closed will never be.
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    for (const [index, { ts, readings }] of moments.entries()) {
      await pace(ts, clock);
      if (signal.aborted) return;
      clock.advanceTo(ts);
      // The clock stands until every reading of this moment is acknowledged, so each arrives when it was measured.
      const acknowledged = Promise.all(
        readings.map(({ device, values }) =>
          clients
            .get(device)
            ?.publishAsync(topics.get(device) ?? '', JSON.stringify({ ts, seq: index, values }), { qos: 1 }),
        ),
      );
      await Promise.race([acknowledged, aborted]);
    }
  } finally {
    await Promise.all([...clients.values()].map((client) => client.endAsync(true)));
  }
}

function topicOf({ district, domain, id }: Device): string {
  return formatTopic({ district, domain, device: id, channel: 'telemetry' });
}

function connect({ brokerUrl, secrets }: PlayerOptions, id: string): Promise<MqttClient> {
  return connectAsync(brokerUrl, {
    clientId: id,
    username: id,
    password: secrets.get(id) ?? '',
    protocolVersion: 4,
    keepalive: 0,
    reconnectPeriod: 0,
  });
}

/** Waits until the recording's time has come, and lets the clock run on the way there. */
function startPace(firstTs: number, { speed, signal }: PlayerOptions) {
  const startedAt = performance.now();
  return async (ts: number, clock: VirtualClock): Promise<void> => {
    if (speed === undefined) return;
    for (;;) {
      const reached = firstTs + (performance.now() - startedAt) * speed;
      if (reached >= ts || signal.aborted) return;
      clock.advanceTo(reached);
      await sleep(Math.min(CLOCK_STEP_MS, (ts - reached) / speed), undefined, { signal }).catch(() => undefined); // aborted: seen above
    }
  };
}
