/**
 * The load, in a process of its own: plain sockets and ready-made packets, so that the loader costs as little as it can.
 * Started with its task as the first message; answers with what it measured.
 */
import { connect, type Socket } from 'node:net';

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
  perSecond: number;
  acknowledged: number;
  /** From publish to PUBACK, milliseconds. */
  p50Ms: number;
  p99Ms: number;
  /** Processor time of the loader for one message, microseconds. */
  loaderUs: number;
}

const PUBACK_SIZE = 4;
const PACE_MS = 5;
/** Bytes waiting in a socket before a QoS 0 sender holds back. */
const BACKLOG_MAX = 65_536;

/** Six values, about 150 bytes. */
function payload(ts: number, seq: number): string {
  return `{"ts":${ts},"seq":${seq},"values":{"activePower":${80 + (seq % 100) / 10},"dimmingLevel":80,"voltage":221.4,"current":0.412,"powerFactor":0.95,"lampTemperature":41.5}}`;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function packet(type: number, body: Buffer): Buffer {
  const head = [type];
  for (let rest = body.length; ; ) {
    const digit = rest & 0x7f;
    rest >>= 7;
    head.push(rest > 0 ? digit | 0x80 : digit);
    if (rest === 0) break;
  }
  return Buffer.concat([Buffer.from(head), body]);
}

class Connection {
  readonly #socket: Socket;
  readonly #task: LoadTask;
  readonly #topic: Buffer;
  readonly #sentAt = new Float64Array(65_536);
  readonly #latencies: number[];
  readonly #startTs = Date.now();
  #seq = 0;
  #inflight = 0;
  #partial: Buffer = Buffer.alloc(0);
  acknowledged = 0;
  sent = 0;

  private constructor(socket: Socket, task: LoadTask, topic: string, latencies: number[]) {
    this.#socket = socket;
    this.#task = task;
    this.#topic = text(topic);
    this.#latencies = latencies;
    socket.on('data', (data) => this.#take(data));
  }

  static async open(task: LoadTask, index: number, latencies: number[]): Promise<Connection> {
    const entry = task.connections[index];
    if (!entry) throw new Error('no such connection');
    const socket = connect({ port: task.port, host: '127.0.0.1', noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('connect', () => resolve());
    });
    const head = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0xc2, 0, 0]);
    socket.write(packet(0x10, Buffer.concat([head, text(entry.id), text(entry.id), text(entry.secret)])));
    const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    if (answer[0] !== 0x20 || answer[3] !== 0) throw new Error(`connection refused with ${answer[3]}`);
    return new Connection(socket, task, entry.topic, latencies);
  }

  /** Sends until `count` are gone or the window is full. */
  send(count: number): number {
    const { qos, inflight } = this.#task;
    const parts: Buffer[] = [];
    while (parts.length < count && (qos === 0 || this.#inflight < inflight)) {
      const seq = this.#seq++;
      const body = [this.#topic];
      if (qos === 1) {
        const id = (seq % 65_535) + 1;
        this.#sentAt[id] = performance.now();
        body.push(Buffer.from([id >> 8, id & 0xff]));
        this.#inflight++;
      }
      body.push(Buffer.from(payload(this.#startTs + seq, seq)));
      parts.push(packet(qos === 1 ? 0x32 : 0x30, Buffer.concat(body)));
    }
    if (parts.length > 0) this.#socket.write(Buffer.concat(parts));
    this.sent += parts.length;
    return parts.length;
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
      this.#latencies.push(now - (this.#sentAt[bytes.readUInt16BE(at + 2)] ?? now));
      this.#inflight--;
      this.acknowledged++;
    }
    this.#partial = bytes.subarray(whole);
    if (this.#task.rate === undefined) this.send(this.#task.inflight);
  }
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function load(task: LoadTask): Promise<LoadResult> {
  const latencies: number[] = [];
  const connections: Connection[] = [];
  for (const index of task.connections.keys()) connections.push(await Connection.open(task, index, latencies));
  const pacer = setInterval(() => pace(task, connections), PACE_MS);
  if (task.rate === undefined && task.qos === 1) for (const connection of connections) connection.send(task.inflight);
  await wait(task.warmUpMs);
  latencies.length = 0;
  const count = () => connections.reduce((sum, c) => sum + (task.qos === 1 ? c.acknowledged : c.sent), 0);
  const before = count();
  const from = performance.now();
  const cpu = process.cpuUsage();
  await wait(task.measureMs);
  const acknowledged = count() - before;
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - from) / 1000;
  clearInterval(pacer);
  for (const connection of connections) connection.close();
  const sorted = Float64Array.from(latencies).sort();
  const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
  const loaderUs = (user + system) / acknowledged;
  return { perSecond: acknowledged / seconds, acknowledged, p50Ms: at(0.5), p99Ms: at(0.99), loaderUs };
}

let owed = 0;
function pace(task: LoadTask, connections: Connection[]): void {
  if (task.rate !== undefined) {
    owed += (task.rate * PACE_MS) / 1000;
    const each = Math.floor(owed / connections.length);
    for (const connection of connections) owed -= connection.send(each);
  } else if (task.qos === 0) {
    for (const connection of connections) if (!connection.backlogged) connection.send(200);
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
