/** One device's PUBLISH packets, each a copy of one template with the digits that change written in: 150 bytes of JSON, six values. */

const SEQ_FIRST = 1_000_000;

export class PublishTemplate {
  readonly #bytes: Buffer;
  readonly #messageIdAt: number;
  readonly #tsAt: number;
  readonly #seqAt: number;
  readonly #powerAt: number;
  #ts: number;
  #seq = SEQ_FIRST;

  /** @param startTs of the first reading; each is a millisecond after the one before, for a point is known by its time. */
  constructor(topic: string, qos: 0 | 1, startTs: number) {
    const payload = `{"ts":${startTs},"seq":${SEQ_FIRST},"values":{"activePower":80.5,"dimmingLevel":80,"voltage":221.4,"current":0.412,"powerFactor":0.95,"lampTemperature":41.5}}`;
    const size = 2 + topic.length + (qos === 1 ? 2 : 0) + payload.length;
    const head = [qos === 1 ? 0x32 : 0x30, (size & 0x7f) | 0x80, size >> 7, topic.length >> 8, topic.length & 0xff];
    this.#bytes = Buffer.concat([
      Buffer.from(head),
      Buffer.from(topic),
      Buffer.alloc(qos === 1 ? 2 : 0),
      Buffer.from(payload),
    ]);
    this.#messageIdAt = qos === 1 ? head.length + topic.length : 0;
    const after = (text: string) => this.#bytes.indexOf(text) + text.length;
    this.#tsAt = after('"ts":');
    this.#seqAt = after('"seq":');
    this.#powerAt = after('"activePower":');
    this.#ts = startTs;
  }

  get size(): number {
    return this.#bytes.length;
  }

  /** `messageId` is of use at QoS 1. */
  writeNext(target: Buffer, offset: number, messageId: number): void {
    this.#bytes.copy(target, offset);
    if (this.#messageIdAt > 0) target.writeUInt16BE(messageId, offset + this.#messageIdAt);
    writeDigits(target, offset + this.#tsAt, 13, this.#ts++);
    writeDigits(target, offset + this.#seqAt, 7, this.#seq++);
    writeDigits(target, offset + this.#powerAt, 2, 80 + (this.#seq % 10));
  }
}

function writeDigits(target: Buffer, offset: number, count: number, value: number): void {
  let rest = value;
  for (let at = offset + count - 1; at >= offset; at--) {
    target[at] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
