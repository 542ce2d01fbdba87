/**
 * The few places where we reach past aedes' public face. Each is pinned by a test in broker.test.ts, so that an
 * upgrade of aedes (1.2) or mqtt-packet cannot change it silently.
 */
import type { Aedes, Client } from 'aedes';

interface Inner {
  pause(): void;
  resume(): void;
  _will?: { topic: string } | null;
  _parser: {
    packet: { length: number };
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
  Object.defineProperty(client, 'duplicates', { get: () => Object.create(null), set: () => undefined });
}

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
