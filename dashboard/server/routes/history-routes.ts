import type { Device } from '@haechi/core';
import * as z from 'zod';
import type { App } from '../app.ts';
import {
  eachHistoryResource,
  groupHistoryQuery,
  groupHistoryResource,
  historyQuery,
  historyResource,
  manyHistoryQuery,
  problem,
  SIGNED_IN,
} from '../contract.ts';
import { fits } from '../device-filter.ts';
import type { DashboardOptions } from '../options.ts';
import { Problem } from '../problems.ts';
import type { Sessions } from '../sessions.ts';

/** Without a reading for this many of a device's intervals its history has a gap. */
const GAP_INTERVALS = 2.5;
/** A chart with more lines than this says nothing. */
const EACH_MAX = 50;

export function addHistoryRoutes(app: App, options: DashboardOptions, sessions: Sessions): void {
  const { registry, history, groupHistory, domains } = options;
  const tags = ['history'];
  const onRequest = sessions.requirePerson;
  const byId = z.object({ id: z.string().max(64) });

  const one = async (device: Device, { fields, from, to, points }: z.output<typeof historyQuery>) => {
    const result = await history({
      domain: device.domain,
      device: device.id,
      fields: knownFields(device.domain, fields),
      from,
      to,
      pointsMax: points,
      gapMs: device.intervalS * 1000 * GAP_INTERVALS,
    });
    return { device: device.id, from, to, ...result };
  };

  const knownFields = (domain: string, list: string): string[] => {
    const model = domains.find(({ id }) => id === domain)?.model;
    const names = list.split(',').filter((name) => name !== '');
    for (const name of names) {
      if (!model || !(name in model.telemetry.shape))
        throw new Problem(422, `querystring fields: ${domain} has no field ${name}`);
    }
    if (names.length === 0) throw new Problem(422, 'querystring fields: name at least one');
    return [...new Set(names)];
  };

  const many = (query: z.output<typeof manyHistoryQuery>): Device[] => {
    if (!domains.some(({ id }) => id === query.domain))
      throw new Problem(422, `querystring domain: no system ${query.domain}`);
    const { ids, domain, district, kind } = query;
    for (const id of ids ?? []) {
      if (registry.get(id)?.domain !== domain) throw new Problem(422, `querystring ids: ${domain} has no device ${id}`);
    }
    return registry.list().filter((device) => fits(device, { ids, domain, district, kind }));
  };

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
      const device = registry.get(params.id);
      if (!device) throw new Problem(404, `There is no device ${params.id}`);
      refuseBackwards(query);
      return await one(device, query);
    },
  );
  app.get(
    '/history',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Many devices of a system as one series: those named, a district, a kind, or all',
        querystring: groupHistoryQuery,
        response: { ...SIGNED_IN, 200: groupHistoryResource, 422: problem },
      },
    },
    async ({ query }) => {
      const { domain, from, to, points } = query;
      refuseBackwards(query);
      const devices = many(query);
      const all = query.ids === undefined && query.district === undefined && query.kind === undefined;
      const result = await groupHistory({
        domain,
        ...(all ? {} : { devices: devices.map(({ id }) => id) }),
        fields: knownFields(domain, query.fields),
        from,
        to,
        pointsMax: points,
        ...(query.figures ? { figures: query.figures } : {}),
      });
      return { devices: devices.length, from, to, ...result };
    },
  );
  app.get(
    '/history/each',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Several devices of a system, a series each',
        querystring: manyHistoryQuery,
        response: { ...SIGNED_IN, 200: eachHistoryResource, 422: problem },
      },
    },
    async ({ query }) => {
      refuseBackwards(query);
      const devices = many(query);
      if (devices.length > EACH_MAX)
        throw new Problem(422, `querystring: ${devices.length} devices; at most ${EACH_MAX} with a series each`);
      return { items: await Promise.all(devices.map((device) => one(device, query))) };
    },
  );
}

function refuseBackwards({ from, to }: { from: number; to: number }): void {
  if (from >= to) throw new Problem(422, 'querystring from: must be before to');
}
