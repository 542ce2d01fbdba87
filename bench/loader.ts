/**
 * The load, in a process of its own: plain sockets and ready-made packets, so that the loader costs as little as it can.
 * Started with its task as the first message. Tells when its measuring begins, and at the end what it measured.
 */
import type { Socket } from 'node:net';
import { PublishTemplate } from './publish-template.ts';
import { signIn } from './sign-in.ts';

export interface LoadTask {
  port: number;
  connections: { id: string; secret: string; topic: string }[];
  qos: 0 | 1;
  /** Publishes of one connection that wait for their acknowledgement. */
  inflight: number;
  warmUpMs: number;
  measureMs: number;
  /** Publishes a second over all connections; as many as go where it is absent. */
  rate?: number;
}

export interface LoadResult {
  /** Acknowledged a second; at QoS 0 those that the system took from the loader. */
  perSecond: number;
  /** From publish to PUBACK, milliseconds; `null` at QoS 0. */
  p50Ms: number | null;
  p99Ms: number | null;
  /** Processor time of the loader for one message, microseconds. */
  loaderUs: number;
}

const PUBACK_SIZE = 4;
const PACE_MS = 5;
/** Bytes waiting in a socket before a QoS 0 sender holds back, and what it sends at a time. */
const BACKLOG_MAX = 65_536;
const QOS_0_BATCH = 200;
/** Latencies kept, spread evenly; a long run would fill the memory with them. */
const LATENCIES_MAX = 1_000_000;

const latencies = new Float64Array(LATENCIES_MAX);
let latencyCount = 0;

class Connection {
  readonly #socket: Socket;
  readonly #task: LoadTask;
  readonly #template: PublishTemplate;
  readonly #sentAt = new Float64Array(65_536);
  #inflight = 0;
  #partial: Buffer = Buffer.alloc(0);
  acknowledged = 0;
  sent = 0;

  private constructor(socket: Socket, task: LoadTask, topic: string) {
    this.#socket = socket;
    this.#task = task;
    this.#template = new PublishTemplate(topic, task.qos, Date.now());
    socket.on('data', (data) => this.#take(data));
  }

  static async open(task: LoadTask, index: number): Promise<Connection> {
    const entry = task.connections[index];
    if (!entry) throw new Error('no such connection');
    return new Connection(await signIn(task.port, entry), task, entry.topic);
  }

  /** Sends until `count` are gone or the window is full. */
  send(count: number): number {
    const { qos, inflight } = this.#task;
    const batch = qos === 0 ? count : Math.min(count, inflight - this.#inflight);
    if (batch <= 0) return 0;
    const now = performance.now();
    const bytes = Buffer.allocUnsafe(batch * this.#template.size);
    for (let index = 0; index < batch; index++) {
      const messageId = (this.sent++ % 65_535) + 1;
      this.#sentAt[messageId] = now;
      this.#template.writeNext(bytes, index * this.#template.size, messageId);
    }
    if (qos === 1) this.#inflight += batch;
    this.#socket.write(bytes);
    return batch;
  }

  get backlogged(): boolean {
    return this.#socket.writableLength > BACKLOG_MAX;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(data: Buffer): void {
    const bytes = this.#partial.length > 0 ? Buffer.concat([this.#partial, data]) : data;
    const whole = bytes.length - (bytes.length % PUBACK_SIZE);
    const now = performance.now();
    for (let at = 0; at < whole; at += PUBACK_SIZE) {
      const sentAt = this.#sentAt[bytes.readUInt16BE(at + 2)] ?? now;
      latencies[latencyCount++ % LATENCIES_MAX] = now - sentAt;
    }
    this.acknowledged += whole / PUBACK_SIZE;
    this.#inflight -= whole / PUBACK_SIZE;
    this.#partial = bytes.subarray(whole);
    if (this.#task.rate === undefined) this.send(this.#task.inflight);
  }
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function load(task: LoadTask): Promise<LoadResult> {
  const connections: Connection[] = [];
  for (const index of task.connections.keys()) connections.push(await Connection.open(task, index));
  const pacer = setInterval(() => pace(task, connections), PACE_MS);
  if (task.rate === undefined && task.qos === 1) for (const connection of connections) connection.send(task.inflight);
  await wait(task.warmUpMs);
  process.send?.({ measuring: true });
  latencyCount = 0;
  const count = () => connections.reduce((sum, c) => sum + (task.qos === 1 ? c.acknowledged : c.sent), 0);
  const before = count();
  const cpu = process.cpuUsage();
  const from = performance.now();
  await wait(task.measureMs);
  const messages = count() - before;
  const seconds = (performance.now() - from) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  clearInterval(pacer);
  for (const connection of connections) connection.close();
  const sorted = latencies.slice(0, Math.min(latencyCount, LATENCIES_MAX)).sort();
  const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? null;
  return { perSecond: messages / seconds, p50Ms: at(0.5), p99Ms: at(0.99), loaderUs: (user + system) / messages };
}

let owed = 0;
function pace(task: LoadTask, connections: Connection[]): void {
  if (task.rate !== undefined) {
    owed += (task.rate * PACE_MS) / 1000;
    const each = Math.floor(owed / connections.length);
    for (const connection of connections) owed -= connection.send(each);
    // What a slow system could not take is not made up for later.
    owed = Math.min(owed, task.rate / 10);
  } else if (task.qos === 0) {
    for (const connection of connections) if (!connection.backlogged) connection.send(QOS_0_BATCH);
  }
}

process.once('message', (task: LoadTask) => {
  load(task).then(
    (result) => process.send?.(result, () => process.exit()),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
