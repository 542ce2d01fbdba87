/** The city's names and ground: from the file that the settings name, else from the data folder, else none. */
import { existsSync, readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type City, citySchema, type Device, HaechiError, messageOf } from '@haechi/core';

export interface CityStoreOptions {
  /** Where an administrator's city is kept. */
  path: string;
  /** A file that wins over it and cannot be changed from here. */
  fixedPath: string | undefined;
  timeZone: string;
}

export class CityStore {
  readonly #options: CityStoreOptions;
  #city: City | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** @throws HaechiError CITY_INVALID naming file and entry. */
  constructor(options: CityStoreOptions) {
    this.#options = options;
    const path = options.fixedPath ?? (existsSync(options.path) ? options.path : undefined);
    if (path !== undefined) this.#city = readCity(path);
  }

  /** Without a city of its own, one that is as large as its devices. */
  get(devices: () => readonly Device[]): City {
    return this.#city ?? unnamedCity(this.#options.timeZone, devices());
  }

  /**
   * On disk first, then shown; one after the other, the last one holds.
   * @throws HaechiError CITY_INVALID where a setting fixes the city.
   */
  set(city: City): Promise<void> {
    const { path, fixedPath } = this.#options;
    if (fixedPath !== undefined)
      return Promise.reject(new HaechiError('CITY_INVALID', `the city is fixed by ${fixedPath}`));
    const written = this.#writing.then(async () => {
      await replaceFile(path, JSON.stringify(city));
      this.#city = city;
    });
    this.#writing = written.catch(() => undefined); // whoever asked is told
    return written;
  }
}

/** A crash leaves the old file or the new one, whole. */
async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${crypto.randomUUID()}.new`;
  try {
    const file = await open(draft, 'wx');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  const folder = await open(dirname(path)); // its entry is what names the new one
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function readCity(path: string): City {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new HaechiError('CITY_INVALID', `the city file ${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
  const parsed = citySchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new HaechiError('CITY_INVALID', `the city file ${path}, ${issue?.path.join('.')}: ${issue?.message}`);
}

const MARGIN_DEGREES = 0.02;
/** Where there is nothing yet to look at: Seoul. */
const NOWHERE: [number, number, number, number] = [126.8, 37.45, 127.15, 37.68];

function unnamedCity(timeZone: string, devices: readonly Device[]): City {
  const bounds: City['bounds'] = [...NOWHERE];
  if (devices.length > 0) {
    bounds[0] = Math.min(...devices.map((device) => device.longitude)) - MARGIN_DEGREES;
    bounds[1] = Math.min(...devices.map((device) => device.latitude)) - MARGIN_DEGREES;
    bounds[2] = Math.max(...devices.map((device) => device.longitude)) + MARGIN_DEGREES;
    bounds[3] = Math.max(...devices.map((device) => device.latitude)) + MARGIN_DEGREES;
  }
  const districts = [...new Set(devices.map((device) => device.district))].sort();
  return {
    name: { en: 'City', ko: '도시' },
    timeZone,
    bounds,
    districts: districts.map((id) => ({ id, name: { en: id, ko: id } })),
    map: { type: 'FeatureCollection', features: [] },
  };
}
