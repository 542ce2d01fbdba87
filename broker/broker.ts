/**
 * The embedded MQTT broker. It knows no store: whoever starts it hands it a look-up for identities and a function
 * that admits a message, and a QoS 1 publish is acknowledged when that function says so and not before.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Device, HaechiError, type Log, type Metrics, messageOf } from '@haechi/core';
import { Aedes, type AuthenticateError, type Client, type PublishPacket, type Subscription } from 'aedes';
import { ClassicLevel } from 'classic-level';
import { hearsUplink, mayPublish, maySubscribe } from './access.ts';
import {
  deliverOvertaken,
  forgetClosed,
  heard,
  limitPacketSize,
  pauseReading,
  readFirst,
  willTopic,
} from './aedes-client.ts';
import { copyLevel } from './copy-level.ts';
import { isBegunPublish, type PublishLimits, takePublishes } from './publish-bytes.ts';
import { Session } from './session.ts';
import { SessionStore, sessionId } from './session-store.ts';

/** The city's services in MQTT's own return codes (3.1.1 §3.2.2.3). */
const IDENTIFIER_REJECTED = 2;
const UNAVAILABLE = 3;
const BAD_CREDENTIALS = 4;
const NOT_AUTHORIZED = 5;

/** aedes' own bounds, set whatever its defaults become. */
const AEDES_LIMITS = {
  concurrency: 100,
  queueLimit: 42,
  maxInflightInbound: 100,
  maxTopicLevels: 8,
  connectTimeout: 10_000,
  drainTimeout: 5_000,
  keepaliveLimit: 0,
};
const CLIENT_ID_LENGTH_MAX = 128;
/** Commands that wait for one device, away or slow to acknowledge; more are refused to whoever sends them. */
const QUEUE_MAX = 1000;
/** The system asks a silent peer after a minute whether it is still there; ten answers missing end the connection. */
const TCP_KEEP_ALIVE_MS = 60_000;
/** No keep-alive, or a longer one, counts as this; a device is hung up on after half as much again of silence (§3.1.2.10). */
const KEEPALIVE_S_MAX = 1800;
/** What unproven senders wrote is logged up to here: a name may have 64 KiB. */
const LOGGED_NAME_MAX = 80;
const LOGGED_TOPIC_MAX = 300;
const CLOSE_TIMEOUT_MS = 10_000;
/** A packet is a payload with its topic and header. */
const PACKET_HEAD_MAX = 256;

export interface Admission {
  device: Device;
  topic: string;
  payload: Uint8Array;
}

export interface Identities {
  /** The device that name and secret prove, or `undefined`. */
  authenticate(id: string, secret: Uint8Array): Device | undefined;
  get(id: string): Device | undefined;
}

export interface BrokerOptions {
  host: string;
  port: number;
  /** Where sessions and retained messages are kept. */
  folder: string;
  identities: Identities;
  /** Calls back once the message may be acknowledged, or with the reason why it cannot be taken now. */
  admit: (message: Admission, done: (error?: Error) => void) => void;
  /** A packet was refused by its size; the device hangs up on it and would send it again. */
  onOversize: (device: Device, size: number) => void;
  payloadSizeMax: number;
  inflightMax: number;
  connectionsMax: number;
  /** Longest keep-alive a device gets, seconds. */
  keepaliveSMax?: number;
  log: Log;
  metrics: Metrics;
}

/** What is logged of a refusal; name and topic are what somebody wrote, of any length. */
interface Refused {
  device?: string | undefined;
  topic?: string;
  address?: string | undefined;
  size?: number;
  /** What went wrong, in words. */
  cause?: string;
}

export class Broker {
  readonly #options: BrokerOptions;
  readonly #aedes: Aedes;
  readonly #server: Server;
  readonly #sessionsDb: ClassicLevel;
  readonly #store: SessionStore;
  readonly #limits: PublishLimits;
  readonly #sessions = new WeakMap<Client, Session>();
  /** Sessions with acknowledgements to be written at the end of this turn. */
  #unflushed: Session[] = [];
  /** Connections that have signed in, by device, until their socket is gone. */
  readonly #connected = new Map<string, Set<Client>>();
  #connectionCount = 0;
  /** For each topic the message before the next: aedes lets two that are published at once overtake each other. */
  readonly #sending = new Map<string, Promise<unknown>>();
  /** Somebody on the wire may listen to what devices publish; as access.ts stands, nobody can. */
  #isUplinkHeard = false;
  #inflight = 0;
  #closing = false;
  #drained: (() => void) | undefined;

