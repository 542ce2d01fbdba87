/**
 * The publishes that make up nearly all of what devices send, read straight off the bytes: PUBLISH at QoS 0 or 1, not retained,
 * on one of a few known topics, lying whole in what has arrived (MQTT 3.1.1 §3.3). Whatever is anything else is left for a whole
 * MQTT parser, from its first byte on.
 */

/** The first byte: type and flags. A duplicate is taken like any other, for points are stored once. */
const QOS_0 = 0x30;
const QOS_1 = 0x32;
const QOS_1_DUPLICATE = 0x3a;
const LENGTH_SIZE_MAX = 4;

export interface KnownTopic {
  text: string;
  bytes: Uint8Array;
}

/** Takes one publish; `messageId` is 0 at QoS 0. The payload is a view, of use until it returns. False: leave the rest. */
export type TakePublish = (topic: string, payload: Buffer, messageId: number) => boolean;

export interface PublishLimits {
  packetSizeMax: number;
  payloadSizeMax: number;
}

/** What stands at `at`: where the packet's body begins and where it ends; `undefined` where it is no publish to be taken here. */
function frameAt(bytes: Buffer, at: number, sizeMax: number): { body: number; end: number } | undefined {
  const type = bytes[at];
  if (type !== QOS_0 && type !== QOS_1 && type !== QOS_1_DUPLICATE) return undefined;
  let size = 0;
  for (let index = 1; index <= LENGTH_SIZE_MAX; index++) {
    const digit = bytes[at + index];
    if (digit === undefined) return { body: at, end: Number.POSITIVE_INFINITY };
    size += (digit & 0x7f) * 128 ** (index - 1);
    if (digit < 0x80) return size > sizeMax ? undefined : { body: at + index + 1, end: at + index + 1 + size };
  }
  return undefined;
}

/** Hands every such publish at the beginning of `bytes` to `take`, in order; gives where the first other byte lies. */
export function takePublishes(
  bytes: Buffer,
  topics: readonly KnownTopic[],
  limits: PublishLimits,
  take: TakePublish,
): number {
  let at = 0;
  while (at < bytes.length) {
    const frame = frameAt(bytes, at, limits.packetSizeMax);
    if (!frame || frame.end > bytes.length) return at;
    const { body, end } = frame;
    const topic = end - body < 2 ? undefined : topicAt(bytes, body + 2, bytes.readUInt16BE(body), end, topics);
    if (!topic) return at;
    let payloadAt = body + 2 + topic.bytes.length;
    let messageId = 0;
    if (bytes[at] !== QOS_0) {
      if (payloadAt + 2 > end) return at;
      messageId = bytes.readUInt16BE(payloadAt);
      if (messageId === 0) return at;
      payloadAt += 2;
    }
    if (end - payloadAt > limits.payloadSizeMax) return at;
    if (!take(topic.text, bytes.subarray(payloadAt, end), messageId)) return at;
    at = end;
  }
  return at;
}

/** Whether `bytes` begins with a publish to be taken once the rest of it has arrived. */
export function isBegunPublish(bytes: Buffer, { packetSizeMax }: PublishLimits): boolean {
  const frame = frameAt(bytes, 0, packetSizeMax);
  return frame !== undefined && frame.end > bytes.length;
}

function topicAt(
  bytes: Buffer,
  from: number,
  size: number,
  end: number,
  topics: readonly KnownTopic[],
): KnownTopic | undefined {
  if (from + size > end) return undefined;
  for (const topic of topics) if (topic.bytes.length === size && startsWith(bytes, from, topic.bytes)) return topic;
  return undefined;
}

function startsWith(bytes: Buffer, from: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < wanted.length; index++) if (bytes[from + index] !== wanted[index]) return false;
  return true;
}
