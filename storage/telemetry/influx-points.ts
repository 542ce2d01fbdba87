/** Finds devices and single points, in answers of bounded size, however many others lie between them. */
import type { Values } from '@haechi/core';
import type { Measurement } from './influx-lines.ts';
import { DEVICES_MAX, deviceLists, quoted, spanOf, whereOf } from './influx-ql.ts';
import type { InfluxServer } from './influx-server.ts';
import { pointKey } from './seen-points.ts';

type Asked = Pick<InfluxServer, 'query'>;

/** Devices are asked about together where what is wanted of them begins this close. */
const NEAR_MS = 10 * 60_000;
/** Rows of an answer: room for what is wanted and as much in between. More is skipped by asking again from the next one wanted. */
const ROWS_MAX = 10_000;
const FOREVER = Number.MAX_SAFE_INTEGER;

export interface PointAddress {
  device: string;
  ts: number;
}

export interface StoredPoint extends PointAddress {
  /** Of those asked for; one that the point does not have is left out. */
  values: Values;
  /** Of the message that wrote to it last; nothing where somebody else has written it. */
  receivedAt: number | undefined;
}

/** What stands at these points, by `pointKey`; a point that is not there is left out. */
export async function readPoints(
  server: Asked,
  measurement: Measurement,
  fields: readonly string[],
  wanted: readonly PointAddress[],
): Promise<Map<string, StoredPoint>> {
  const found = new Map<string, StoredPoint>();
  const times = new Map<string, number[]>();
  for (const { device, ts } of wanted) {
    const known = times.get(device);
    if (known) known.push(ts);
    else times.set(device, [ts]);
  }
  for (const some of nearOnes(times)) {
    const devices = some.map(([device]) => device);
    const all = [...new Set(some.flatMap(([, at]) => at))].sort((a, b) => a - b);
    const keys = new Set(some.flatMap(([device, at]) => at.map((ts) => pointKey({ device, ts }))));
    const limit = Math.min(ROWS_MAX, devices.length + 2 * keys.size);
    const columns = ['receivedAt', ...fields].map(quoted).join(', ');
    for (let next: number | undefined = all[0]; next !== undefined; ) {
      const span = spanOf({ from: next, to: (all.at(-1) as number) + 1 });
      const rows = await server.query(
        `SELECT "device", ${columns} FROM ${quoted(measurement.name)} ${whereOf(devices, span)} LIMIT ${limit}`,
      );
      for (const [time, name, receivedAt, ...cells] of rows) {
        const address = { device: String(name), ts: Number(time) };
        const key = pointKey(address);
        if (!keys.has(key)) continue;
        const values = fields.flatMap((field, index) => (cells[index] == null ? [] : [[field, cells[index]]]));
        found.set(key, {
          ...address,
          values: Object.fromEntries(values) as Values,
          receivedAt: receivedAt === null ? undefined : Number(receivedAt),
        });
      }
      // The last time of a full answer may have more rows. At one time there are fewer rows than an answer has, so this goes on.
      const last = Number(rows.at(-1)?.[0]);
      next = rows.length < limit ? undefined : all.find((ts) => ts >= last);
    }
  }
  return found;
}

/** Devices with their times, oldest first, in lists that are short and lie close together. */
function nearOnes(times: Map<string, number[]>): [string, number[]][][] {
  const entries = [...times].map(([device, at]): [string, number[]] => [device, at.sort((a, b) => a - b)]);
  entries.sort(([, a], [, b]) => (a[0] as number) - (b[0] as number));
  const lists: [string, number[]][][] = [];
  for (const entry of entries) {
    const last = lists.at(-1);
    const begin = last?.[0]?.[1][0] ?? Number.NEGATIVE_INFINITY;
    if (last && last.length < DEVICES_MAX && (entry[1][0] as number) - begin <= NEAR_MS) last.push(entry);
    else lists.push([entry]);
  }
  return lists;
}

/** When each of these devices was last measured, of those that have a reading at `since` or after it; epoch milliseconds. */
export async function readNewest(
  server: Asked,
  measurement: Measurement,
  devices: readonly string[],
  since: number,
): Promise<Map<string, number>> {
  const newest = new Map<string, number>();
  for (const some of deviceLists(devices)) {
    const span = spanOf({ from: since, to: FOREVER });
    // One series of all devices: an answer that a server cuts short is marked as such only within a series.
    const last = `SELECT last("receivedAt") AS "last" FROM ${quoted(measurement.name)} ${whereOf(some, span)} GROUP BY "device"`;
    for (const [time, device] of await server.query(`SELECT "device", "last" FROM (${last})`)) {
      newest.set(String(device), Number(time));
    }
  }
  return newest;
}

/** Every device that has ever had a reading, whether it is still kept or not. */
export async function readDevices(server: Asked, { name }: Measurement): Promise<string[]> {
  const devices: string[] = [];
  for (;;) {
    const page = `LIMIT ${ROWS_MAX} OFFSET ${devices.length}`;
    const rows = await server.query(`SHOW TAG VALUES FROM ${quoted(name)} WITH KEY = "device" ${page}`);
    for (const [, device] of rows) devices.push(String(device));
    if (rows.length < ROWS_MAX) return devices;
  }
}
