import type { Device } from '@haechi/core';
import { limitsOf } from '@haechi/services';
import * as z from 'zod';
import type { App } from '../app.ts';
import {
  ADMIN_ONLY,
  type DeviceResource,
  deviceList,
  deviceMap,
  deviceQuery,
  deviceWithState,
  historyQuery,
  historyResource,
  problem,
  provisionRequest,
  provisionResult,
  SIGNED_IN,
} from '../contract.ts';
import { readCursor, writeCursor } from '../cursor.ts';
import type { DashboardOptions } from '../options.ts';
import { Problem } from '../problems.ts';
import type { Sessions } from '../sessions.ts';

/** Without a reading for this many of a device's intervals its history has a gap. */
const GAP_INTERVALS = 2.5;
const PROVISION_SIZE_MAX = 16 * 1024 * 1024;

export function addDeviceRoutes(app: App, options: DashboardOptions, sessions: Sessions): void {
  const { registry, feed, history, rules } = options;
  const tags = ['devices'];
  const onRequest = sessions.requirePerson;
  const place = z.tuple([z.string().max(64)]);
  const byId = z.object({ id: z.string().max(64) });

  const resources = new Map<Device, DeviceResource>();
  registry.onChange(() => resources.clear());
  const toResource = (device: Device): DeviceResource => {
    const known = resources.get(device);
    if (known) return known;
    const resource = { ...device, limits: limitsOf(rules, device) };
    resources.set(device, resource);
    return resource;
  };
  const find = (id: string): Device => {
    const device = registry.get(id);
    if (!device) throw new Problem(404, `There is no device ${id}`);
    return device;
  };

  app.get(
    '/device-map',
    { onRequest, schema: { tags, summary: 'Every device, for the map', response: { ...SIGNED_IN, 200: deviceMap } } },
    async () => ({ items: registry.list().map(toResource) }),
  );
  app.get(
    '/devices',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Devices with their latest values, by id',
        querystring: deviceQuery,
        response: { ...SIGNED_IN, 200: deviceList },
      },
    },
    async ({ query }) => {
      const { limit, cursor } = query;
      const after = cursor === undefined ? '' : readCursor(cursor, place)[0];
      const found = registry.list().filter((device) => device.id > after && fits(device, query));
      const items = found.slice(0, limit).map((device) => ({ ...toResource(device), state: feed.device(device.id) }));
      return { items, next: found.length > limit ? writeCursor([items.at(-1)?.id ?? '']) : null };
    },
  );
  app.get(
    '/devices/:id',
    {
      onRequest,
      schema: {
        tags,
        summary: 'A device with its latest values',
        params: byId,
        response: { ...SIGNED_IN, 200: deviceWithState, 404: problem },
      },
    },
    async ({ params }) => ({ ...toResource(find(params.id)), state: feed.device(params.id) }),
  );
  app.get(
    '/devices/:id/history',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Readings of a device over time, aggregated where there are more than asked for',
        params: byId,
        querystring: historyQuery,
        response: { ...SIGNED_IN, 200: historyResource, 404: problem, 422: problem },
      },
    },
    async ({ params, query }) => {
      const device = find(params.id);
      const { from, to, points } = query;
      if (from >= to) throw new Problem(422, 'querystring from: must be before to');
      const result = await history({
        domain: device.domain,
        device: device.id,
        fields: knownFields(options, device, query.fields),
        from,
        to,
        pointsMax: points,
        gapMs: device.intervalS * 1000 * GAP_INTERVALS,
      });
      return { device: device.id, from, to, ...result };
    },
  );
  app.post(
    '/devices',
    {
      onRequest: sessions.requireAdmin,
      bodyLimit: PROVISION_SIZE_MAX,
      schema: {
        tags,
        summary: 'Register devices; each one’s secret is shown this once',
        body: provisionRequest,
        response: { ...ADMIN_ONLY, 201: provisionResult, 422: problem },
      },
    },
    async ({ body }, reply) => {
      const secrets = await registry.provision(body.devices, { renew: body.existing === 'renew' });
      const items = [...secrets].map(([id, secret]) => ({ id, secret }));
      return reply.code(201).send({ items });
    },
  );
}

function fits(device: Device, query: z.output<typeof deviceQuery>): boolean {
  const { domain, kind, district, q } = query;
  if (domain !== undefined && device.domain !== domain) return false;
  if (kind !== undefined && device.kind !== kind) return false;
  if (district !== undefined && device.district !== district) return false;
  const text = q?.toLowerCase();
  return text === undefined || device.id.toLowerCase().includes(text) || device.name.toLowerCase().includes(text);
}

function knownFields(options: DashboardOptions, device: Device, list: string): string[] {
  const model = options.domains.find(({ id }) => id === device.domain)?.model;
  const names = list.split(',').filter((name) => name !== '');
  for (const name of names) {
    if (!model || !(name in model.telemetry.shape))
      throw new Problem(422, `querystring fields: ${device.domain} has no field ${name}`);
  }
  if (names.length === 0) throw new Problem(422, 'querystring fields: name at least one');
  return [...new Set(names)];
}
