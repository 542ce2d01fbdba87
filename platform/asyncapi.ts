/** MQTT and WebSocket messages as an AsyncAPI document, from the same schemas that check them. */
import type { Domain } from '@haechi/domains';
import * as z from 'zod';
import { wsHello, wsServerMessage } from '../dashboard/server/contract.ts';

const schemaOf = (schema: z.ZodType) => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', unrepresentable: 'any' });
  return rest;
};

const time = {
  description:
    'When it was measured: epoch milliseconds, or RFC 3339 with an offset. Without it the time of arrival counts.',
  anyOf: [{ type: 'integer' }, { type: 'string', format: 'date-time' }],
};

function telemetrySchema({ model }: Domain) {
  const values = schemaOf(model.telemetry);
  const reading = {
    type: 'object',
    required: ['values'],
    properties: { ts: time, seq: { type: 'integer', minimum: 0 }, values },
    additionalProperties: false,
  };
  return { anyOf: [reading, { type: 'array', minItems: 1, maxItems: 1000, items: reading }, values] };
}

export function asyncApi(domains: readonly Domain[], version: string) {
  const names = domains.map(({ id }) => id);
  const telemetry = Object.fromEntries(
    domains.map((domain) => [
      domain.id,
      { name: `${domain.id} telemetry`, contentType: 'application/json', payload: telemetrySchema(domain) },
    ]),
  );
  const status = {
    name: 'status',
    summary: 'Retained, and the last will.',
    contentType: 'application/json',
    payload: { type: 'object', required: ['state'], properties: { state: { enum: ['online', 'offline'] } } },
  };
  const name = { description: 'Lower-case letters, digits, _ and -, at most 64.' };
  const channels = Object.fromEntries([
    ...names.map((id) => [
      `${id}-telemetry`,
      {
        address: `city/{district}/${id}/{device}/telemetry`,
        parameters: { district: name, device: name },
        messages: { telemetry: { $ref: `#/components/messages/${id}` } },
        servers: [{ $ref: '#/servers/mqtt' }],
      },
    ]),
    [
      'status',
      {
        address: 'city/{district}/{domain}/{device}/status',
        parameters: { district: name, domain: { enum: names }, device: name },
        messages: { status: { $ref: '#/components/messages/status' } },
        servers: [{ $ref: '#/servers/mqtt' }],
      },
    ],
    [
      'live',
      {
        address: '/ws',
        messages: { hello: { $ref: '#/components/messages/hello' }, live: { $ref: '#/components/messages/live' } },
        servers: [{ $ref: '#/servers/dashboard' }],
      },
    ],
  ]);
  const receive = (channel: string, summary: string) => ({
    action: 'receive',
    channel: { $ref: `#/channels/${channel}` },
    summary,
  });
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Haechi',
      version,
      description: 'What devices say over MQTT, and what a screen hears over the WebSocket.',
    },
    servers: {
      mqtt: {
        host: 'localhost:1883',
        protocol: 'mqtt',
        protocolVersion: '3.1.1',
        description: 'User name: the device’s id; password: its secret.',
      },
      dashboard: { host: 'localhost:8080', protocol: 'ws', description: 'With the cookie of POST /api/v1/session.' },
    },
    channels,
    operations: {
      ...Object.fromEntries(
        names.map((id) => [`${id}-reports`, receive(`${id}-telemetry`, 'Acknowledged at QoS 1 once it is on disk.')]),
      ),
      'device-tells-its-status': receive('status', 'Retained.'),
      'screen-says-hello': {
        ...receive('live', 'Once, first.'),
        messages: [{ $ref: '#/channels/live/messages/hello' }],
      },
      'screen-hears': {
        action: 'send',
        channel: { $ref: '#/channels/live' },
        summary: 'A snapshot or what was missed, then numbered deltas, and a beat in every second without one.',
        messages: [{ $ref: '#/channels/live/messages/live' }],
      },
    },
    components: {
      messages: {
        ...telemetry,
        status,
        hello: { name: 'hello', contentType: 'application/json', payload: schemaOf(wsHello) },
        live: { name: 'live', contentType: 'application/json', payload: schemaOf(wsServerMessage) },
      },
    },
  };
}
