/** What a device may touch: its own topics, and of those only what flows its way. */
import { type Device, type DeviceTopic, formatTopic, parseTopic, UPLINK_CHANNELS } from '@haechi/core';

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

/**
 * Only the device's own commands flow to it. A wildcard would bring its own telemetry back and, in a session that it
 * left, queue it without end; so none is granted.
 */
export function maySubscribe({ district, domain, id }: Device, filter: string): boolean {
  return filter === formatTopic({ district, domain, device: id, channel: 'command' });
}

/** Every topic a device may publish on. */
export function uplinkTopics({ district, domain, id }: Device): string[] {
  return UPLINK_CHANNELS.map((channel) => formatTopic({ district, domain, device: id, channel }));
}

/** Whether a subscription to this filter could bring something that devices publish: only commands never come from one. */
export function hearsUplink(filter: string): boolean {
  return parseTopic(filter)?.channel !== 'command';
}
