import * as z from 'zod';
import type { App } from '../app.ts';
import { exportQuery, problem, SIGNED_IN } from '../contract.ts';
import type { DashboardOptions } from '../options.ts';
import { Problem } from '../problems.ts';
import { sendFile } from '../send-file.ts';
import type { Sessions } from '../sessions.ts';

const TYPE = { csv: 'text/csv; charset=utf-8; header=present', parquet: 'application/vnd.apache.parquet' };

export function addExportRoutes(app: App, options: DashboardOptions, sessions: Sessions): void {
  const { domains, registry, exportReadings } = options;

  const fieldsOf = (domain: string, fields: string[] | undefined): string[] | undefined => {
    const model = domains.find(({ id }) => id === domain)?.model;
    if (!model) throw new Problem(422, `querystring domain: there is no system ${domain}`);
    for (const name of fields ?? []) {
      if (!(name in model.telemetry.shape))
        throw new Problem(422, `querystring fields: ${domain} has no field ${name}`);
    }
    return fields?.length === 0 ? undefined : fields;
  };

  const devicesOf = ({ domain, devices, district }: z.output<typeof exportQuery>): string[] | undefined => {
    if (devices !== undefined && district !== undefined)
      throw new Problem(422, 'querystring district: name devices or a district, not both');
    for (const id of devices ?? []) {
      if (registry.get(id)?.domain !== domain)
        throw new Problem(422, `querystring devices: ${domain} has no device ${id}`);
    }
    if (district === undefined) return devices?.length === 0 ? undefined : devices;
    const there = registry.list().filter((device) => device.domain === domain && device.district === district);
    if (there.length === 0) throw new Problem(422, `querystring district: ${domain} has no devices in ${district}`);
    return there.map(({ id }) => id);
  };

  app.get(
    '/export',
    {
      onRequest: sessions.requirePerson,
      compress: false,
      schema: {
        tags: ['history'],
        summary:
          'Readings of a system as a file: CSV (RFC 4180, times RFC 3339 in UTC) or Parquet (epoch milliseconds)',
        querystring: exportQuery,
        response: {
          ...SIGNED_IN,
          200: z.string().meta({ description: 'The file', contentMediaType: 'text/csv' }),
          422: problem,
          503: problem,
          507: problem,
        },
      },
    },
    async ({ query }, reply) => {
      const { domain, from, to, resolution, format } = query;
      if (from >= to) throw new Problem(422, 'querystring from: must be before to');
      const fields = fieldsOf(domain, query.fields);
      const devices = devicesOf(query);
      const file = await exportReadings({
        domain,
        ...(devices ? { devices } : {}),
        ...(fields ? { fields } : {}),
        from,
        to,
        resolution,
        format,
      });
      return sendFile(reply.header('x-haechi-rows', file.rows), TYPE[format], file);
    },
  );
}
