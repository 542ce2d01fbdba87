/**
 * The few places where we reach past aedes' public face. Each is pinned by a test in broker.test.ts, so that an
 * upgrade of aedes (1.2) or mqtt-packet cannot change it silently.
 */
import type { Aedes, Client } from 'aedes';

interface Inner {
  pause(): void;
  resume(): void;
  waitForDrain(done: () => void): void;
  duplicates: object;
  _will?: { topic: string } | null;
  _keepaliveTimer: NodeJS.Timeout | null;
  _parser: {
    packet: { length: number };
    _list: { length: number };
    parse(bytes: Buffer): number;
    _parseLength(): boolean;
    _emitError(error: Error): void;
  };
}

const inner = (client: Client) => client as unknown as Inner;

/** Stops and starts reading from the client's socket. */
export function pauseReading(client: Client): void {
  inner(client).pause();
}

export function resumeReading(client: Client): void {
  if (!client.closed) inner(client).resume();
}

/** The topic of the will a client brought with its CONNECT. */
export function willTopic(client: Client): string | undefined {
  return inner(client)._will?.topic;
}

/**
 * aedes drops a message whose number is below one that the client has had, and so loses what was overtaken on the way
 * (moscajs/aedes issues 955, 994). On a single node nothing comes twice but through overlapping filters.
 */
export function deliverOvertaken(client: Client): void {
  inner(client).duplicates = NOTHING_HAD;
}

/** Reads as empty whatever is written into it. One for all: an accessor on each client costs 1.4 KB a connection. */
const NOTHING_HAD = new Proxy(Object.create(null), { get: () => undefined, set: () => true });

/**
 * Refuses a packet by the length its header announces, before its body is gathered in memory;
 * aedes and mqtt-packet would take 256 MiB.
 */
export function limitPacketSize(client: Client, sizeMax: number, onOversize: (size: number) => void): void {
  const parser = inner(client)._parser;
  const parseLength = parser._parseLength;
  parser._parseLength = function limited(this: typeof parser): boolean {
    const parsed = parseLength.call(this);
    if (parsed && this.packet.length > sizeMax) {
      onOversize(this.packet.length);
      this._emitError(new Error(`packet of ${this.packet.length} bytes, at most ${sizeMax}`));
      return false;
    }
    return parsed;
  };
}

/** aedes registers a client that has hung up while it signed in, and then never lets go of it. */
export function forgetClosed(aedes: Aedes, client: Client): void {
  if (client.closed) (aedes as unknown as { unregisterClient(client: Client): void }).unregisterClient(client);
}

/**
 * Shows `take` what a signed-in client sends before aedes parses it; it gives back what it leaves. While aedes has the beginning
 * of a packet, it gets all that comes.
 */
export function readFirst(client: Client, take: (bytes: Buffer) => Buffer): void {
  const parser = inner(client)._parser;
  const parse = parser.parse;
  parser.parse = function first(this: typeof parser, bytes: Buffer): number {
    if (!client.connected || this._list.length > 0 || this.packet.length !== -1) return parse.call(this, bytes);
    const rest = take(bytes);
    return rest.length > 0 ? parse.call(this, rest) : 0;
  };
}

/** The client has been heard: its keep-alive counts from now. */
export function heard(client: Client): void {
  inner(client)._keepaliveTimer?.refresh();
}

/** Calls back once the client's socket takes more, or is closed: at the latest after `drainTimeout`. */
export function untilDrained(client: Client, done: () => void): void {
  inner(client).waitForDrain(done);
}

/** Ends a connection as aedes does where one of its hooks fails. */
export function hangUp(client: Client, error: Error): void {
  if (!client.closed) client.emit('error', error);
}
