/** One device as the broker sees it: an MQTT 3.1.1 client of its own, with a last will and one message in flight. */
import { type Device, formatTopic, type Values } from '@haechi/core';
import mqtt, { type MqttClient } from 'mqtt';

const ONLINE = JSON.stringify({ state: 'online' });
const OFFLINE = JSON.stringify({ state: 'offline' });
const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 60_000;
const KEEPALIVE_S = 60;

export interface DeviceCounters {
  connected: number;
  published: number;
  acknowledged: number;
  /** Connections the broker would not have: wrong credentials, not allowed. */
  refused: number;
  errors: number;
  /** Readings not taken because the one before was still unacknowledged, or there was no connection. */
  skipped: number;
}

export interface SimulatedDeviceOptions {
  device: Device;
  brokerUrl: string;
  secret: string | undefined;
  counters: DeviceCounters;
  /** Told of a refusal or an error, by its reason. */
  onTrouble: (device: string, reason: string) => void;
  onConnected: () => void;
}

export class SimulatedDevice {
  readonly #options: SimulatedDeviceOptions;
  readonly #topic: (channel: 'telemetry' | 'status') => string;
  #client: MqttClient | undefined;
  #isConnected = false;
  #isInFlight = false;
  #seq = 0;

  constructor(options: SimulatedDeviceOptions) {
    this.#options = options;
    const { district, domain, id } = options.device;
    this.#topic = (channel) => formatTopic({ district, domain, device: id, channel });
  }

  get isStarted(): boolean {
    return this.#client !== undefined;
  }

  connect(): void {
    const { device, brokerUrl, secret } = this.#options;
    const client = mqtt.connect(brokerUrl, {
      protocolVersion: 4,
      clientId: device.id,
      ...(secret === undefined ? {} : { username: device.id, password: secret }),
      keepalive: KEEPALIVE_S,
      reconnectPeriod: jittered(RETRY_FIRST_MS),
      reconnectOnConnackError: true,
      connectTimeout: 20_000,
      resubscribe: false,
      will: { topic: this.#topic('status'), payload: Buffer.from(OFFLINE), qos: 1, retain: true },
    });
    this.#client = client;
    client.on('connect', () => this.#onConnect(client));
    client.on('close', () => this.#onClose(client));
    client.on('error', (error) => this.#onError(error));
  }

  /** Sends a reading; gives false where the one before is still on its way or there is no connection. */
  send(ts: number, values: Values): boolean {
    const { counters } = this.#options;
    if (!this.#client || !this.#isConnected || this.#isInFlight) {
      counters.skipped++;
      return false;
    }
    this.#isInFlight = true;
    counters.published++;
    const payload = JSON.stringify({ ts, seq: ++this.#seq, values });
    this.#client.publish(this.#topic('telemetry'), payload, { qos: 1 }, (error) => {
      this.#isInFlight = false;
      if (!error) counters.acknowledged++;
    });
    return true;
  }

  /** Its supply or its radio fails: the socket breaks with no farewell, so the broker publishes the will. */
  cutOff(): void {
    const client = this.#client;
    this.#client = undefined;
    this.#forget();
    client?.end(true);
  }

  /** Says it goes, then goes; a connection that does not answer within `graceMs` is broken off. */
  async stop(graceMs: number): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (!client) return;
    if (this.#isConnected) {
      const farewell = client.publishAsync(this.#topic('status'), OFFLINE, { qos: 1, retain: true });
      const gone = farewell.then(() => client.endAsync()).catch(() => undefined);
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
    }
    this.#forget();
    client.end(true);
  }

  #onConnect(client: MqttClient): void {
    if (client !== this.#client) return;
    this.#isConnected = true;
    this.#options.counters.connected++;
    client.options.reconnectPeriod = jittered(RETRY_FIRST_MS);
    client.publish(this.#topic('status'), ONLINE, { qos: 1, retain: true });
    this.#options.onConnected();
  }

  #onClose(client: MqttClient): void {
    if (client !== this.#client) return;
    this.#forget();
    // The library waits `reconnectPeriod` before each try; doubling it here makes it a backoff.
    client.options.reconnectPeriod = jittered(Math.min(RETRY_MAX_MS, (client.options.reconnectPeriod ?? 0) * 2));
  }

  #onError(error: Error): void {
    const { counters, device, onTrouble } = this.#options;
    // CONNACK return codes 1 to 5 [MQTT 3.1.1, table 3.1] are the broker's refusals; the rest are the network's.
    const code = 'code' in error ? error.code : undefined;
    if (typeof code === 'number' && code >= 1 && code <= 5) counters.refused++;
    else counters.errors++;
    onTrouble(device.id, error.message || String(code));
  }

  #forget(): void {
    if (this.#isConnected) this.#options.counters.connected--;
    this.#isConnected = false;
    this.#isInFlight = false;
  }
}

/** Half to one and a half times: a thousand devices must not come back in the same instant. */
function jittered(ms: number): number {
  return Math.round(ms * (0.5 + Math.random()));
}
