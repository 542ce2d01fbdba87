/** Which devices there are, where they belong and what proves them. Kept in memory whole; every change is on disk first. */
import { type Clock, type Device, type DomainModel, deviceSchema, HaechiError } from '@haechi/core';
import type { StateDb } from '@haechi/storage';
import { hashSecret, makeSecret, secretMatches } from './secrets.ts';

export const DEVICES_MAX = 50_000;
const INSERT_ROWS = 500;

interface Entry {
  device: Device;
  secretHash: string;
}

export interface RegistryOptions {
  db: StateDb;
  /** The installation's key for device secrets. */
  key: Uint8Array;
  models: ReadonlyMap<string, DomainModel>;
  clock: Clock;
}

export class Registry {
  readonly #options: RegistryOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners: ((devices: Device[]) => void)[] = [];
  #provisioning: Promise<unknown> = Promise.resolve();

  private constructor(options: RegistryOptions) {
    this.#options = options;
  }

  static async open(options: RegistryOptions): Promise<Registry> {
    const registry = new Registry(options);
    for (const row of await options.db.selectFrom('devices').selectAll().execute()) {
      const { interval_s: intervalS, attributes_json, secret_hash: secretHash, created_at: _, ...plain } = row;
      const attributes = JSON.parse(attributes_json) as Record<string, unknown>;
      registry.#entries.set(row.id, { device: { ...plain, intervalS, attributes }, secretHash });
    }
    return registry;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): Device | undefined {
    return this.#entries.get(id)?.device;
  }

  /** In the order of their ids. */
  list(): Device[] {
    return [...this.#entries.values()].map((entry) => entry.device).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Told of devices added or changed, after they are on disk. */
  onChange(listener: (devices: Device[]) => void): void {
    this.#listeners.push(listener);
  }

  /** The device that `id` and `secret` prove; `undefined` where they prove none. */
  authenticate(id: string, secret: Uint8Array): Device | undefined {
    const entry = this.#entries.get(id);
    // An unknown id costs the same hash, so that it cannot be told from a wrong secret by its time.
    const matches = secretMatches(this.#options.key, secret, entry?.secretHash ?? '');
    return matches ? entry?.device : undefined;
  }

  /**
   * Adds devices and makes each its secret. All or none. With `renew` an id that is registered already gets this entry
   * and a new secret, and its old one is void at once; else it is refused.
   * @returns each device's secret, which is kept nowhere.
   * @throws HaechiError DEVICE_INVALID naming the entry, the field and the reason.
   */
  provision(candidates: readonly unknown[], { renew = false } = {}): Promise<Map<string, string>> {
    // One after the other: two that ask for one id at once must not both find it free.
    const provisioned = this.#provisioning.then(() => this.#provision(candidates, renew));
    this.#provisioning = provisioned.catch(() => undefined); // whoever asked is told
    return provisioned;
  }

  async #provision(candidates: readonly unknown[], renew: boolean): Promise<Map<string, string>> {
    const devices = candidates.map((candidate, index) => this.check(candidate, `device ${index + 1}`));
    const ids = new Set<string>();
    let added = 0;
    for (const { id } of devices) {
      if (ids.has(id)) throw new HaechiError('DEVICE_INVALID', `device ${id} is there twice`);
      if (this.#entries.has(id) && !renew) throw new HaechiError('DEVICE_INVALID', `device ${id} exists already`);
      if (!this.#entries.has(id)) added++;
      ids.add(id);
    }
    if (this.size + added > DEVICES_MAX) throw new HaechiError('DEVICE_INVALID', `more than ${DEVICES_MAX} devices`);
    const secrets = new Map(devices.map(({ id }) => [id, makeSecret()]));
    await this.#write(devices, secrets);
    return secrets;
  }

  /** A device that the schema, its domain and its kind allow. */
  check(candidate: unknown, where: string): Device {
    const parsed = deviceSchema.safeParse(candidate);
    if (!parsed.success) throw invalid(where, parsed.error.issues);
    const device = parsed.data;
    const kind = this.#options.models.get(device.domain)?.kinds[device.kind];
    if (!kind)
      throw new HaechiError('DEVICE_INVALID', `${where} (${device.id}): no kind ${device.kind} in ${device.domain}`);
    const attributes = kind.attributes.safeParse(device.attributes);
    if (!attributes.success) throw invalid(`${where} (${device.id}) attributes`, attributes.error.issues);
    return { ...device, attributes: attributes.data };
  }

  async #write(devices: readonly Device[], secrets: ReadonlyMap<string, string>): Promise<void> {
    const { db, key, clock } = this.#options;
    const hashes = new Map([...secrets].map(([id, secret]) => [id, hashSecret(key, secret)]));
    const rows = devices.map(({ intervalS, attributes, ...plain }) => ({
      ...plain,
      interval_s: intervalS,
      attributes_json: JSON.stringify(attributes),
      secret_hash: hashes.get(plain.id) ?? '',
      created_at: clock.now(),
    }));
    await db.transaction().execute(async (tx) => {
      for (let start = 0; start < rows.length; start += INSERT_ROWS) {
        await tx
          .insertInto('devices')
          .values(rows.slice(start, start + INSERT_ROWS))
          .onConflict((conflict) =>
            conflict.column('id').doUpdateSet((eb) => ({
              domain: eb.ref('excluded.domain'),
              kind: eb.ref('excluded.kind'),
              district: eb.ref('excluded.district'),
              name: eb.ref('excluded.name'),
              latitude: eb.ref('excluded.latitude'),
              longitude: eb.ref('excluded.longitude'),
              interval_s: eb.ref('excluded.interval_s'),
              parent: eb.ref('excluded.parent'),
              attributes_json: eb.ref('excluded.attributes_json'),
              secret_hash: eb.ref('excluded.secret_hash'),
            })),
          )
          .execute();
      }
    });
    for (const device of devices) {
      this.#entries.set(device.id, { device, secretHash: hashes.get(device.id) ?? '' });
    }
    for (const listener of this.#listeners) listener([...devices]);
  }
}

function invalid(where: string, issues: readonly { path: PropertyKey[]; message: string }[]): HaechiError {
  const [issue] = issues;
  return new HaechiError('DEVICE_INVALID', `${where}, ${issue?.path.join('.') || 'entry'}: ${issue?.message}`);
}
