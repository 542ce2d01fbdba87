/**
 * The embedded MQTT broker. It knows no store: whoever starts it hands it a look-up for identities and a function
 * that admits a message, and a QoS 1 publish is acknowledged when that function says so and not before.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Device, HaechiError, type Log, type Metrics, messageOf } from '@haechi/core';
import { Aedes, type AuthenticateError, type Client, type PublishPacket, type Subscription } from 'aedes';
import AsyncLevelPersistence from 'aedes-persistence-level/asyncPersistence.js';
import { ClassicLevel } from 'classic-level';
import { mayPublish, maySubscribe } from './access.ts';
import { deliverOvertaken, limitPacketSize, pauseReading, resumeReading, willTopic } from './aedes-client.ts';

/** The city's services in MQTT's own return codes (3.1.1 §3.2.2.3). */
const IDENTIFIER_REJECTED = 2;
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
const CLOSE_TIMEOUT_MS = 10_000;

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
  log: Log;
  metrics: Metrics;
}

interface Session {
  device: Device;
  inflight: number;
  paused: boolean;
}

export class Broker {
  readonly #options: BrokerOptions;
  readonly #aedes: Aedes;
  readonly #server: Server;
  readonly #sessionsDb: ClassicLevel;
  readonly #sessions = new WeakMap<Client, Session>();
  /** For each topic the message before the next: aedes lets two that are published at once overtake each other. */
  readonly #sending = new Map<string, Promise<unknown>>();
  #inflight = 0;
  #closing = false;
  #drained: (() => void) | undefined;

  private constructor(options: BrokerOptions, sessionsDb: ClassicLevel) {
    this.#options = options;
    this.#sessionsDb = sessionsDb;
    this.#aedes = new Aedes({
      ...AEDES_LIMITS,
      persistence: new AsyncLevelPersistence(sessionsDb),
      preConnect: (_client, packet, done) => {
        // Sessions are kept under the device's own name, so that nobody can take over another's by its client id.
        if (packet.clientId.length > CLIENT_ID_LENGTH_MAX) return done(new Error('client id too long'), false);
        if (packet.clientId !== '' || packet.clean)
          packet.clientId = `${packet.username ?? ''}~${packet.clientId || crypto.randomUUID()}`;
        done(null, true);
      },
      authenticate: (client, username, password, done) => this.#authenticate(client, username, password, done),
      authorizePublish: (client, packet, done) => this.#authorizePublish(client, packet, done),
      authorizeSubscribe: (client, subscription, done) => this.#authorizeSubscribe(client, subscription, done),
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

  get connections(): number {
    return this.#aedes.connectedClients;
  }

  /** Sends a message down to devices, in order for each topic; resolves once it is queued for all that listen. */
  publish(topic: string, payload: string | Buffer): Promise<void> {
    const sent = (this.#sending.get(topic) ?? Promise.resolve()).then(() => this.#publish(topic, payload));
    const settled = sent.catch(() => undefined); // whoever waits for it is told; the next one goes on
    this.#sending.set(topic, settled);
    settled.then(() => this.#sending.get(topic) === settled && this.#sending.delete(topic));
    return sent;
  }

  #publish(topic: string, payload: string | Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      // One QoS for all that goes down: aedes lets messages of different QoS overtake and lose each other.
      const packet: PublishPacket = { cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false };
      this.#aedes.publish(packet, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Takes no more, waits until what was taken is answered, then hangs up. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#server.listening) this.#server.close();
    for (const client of this.#clients()) pauseReading(client);
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
    const { log, metrics } = this.#options;
    const count = () => metrics.connections.set(this.connections);
    this.#aedes.on('client', count);
    this.#aedes.on('clientDisconnect', count);
    this.#aedes.on('clientError', (client, error) =>
      log.debug({ client: client.id, reason: error.message }, 'mqtt: client error'),
    );
    this.#aedes.on('connectionError', (client, error) => {
      this.#refuse('connection', { address: addressOf(client), reason: error.message }, 'mqtt: connection refused');
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
    const client = this.#aedes.handle(socket);
    deliverOvertaken(client);
    limitPacketSize(client, this.#options.payloadSizeMax + 256, (size) => this.#oversize(client, size));
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
    this.#sessions.set(client, { device, inflight: 0, paused: false });
    done(null, true);
  }

  #authorizePublish(client: Client | null, packet: PublishPacket, done: (error?: Error | null) => void): void {
    const session = client ? this.#sessions.get(client) : undefined;
    // The registry's present word, not that of the sign-in: the device may have moved since.
    // A will of a broker that was killed comes without its client; its topic was checked when it connected.
    const device = this.#options.identities.get(session?.device.id ?? packet.topic.split('/')[3] ?? '');
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
    this.#admit(client, session, { device, topic: packet.topic, payload: asBytes(packet.payload) }, done);
  }

  #admit(
    client: Client | null,
    session: Session | undefined,
    message: Admission,
    done: (error?: Error | null) => void,
  ): void {
    this.#inflight++;
    if (client && session && ++session.inflight >= this.#options.inflightMax && !session.paused) {
      session.paused = true;
      pauseReading(client);
    }
    this.#options.admit(message, (error) => {
      this.#inflight--;
      if (error)
        this.#refuse('not-stored', { device: message.device.id, reason: error.message }, 'mqtt: not acknowledged');
      done(error ?? null);
      if (client && session && --session.inflight <= this.#options.inflightMax / 2 && session.paused) {
        session.paused = false;
        if (!this.#closing) resumeReading(client);
      }
      if (this.#inflight === 0) this.#drained?.();
    });
  }

  #authorizeSubscribe(
    client: Client,
    subscription: Subscription,
    done: (error: Error | null, subscription?: Subscription | null) => void,
  ): void {
    const device = this.#sessions.get(client)?.device;
    if (device && maySubscribe(device, subscription.topic)) return done(null, subscription);
    this.#refuse('filter', { device: device?.id, filter: subscription.topic }, 'mqtt: subscription refused');
    done(null, null);
  }

  #oversize(client: Client, size: number): void {
    const device = this.#sessions.get(client)?.device;
    this.#refuse('packet-too-large', { device: device?.id, size }, 'mqtt: packet refused');
    if (device) this.#options.onOversize(device, size);
  }

  #refuse(reason: string, details: object, message: string): void {
    this.#options.metrics.refused.inc({ reason });
    this.#options.log.warn({ ...details, reason }, message);
  }
}

function asBytes(payload: string | Buffer): Uint8Array {
  return typeof payload === 'string' ? Buffer.from(payload) : payload;
}

function addressOf(client: Client): string | undefined {
  return (client.conn as Socket).remoteAddress;
}
