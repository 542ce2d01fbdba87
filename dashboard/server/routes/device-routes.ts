import type { Device, Values } from '@haechi/core';
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
  nearestList,
  nearestQuery,
  problem,
  provisionRequest,
  provisionResult,
  SIGNED_IN,
} from '../contract.ts';
import { readCursor, writeCursor } from '../cursor.ts';
import { fits } from '../device-filter.ts';
import { distanceM, type Place } from '../distance.ts';
import type { DashboardOptions } from '../options.ts';
import { Problem } from '../problems.ts';
import type { Sessions } from '../sessions.ts';

const PROVISION_SIZE_MAX = 16 * 1024 * 1024;

export function addDeviceRoutes(app: App, options: DashboardOptions, sessions: Sessions): void {
  const { registry, feed, rules } = options;
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
    '/nearest-devices',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Devices around a point, nearest first, with their latest values',
        querystring: nearestQuery,
        response: { ...SIGNED_IN, 200: nearestList },
      },
    },
    async ({ query: { latitude, longitude, radiusM, limit, ...filter } }) => {
      const near = registry
        .list()
        .filter((device) => fits(device, filter))
        .map((device) => {
          const state = feed.device(device.id);
          return { device, state, distanceM: distanceM({ latitude, longitude }, placeOf(device, state.values)) };
        })
        .filter((one) => radiusM === undefined || one.distanceM <= radiusM)
        .sort((a, b) => a.distanceM - b.distanceM)
        .slice(0, limit);
      return { items: near.map(({ device, state, distanceM }) => ({ ...toResource(device), state, distanceM })) };
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

/** Where it says it is, if it says so. */
function placeOf(device: Device, { latitude, longitude }: Values): Place {
  return typeof latitude === 'number' && typeof longitude === 'number' ? { latitude, longitude } : device;
}