  private constructor(options: BrokerOptions, sessionsDb: ClassicLevel) {
    this.#options = options;
    this.#sessionsDb = sessionsDb;
    const { payloadSizeMax } = options;
    this.#limits = { payloadSizeMax, packetSizeMax: payloadSizeMax + PACKET_HEAD_MAX };
    const { identities, keepaliveSMax = KEEPALIVE_S_MAX } = options;
    this.#store = new SessionStore(sessionsDb, (id, filter) => {
      const device = identities.get(id);
      return device !== undefined && maySubscribe(device, filter);
    });
    this.#aedes = new Aedes({
      ...AEDES_LIMITS,
      persistence: this.#store,
      preConnect: (_client, packet, done) => {
        if (packet.clientId.length > CLIENT_ID_LENGTH_MAX) return done(new Error('client id too long'), false);
        if (packet.clientId !== '' || packet.clean)
          packet.clientId = sessionId(packet.username ?? '', packet.clientId || crypto.randomUUID());
        packet.keepalive = Math.min(packet.keepalive || keepaliveSMax, keepaliveSMax);
        done(null, true);
      },
      authenticate: (client, username, password, done) => this.#authenticate(client, username, password, done),
      authorizePublish: (client, packet, done) => this.#authorizePublish(client, packet, done),
      authorizeSubscribe: (client, subscription, done) => this.#authorizeSubscribe(client, subscription, done),
      // Beside the check of filters, for what a session may have queued under another rule.
      authorizeForward: (client, packet) => (this.#isFor(client, packet.topic) ? packet : null),
    });
    this.#server = createServer((socket) => this.#accept(socket));
    // Every socket counts, signed in or not, or one that never says CONNECT would cost nothing.
    this.#server.maxConnections = options.connectionsMax;
    this.#server.on('drop', (from) => this.#refuseSocket(from?.remoteAddress));
  }

  /** @throws HaechiError PORT_TAKEN, DATA_FOLDER */
  static async start(options: BrokerOptions): Promise<Broker> {
    const sessionsDb = new ClassicLevel(join(options.folder, 'sessions'));
    try {
      await sessionsDb.open();
    } catch (cause) {
      const message = `the broker's sessions in ${options.folder} cannot be opened: ${messageOf((cause as Error).cause ?? cause)}`;
      throw new HaechiError('DATA_FOLDER', message, { cause });
    }
    const broker = new Broker(options, sessionsDb);
    await broker.#aedes.listen();
    broker.#watch();
    try {
      await broker.#listen();
    } catch (error) {
      await broker.close();
      throw error;
    }
    return broker;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : this.#options.port;
  }

  /** Devices' connections; aedes' own count drifts where one hangs up while it signs in. */
  get connections(): number {
    return this.#connectionCount;
  }

  /** Hangs up on the devices: their secret or their place is another now. Their sessions are kept. */
  disconnect(deviceIds: Iterable<string>): void {
    for (const id of deviceIds) {
      for (const client of this.#connected.get(id) ?? []) client.close();
    }
  }

  /**
   * Sends a message down to a device, in order for each topic; resolves once it is queued where the device listens.
   * @throws HaechiError BUSY while as many wait for that device as may.
   */
  publish(topic: string, payload: string | Buffer): Promise<void> {
    const sent = (this.#sending.get(topic) ?? Promise.resolve()).then(() => this.#publish(topic, payload));
    const settled = sent.catch(() => undefined); // whoever waits for it is told; the next one goes on
    this.#sending.set(topic, settled);
    settled.then(() => this.#sending.get(topic) === settled && this.#sending.delete(topic));
    return sent;
  }

  #publish(topic: string, payload: string | Buffer): Promise<void> {
    const device = deviceIn(topic);
    if (this.#store.queued(device) >= QUEUE_MAX) {
      this.#refuse('queue-full', { device }, 'mqtt: command refused');
      return Promise.reject(new HaechiError('BUSY', `${QUEUE_MAX} messages wait for device ${device} already`));
    }
    return new Promise((resolve, reject) => {
      // One QoS for all that goes down: aedes lets messages of different QoS overtake and lose each other.
      const packet: PublishPacket = { cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false };
      this.#aedes.publish(packet, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** A consistent copy of sessions, retained messages and waiting commands, as they stand now, as a broker's folder of its own. */
  async copySessions(folder: string): Promise<void> {
    await copyLevel(this.#sessionsDb, join(folder, 'sessions'));
  }

  /** Takes no more, waits until what was taken is answered, then hangs up. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#server.listening) this.#server.close();
    for (const client of this.#clients()) {
      pauseReading(client);
      this.#sessions.get(client)?.halt();
    }
    await this.#drain();
    await new Promise<void>((resolve) => this.#aedes.close(resolve));
    await this.#sessionsDb.close();
  }

  #clients(): Client[] {
    return Object.values((this.#aedes as unknown as { clients: Record<string, Client> }).clients);
  }

  async #drain(): Promise<void> {
    if (this.#inflight > 0) {
      const timer = setTimeout(() => this.#drained?.(), CLOSE_TIMEOUT_MS);
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
      clearTimeout(timer);
    }
    // The last acknowledgements leave the sockets' buffers at the end of this turn.
    await new Promise((resolve) => setImmediate(resolve));
  }

  #listen(): Promise<void> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => {
        const reason = cause.code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used: ${cause.message}`;
        reject(
          new HaechiError('PORT_TAKEN', `MQTT port ${port} ${reason}; set HAECHI_MQTT_PORT or --mqtt-port`, { cause }),
        );
      });
      this.#server.listen(port, host, resolve);
    });
  }

  #watch(): void {
    const { log } = this.#options;
    this.#aedes.on('client', (client) => forgetClosed(this.#aedes, client));
    this.#aedes.on('clientError', (client, error) =>
      log.debug({ client: client.id.slice(0, LOGGED_NAME_MAX), reason: error.message }, 'mqtt: client error'),
    );
    this.#aedes.on('connectionError', (client, error) => {
      this.#refuse('connection', { address: addressOf(client), cause: error.message }, 'mqtt: connection refused');
    });
    this.#server.on('error', (error) => log.error({ err: error }, 'mqtt: listener'));
  }

  #accept(socket: Socket): void {
    if (this.#closing) {
      this.#refuseSocket(socket.remoteAddress);
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
    const client = this.#aedes.handle(socket);
    socket.once('close', () => this.#forget(client));
    deliverOvertaken(client);
    limitPacketSize(client, this.#limits.packetSizeMax, (size) => this.#oversize(client, size));
    readFirst(client, (bytes) => this.#readFirst(client, bytes));
  }

  #refuseSocket(address: string | undefined): void {
    this.#refuse('connections-full', { address }, 'mqtt: connection refused');
  }

  #authenticate(
    client: Client,
    username: string | undefined,
    password: Buffer | undefined,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): void {
    const refuse = (reason: string, returnCode: number) => {
      this.#refuse(reason, { device: username, address: addressOf(client) }, 'mqtt: sign-in refused');
      done(Object.assign(new Error(reason), { returnCode }) as AuthenticateError, null);
    };
    // An empty id that wants its session kept: preConnect gave it no name, and nobody could come back to it (§3.1.3.1).
    if (!client.id.includes('~')) return refuse('client-id-empty', IDENTIFIER_REJECTED);
    if (!username || !password) return refuse('anonymous', NOT_AUTHORIZED);
    const device = this.#options.identities.authenticate(username, password);
    if (!device) return refuse('wrong-secret', BAD_CREDENTIALS);
    const will = willTopic(client);
    if (will !== undefined && !mayPublish(device, will).allowed) return refuse('will-topic', NOT_AUTHORIZED);
    if (client.closed) return refuse('gone', NOT_AUTHORIZED);
    this.#sessions.set(client, new Session(client, device.id, this.#options.inflightMax));
    this.#connected.set(device.id, (this.#connected.get(device.id) ?? new Set()).add(client));
    this.#options.metrics.connections.set(++this.#connectionCount);
    if (client.clean && !this.#store.has(client.id)) return done(null, true);
    this.#takeSession(client, device).then(
      () => done(null, true),
      (error: unknown) => {
        this.#options.log.error({ err: error, device: device.id }, 'mqtt: session not opened');
        done(Object.assign(new Error(messageOf(error)), { returnCode: UNAVAILABLE }) as AuthenticateError, null);
      },
    );
  }

  /** A device has one session that is kept. One under another client id replaces it, or each name would leave a queue behind. */
  async #takeSession(client: Client, device: Device): Promise<void> {
    // aedes empties the queue of a session that ends by coming back without it, but not if the device leaves meanwhile.
    if (client.clean) return this.#store.end(client.id);
    for (const other of [...(this.#connected.get(device.id) ?? [])]) {
      if (!other.clean && other.id !== client.id) other.close();
    }
    await this.#store.take(client.id);
  }

  #forget(client: Client): void {
    const id = this.#sessions.get(client)?.deviceId;
    const connected = id === undefined ? undefined : this.#connected.get(id);
    if (id === undefined || !connected?.delete(client)) return;
    this.#options.metrics.connections.set(--this.#connectionCount);
    if (connected.size === 0) this.#connected.delete(id);
  }

  /** Whether the topic is the client's device's own commands, wherever the device is registered now. */
  #isFor(client: Client, topic: string): boolean {
    const device = this.#options.identities.get(this.#sessions.get(client)?.deviceId ?? '');
    return device !== undefined && maySubscribe(device, topic);
  }

  #authorizePublish(client: Client | null, packet: PublishPacket, done: (error?: Error | null) => void): void {
    const session = client ? this.#sessions.get(client) : undefined;
    // The registry's present word, not that of the sign-in: the device may have moved since.
    // A will of a broker that was killed comes without its client; its topic was checked when it connected.
    const device = this.#options.identities.get(session?.deviceId ?? deviceIn(packet.topic));
    const refuse = (reason: string) => {
      this.#refuse(reason, { device: device?.id, topic: packet.topic }, 'mqtt: publish refused');
      done(new Error(`publish refused: ${reason}`));
    };
    if (this.#closing) return done(new Error('the broker is closing'));
    if (!device) return refuse('device-unknown');
    const answer = mayPublish(device, packet.topic);
    if (!answer.allowed) return refuse(answer.reason);
    if (packet.payload.length > this.#options.payloadSizeMax) {
      this.#options.onOversize(device, packet.payload.length);
      return refuse('payload-too-large');
    }
    // One retained message a device, its status: retained telemetry would be served as new for ever.
    if (answer.topic.channel !== 'status') packet.retain = false;
    this.#admit(session, { device, topic: packet.topic, payload: asBytes(packet.payload) }, (error) => {
      session?.flush(); // what came before is acknowledged before [MQTT-4.6.0-2]
      done(error ?? null);
    });
  }

  /**
   * Takes what a device publishes on its own topics off the bytes; gives back what is anything else. Such a message goes to the
   * journal and nowhere else, while nobody on the wire listens to what comes up: aedes, which would look for subscribers,
   * session queues and retained messages, has nothing to do for it.
   */
  #readFirst(client: Client, chunk: Buffer): Buffer {
    const session = this.#sessions.get(client);
    const device = session && this.#options.identities.get(session.deviceId);
    if (!session || !device || this.#closing || this.#isUplinkHeard) return chunk;
    const bytes = session.begun ? Buffer.concat([session.begun, chunk]) : chunk;
    session.begun = undefined;
    const taken = takePublishes(bytes, session.topicsOf(device), this.#limits, (topic, payload, messageId) => {
      this.#admit(session, { device, topic, payload }, (error) => {
        if (error) session.fail(error);
        else if (messageId > 0) this.#acknowledge(session, messageId);
      });
      return !client.closed;
    });
    if (client.closed) return NOTHING;
    if (taken > 0) heard(client);
    const rest = bytes.subarray(taken);
    if (!isBegunPublish(rest, this.#limits)) return rest;
    session.begun = Buffer.from(rest); // a copy: a view would hold the whole chunk
    return NOTHING;
  }

  #acknowledge(session: Session, messageId: number): void {
    if (session.acknowledge(messageId) && this.#unflushed.push(session) === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const sessions = this.#unflushed;
    this.#unflushed = [];
    for (const session of sessions) session.flush();
  }

  #admit(session: Session | undefined, message: Admission, answer: (error?: Error) => void): void {
    this.#inflight++;
    session?.begin();
    this.#options.admit(message, (error) => {
      this.#inflight--;
      if (error)
        this.#refuse('not-stored', { device: message.device.id, cause: error.message }, 'mqtt: not acknowledged');
      answer(error);
      session?.end();
      if (this.#inflight === 0) this.#drained?.();
    });
  }

  #authorizeSubscribe(
    client: Client,
    subscription: Subscription,
    done: (error: Error | null, subscription?: Subscription | null) => void,
  ): void {
    if (this.#isFor(client, subscription.topic)) {
      this.#isUplinkHeard ||= hearsUplink(subscription.topic);
      return done(null, subscription);
    }
    const device = this.#sessions.get(client)?.deviceId;
    this.#refuse('filter', { device, topic: subscription.topic }, 'mqtt: subscription refused');
    done(null, null);
  }

  #oversize(client: Client, size: number): void {
    const id = this.#sessions.get(client)?.deviceId;
    const device = id === undefined ? undefined : this.#options.identities.get(id);
    this.#refuse('packet-too-large', { device: id, size }, 'mqtt: packet refused');
    if (device) this.#options.onOversize(device, size);
  }

  #refuse(reason: string, { device, topic, ...details }: Refused, message: string): void {
    this.#options.metrics.refused.inc({ reason });
    const said = {
      ...(device === undefined ? {} : { device: device.slice(0, LOGGED_NAME_MAX) }),
      ...(topic === undefined ? {} : { topic: topic.slice(0, LOGGED_TOPIC_MAX) }),
    };
    this.#options.log.warn({ ...said, ...details, reason }, message);
  }
}

const NOTHING = Buffer.alloc(0);

/** The device a topic names; its place there is fixed. */
function deviceIn(topic: string): string {
  return topic.split('/')[3] ?? '';
}

function asBytes(payload: string | Buffer): Uint8Array {
  return typeof payload === 'string' ? Buffer.from(payload) : payload;
}

function addressOf(client: Client): string | undefined {
  return (client.conn as Socket).remoteAddress;
}
