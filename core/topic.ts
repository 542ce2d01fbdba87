/**
 * The topic grammar: `city/<district>/<domain>/<device>/<channel>`.
 *
 * A name is `[a-z0-9][a-z0-9_-]*`; a device may use capitals. Everything the platform
 * itself says lives under `haechi/`, which no device reaches.
 */

export const CHANNELS = ['telemetry', 'event', 'status', 'command', 'reply'] as const;
export type Channel = (typeof CHANNELS)[number];

/** Channels a device publishes on; `command` is the way down. */
export const UPLINK_CHANNELS: readonly Channel[] = ['telemetry', 'event', 'status', 'reply'];

export interface DeviceTopic {
  district: string;
  domain: string;
  device: string;
  channel: Channel;
}

export const NAME_PATTERN = /^[a-z0-9][a-z0-9_-]{0,63}$/;
export const DEVICE_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

const channelNames: ReadonlySet<string> = new Set(CHANNELS);

export function formatTopic(topic: DeviceTopic): string {
  return `city/${topic.district}/${topic.domain}/${topic.device}/${topic.channel}`;
}

/** The parts of a device topic, or `undefined` where the text is not one. */
export function parseTopic(text: string): DeviceTopic | undefined {
  const parts = text.split('/');
  const [root, district, domain, device, channel] = parts;
  if (parts.length !== 5 || root !== 'city') return undefined;
  if (!district || !domain || !device || !channel) return undefined;
  if (!NAME_PATTERN.test(district) || !NAME_PATTERN.test(domain) || !DEVICE_PATTERN.test(device)) return undefined;
  if (!channelNames.has(channel)) return undefined;
  return { district, domain, device, channel: channel as Channel };
}

/** Topics kept as parsed: a city's devices and the channels of each; beyond, all are forgotten and parsed anew. */
const TOPICS_KEPT_MAX = 65_536;

export interface IndexedTopic extends DeviceTopic {
  text: string;
}

/** `parseTopic` for whoever sees the same topics again and again: one object, and one text, for each. */
export class TopicIndex {
  readonly #topics = new Map<string, IndexedTopic>();

  parse(text: string): IndexedTopic | undefined {
    const known = this.#topics.get(text);
    if (known) return known;
    const parsed = parseTopic(text);
    if (!parsed) return undefined;
    const topic = { ...parsed, text };
    if (this.#topics.size >= TOPICS_KEPT_MAX) this.#topics.clear();
    this.#topics.set(text, topic);
    return topic;
  }
}
