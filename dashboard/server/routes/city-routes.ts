import { citySchema, fieldsOf } from '@haechi/core';
import type { Domain } from '@haechi/domains';
import * as z from 'zod';
import type { App } from '../app.ts';
import { ADMIN_ONLY, cityResource, type DomainResource, domainList, problem, SIGNED_IN } from '../contract.ts';
import type { DashboardOptions } from '../options.ts';
import type { Sessions } from '../sessions.ts';

/** A whole city's ground; its schema bounds the rest. */
const CITY_SIZE_MAX = 32 * 1024 * 1024;

export function addCityRoutes(app: App, options: DashboardOptions, sessions: Sessions): void {
  const { city, mode, clock, speed, registry } = options;
  const tags = ['city'];
  const domains = options.domains.map(toResource);

  app.get(
    '/city',
    {
      onRequest: sessions.requirePerson,
      schema: { tags, summary: 'The city: names, bounds, ground, time', response: { ...SIGNED_IN, 200: cityResource } },
    },
    async () => ({ ...city.get(() => registry.list()), mode, now: clock.now(), speed: speed() }),
  );
  app.put(
    '/city',
    {
      onRequest: sessions.requireAdmin,
      bodyLimit: CITY_SIZE_MAX,
      schema: {
        tags,
        summary: 'Replace the city’s names and ground',
        body: citySchema,
        response: { ...ADMIN_ONLY, 204: z.null(), 422: problem },
      },
    },
    async (request, reply) => {
      await city.set(request.body);
      return reply.code(204).send(null);
    },
  );
  app.get(
    '/domains',
    {
      onRequest: sessions.requirePerson,
      schema: {
        tags,
        summary: 'The city systems with their fields and words',
        response: { ...SIGNED_IN, 200: domainList },
      },
    },
    async () => ({ items: domains }),
  );
}

function toResource({ id, model, locales }: Domain): DomainResource {
  const kinds = Object.entries(model.kinds).map(([kind, { symbol, intervalS, fields, level, active }]) => ({
    id: kind,
    symbol,
    intervalS,
    fields: [...fields],
    level: level ?? null,
    active: active ? { field: active.field, is: active.is ? [...active.is] : null, above: active.above ?? null } : null,
  }));
  return { id, icon: model.icon, order: model.order, kinds, fields: fieldsOf(model), locales };
}
