/** One connection's part in the intake: what it has under way is bounded, and its acknowledgements leave together. */
import type { Device } from '@haechi/core';
import type { Client } from 'aedes';
import { uplinkTopics } from './access.ts';
import { hangUp, pauseReading, resumeReading, untilDrained } from './aedes-client.ts';
import type { KnownTopic } from './publish-bytes.ts';

const PUBACK = 0x40;
const PUBACK_SIZE = 4;

export class Session {
  readonly client: Client;
  readonly deviceId: string;
  readonly #inflightMax: number;
  #device: Device | undefined;
  #topics: readonly KnownTopic[] = [];
  #inflight = 0;
  #paused = false;
  #clogged = false;
  #halted = false;
  /** Messages that may be acknowledged, in the order they came [MQTT-4.6.0-2]. */
  #acks: number[] = [];
  /** The beginning of a publish whose rest has not arrived. */
  begun: Buffer | undefined;

  constructor(client: Client, deviceId: string, inflightMax: number) {
    this.client = client;
    this.deviceId = deviceId;
    this.#inflightMax = inflightMax;
  }

  /** What `device`, the session's own as the registry has it now, may publish on. */
  topicsOf(device: Device): readonly KnownTopic[] {
    if (device !== this.#device) {
      this.#device = device;
      this.#topics = uplinkTopics(device).map((text) => ({ text, bytes: Buffer.from(text) }));
    }
    return this.#topics;
  }

  /** A message is under way; at the bound nothing more is read. */
  begin(): void {
    this.#inflight++;
    this.#pace();
  }

  end(): void {
    this.#inflight--;
    this.#pace();
  }

  /** Whether it is the first that waits for `flush`. */
  acknowledge(messageId: number): boolean {
    return this.#acks.push(messageId) === 1;
  }

  /** Writes what may be acknowledged. A device that does not read its acknowledgements is not read from either. */
  flush(): void {
    const acks = this.#acks;
    if (acks.length === 0) return;
    this.#acks = [];
    if (this.client.closed) return;
    const bytes = Buffer.allocUnsafe(acks.length * PUBACK_SIZE);
    let at = 0;
    for (const messageId of acks) {
      bytes[at] = PUBACK;
      bytes[at + 1] = 2;
      at = bytes.writeUInt16BE(messageId, at + 2);
    }
    if (this.client.conn.write(bytes) || this.#clogged) return;
    this.#clogged = true;
    this.#pace();
    untilDrained(this.client, () => {
      this.#clogged = false;
      this.#pace();
    });
  }

  /** Nothing more is read, whatever ends. */
  halt(): void {
    this.#halted = true;
    this.#pace();
  }

  /** The device keeps what is not acknowledged and sends it again. */
  fail(error: Error): void {
    this.#acks = [];
    hangUp(this.client, error);
  }

  #pace(): void {
    const full = this.#inflight >= this.#inflightMax || (this.#paused && this.#inflight > this.#inflightMax / 2);
    const pause = full || this.#clogged || this.#halted;
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) pauseReading(this.client);
    else resumeReading(this.client);
  }
}
