/** What a device may touch: its own topics, and of those only what flows its way. */
import { type Device, type DeviceTopic, parseTopic, UPLINK_CHANNELS } from '@haechi/core';

export type AccessAnswer = { allowed: true; topic: DeviceTopic } | { allowed: false; reason: string };

/** The registry, not the topic, says where a device belongs. */
export function mayPublish(device: Device, topic: string): AccessAnswer {
  const parsed = parseTopic(topic);
  if (!parsed) return { allowed: false, reason: 'topic-malformed' };
  if (parsed.device !== device.id) return { allowed: false, reason: 'topic-foreign' };
  if (parsed.district !== device.district || parsed.domain !== device.domain)
    return { allowed: false, reason: 'topic-misplaced' };
  if (!UPLINK_CHANNELS.includes(parsed.channel)) return { allowed: false, reason: 'channel-down' };
  return { allowed: true, topic: parsed };
}

/** Filters under the device's own prefix; no wildcard may reach beyond it. */
export function maySubscribe(device: Device, filter: string): boolean {
  const own = `city/${device.district}/${device.domain}/${device.id}/`;
  if (!filter.startsWith(own)) return false;
  const rest = filter.slice(own.length);
  return rest === '#' || rest === '+' || parseTopic(filter) !== undefined;
}
