/**
 * Runs the demo city against a broker. One timer paces everything: connections are opened at a bounded rate,
 * readings are spread over their intervals, and a device that the scenario cuts off loses its socket.
 */
import type { Device, Log } from '@haechi/core';
import type { DemoCity } from './demo-city.ts';
import { offsetMs } from './readings.ts';
import { type SimulatedCity, simulateCity } from './simulated-city.ts';
import { type DeviceCounters, SimulatedDevice } from './simulated-device.ts';

const TICK_MS = 50;
const CONNECTIONS_A_SECOND = 200;
/** Readings no closer than this, however fast the world runs. */
const INTERVAL_MIN_MS = 100;
const STOP_GRACE_MS = 2000;
const TROUBLE_EVERY_MS = 10_000;

export interface SimulationOptions {
  demoCity: DemoCity;
  /** `mqtt://host:port`, or `mqtts://`. */
  brokerUrl: string;
  /** Secrets by device id; without them the devices come without a name. */
  credentials: ReadonlyMap<string, string> | undefined;
  /** How much faster than real time the world runs and devices report; 1 is real. */
  speed: number;
  /** The world's time at the start, epoch milliseconds. */
  startMs: number;
  seed: number;
  log: Log;
  signal?: AbortSignal;
}

export interface SimulationStats extends DeviceCounters {
  devices: number;
  worldMs: number;
}

export interface Simulation {
  stop(): Promise<void>;
  stats(): SimulationStats;
}

interface Post {
  device: Device;
  client: SimulatedDevice;
  intervalMs: number;
  isOwed: boolean;
}

export async function runSimulation(options: SimulationOptions): Promise<Simulation> {
  const { demoCity, startMs, seed, signal } = options;
  const run = new Run(options, await simulateCity(demoCity, startMs, seed));
  run.start();
  signal?.addEventListener('abort', () => void run.stop(), { once: true });
  return run;
}

class Run implements Simulation {
  readonly #options: SimulationOptions;
  readonly #city: SimulatedCity;
  readonly #counters: DeviceCounters = {
    connected: 0,
    published: 0,
    acknowledged: 0,
    refused: 0,
    errors: 0,
    skipped: 0,
  };
  readonly #startedAt = performance.now();
  /** Who is due in which tick. */
  readonly #due = new Map<number, Post[]>();
  readonly #toConnect: Post[] = [];
  #tick = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;
  #troubles = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(options: SimulationOptions, city: SimulatedCity) {
    this.#options = options;
    this.#city = city;
  }

  start(): void {
    const { demoCity, speed } = this.#options;
    for (const [index, device] of demoCity.devices.entries()) {
      const post = this.#post(device);
      this.#toConnect.push(post);
      this.#schedule(post, Math.ceil(offsetMs(index, device.intervalS) / speed / TICK_MS));
    }
    this.#timer = setInterval(() => this.#advance(), TICK_MS);
  }

  stats(): SimulationStats {
    const worldMs = this.#options.startMs + this.#elapsedMs();
    return { ...this.#counters, devices: this.#options.demoCity.devices.length, worldMs };
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#toConnect.length = 0;
    const posts = [...this.#due.values()].flat();
    this.#due.clear();
    await Promise.all(posts.map(({ client }) => client.stop(STOP_GRACE_MS)));
  }

  #post(device: Device): Post {
    const { brokerUrl, credentials, speed } = this.#options;
    const post: Post = {
      device,
      intervalMs: Math.max(INTERVAL_MIN_MS, (device.intervalS * 1000) / speed),
      isOwed: false,
      client: new SimulatedDevice({
        device,
        brokerUrl,
        secret: credentials?.get(device.id),
        counters: this.#counters,
        onTrouble: (id, reason) => this.#trouble(id, reason),
        onConnected: () => {
          // Its turn came before its connection: it reports at once rather than an interval late.
          if (post.isOwed) this.#report(post);
        },
      }),
    };
    return post;
  }

  /** Catches up on every tick that real time has passed; a busy machine delays readings, it does not drop them. */
  #advance(): void {
    const now = Math.floor((performance.now() - this.#startedAt) / TICK_MS);
    const connections = Math.ceil((CONNECTIONS_A_SECOND * TICK_MS) / 1000);
    for (const { client } of this.#toConnect.splice(0, connections)) client.connect();
    for (; this.#tick <= now; this.#tick++) {
      const posts = this.#due.get(this.#tick);
      if (!posts) continue;
      this.#due.delete(this.#tick);
      for (const post of posts) {
        this.#schedule(post, this.#tick + Math.max(1, Math.round(post.intervalMs / TICK_MS)));
        this.#report(post);
      }
    }
  }

  #report(post: Post): void {
    const values = this.#city.read(post.device, this.#elapsedMs());
    if (!values) {
      post.isOwed = false;
      post.client.cutOff();
      return;
    }
    if (!post.client.isStarted) {
      // Still waiting for its first connection, or back after it was cut off.
      if (!this.#toConnect.includes(post)) this.#toConnect.push(post);
      post.isOwed = true;
      return;
    }
    post.isOwed = !post.client.send(Date.now(), values);
  }

  #schedule(post: Post, tick: number): void {
    const at = Math.max(tick, this.#tick);
    const posts = this.#due.get(at);
    if (posts) posts.push(post);
    else this.#due.set(at, [post]);
  }

  #elapsedMs(): number {
    return Math.floor((performance.now() - this.#startedAt) * this.#options.speed);
  }

  /** A thousand devices refused is one line of log. */
  #trouble(device: string, reason: string): void {
    this.#troubles++;
    const now = performance.now();
    if (now - this.#toldAt < TROUBLE_EVERY_MS) return;
    this.#toldAt = now;
    const { brokerUrl, log } = this.#options;
    log.warn({ device, reason, count: this.#troubles, brokerUrl }, 'simulation: connections in trouble');
    this.#troubles = 0;
  }
}
