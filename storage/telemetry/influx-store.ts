/**
 * The telemetry store for whoever has or wants a time-series server: InfluxDB 1.x, 2.x or 3.x.
 * It may be away at any time, at the start too: the journal keeps the readings until it is back.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type DomainModel, HaechiError, type Reading, type Values } from '@haechi/core';
import { markGaps } from './gaps.ts';
import { storeError } from './influx-errors.ts';
import { exportRows } from './influx-export.ts';
import { lineOf, type Measurement, measurementOf } from './influx-lines.ts';
import { readNewest, readPoints } from './influx-points.ts';
import { readGroup, readRange } from './influx-range.ts';
import { InfluxServer, type InfluxSettings } from './influx-server.ts';
import { writeLines } from './influx-write.ts';
import { ReadingsRefusedError } from './readings-refused.ts';
import { pointKey, SeenPoints } from './seen-points.ts';
import { StoreCursor } from './store-cursor.ts';
import type {
  ExportQuery,
  GroupQuery,
  RangeQuery,
  RangeResult,
  StorePosition,
  TelemetryStore,
} from './telemetry-store.ts';

const CURSOR_FILE = 'influx-cursor.json';

export interface InfluxStoreSettings extends InfluxSettings {
  /** Where the cursor is kept, in `influx-cursor.json`. */
  folder: string;
}

export class InfluxStore implements TelemetryStore {
  readonly #settings: InfluxSettings;
  readonly #measurements: Map<string, Measurement>;
  readonly #cursor: StoreCursor;
  readonly #seen = new SeenPoints((domain, devices, since) => {
    const measurement = this.#measurement(domain);
    return this.#ask((server) => readNewest(server, measurement, devices, since));
  });
  /** Found anew after a write that got no answer: it may come back as another version, or with its bucket gone. */
  #server: Promise<InfluxServer> | undefined;
  #description: string;

  private constructor(settings: InfluxSettings, measurements: Map<string, Measurement>, cursor: StoreCursor) {
    this.#settings = settings;
    this.#measurements = measurements;
    this.#cursor = cursor;
    this.#description = this.#named('InfluxDB');
  }

  /**
   * Opens with the server away, too; only its own definite no stops the start.
   * @throws HaechiError STORE_REFUSED for a wrong token or a missing bucket; SETTING_INVALID; DATA_FOLDER for a damaged cursor.
   */
  static async open(settings: InfluxStoreSettings, models: readonly DomainModel[]): Promise<InfluxStore> {
    const { folder, ...server } = settings;
    if (!/^https?:$/.test(new URL(server.url).protocol)) {
      throw new HaechiError('SETTING_INVALID', `setting INFLUX_URL is wrong: ${server.url} is neither http nor https`);
    }
    const measurements = new Map(models.map((model) => [model.id, measurementOf(model)]));
    const cursor = await StoreCursor.open(join(folder, CURSOR_FILE));
    const store = new InfluxStore(server, measurements, cursor);
    await store.#connected().catch((error: HaechiError) => {
      if (error.code !== 'STORE_UNREACHABLE') throw error;
    });
    return store;
  }

  /** With the version once it is known. */
  get description(): string {
    return this.#description;
  }

  async position(): Promise<StorePosition> {
    return this.#cursor.position;
  }

  async unseen(readings: readonly Reading[]): Promise<Reading[]> {
    return await this.#seen.unseen(readings, (some) => this.#lookUp(some));
  }

  /** @param readings of one system */
  async #lookUp(readings: readonly Reading[]): Promise<Map<string, Values>> {
    const shown = new Map<string, Values>();
    const [first] = readings;
    if (!first) return shown;
    const measurement = this.#measurement(first.domain);
    const points = await this.#ask((server) =>
      readPoints(server, measurement, [...measurement.fields.keys()], readings),
    );
    const received = Map.groupBy(readings, pointKey);
    for (const [key, { values, receivedAt }] of points) {
      // Received in the same millisecond, it is what a write that came to no end has left of these very readings.
      const own = received.get(key)?.some((reading) => reading.receivedAt === receivedAt);
      if (!(own && this.#cursor.isWriting)) shown.set(key, values);
    }
    return shown;
  }

  /** InfluxDB itself drops what is older than its bucket or retention policy keeps, and refuses it from then on. */
  keptSince(): number {
    return Number.NEGATIVE_INFINITY;
  }

  /**
   * Points first, the cursor after them: what a crash or an error leaves in between is written again, which changes nothing.
   * @throws HaechiError STORE_UNREACHABLE, STORE_REFUSED; ReadingsRefusedError with the readings that can never be written.
   */
  async append(readings: readonly Reading[], position: StorePosition): Promise<void> {
    if (readings.length > 0) {
      const lines = readings.map((reading) => ({ reading, text: lineOf(this.#measurement(reading.domain), reading) }));
      await this.#cursor.begin(position.group);
      for (const reading of readings) this.#seen.note(reading); // it may be there from now on, whatever the answer is
      const refused = await this.#ask((server) => writeLines(server, lines)).catch((error: HaechiError) => {
        if (error.code === 'STORE_UNREACHABLE') this.#disconnect();
        throw error;
      });
      if (refused.length > 0) throw new ReadingsRefusedError(this.#description, refused, readings.length);
    }
    await this.#cursor.moveTo(position, readings.length);
  }

  /** None that we know of: what its own retention drops InfluxDB does not tell. */
  async dropped(): Promise<number> {
    return 0;
  }

  async range(query: RangeQuery): Promise<RangeResult> {
    const measurement = this.#measurement(query.domain);
    return markGaps(await this.#ask((server) => readRange(server, measurement, query)), query.gapMs);
  }

  async group(query: GroupQuery): Promise<RangeResult> {
    const measurement = this.#measurement(query.domain);
    return await this.#ask((server) => readGroup(server, measurement, query));
  }

  async export(query: ExportQuery, path: string): Promise<{ rows: number }> {
    const measurement = this.#measurement(query.domain);
    return await this.#ask((server) => exportRows(server, measurement, query, path));
  }

  /** Nothing is due: InfluxDB aggregates when it is asked, and drops by itself what is too old. */
  async maintain(): Promise<void> {}

  /** The cursor alone: the readings are InfluxDB's, and backed up there. */
  async snapshot(folder: string): Promise<StorePosition> {
    await mkdir(folder, { recursive: true });
    return await this.#cursor.copyTo(join(folder, CURSOR_FILE));
  }

  /** As counted when they were stored from this data folder: InfluxDB would have to read every point for it. */
  async count(): Promise<number> {
    return this.#cursor.readings;
  }

  async close(): Promise<void> {
    this.#disconnect();
  }

  #disconnect(): void {
    this.#server?.then((server) => server.close()).catch(() => undefined); // one that was never reached has nothing to close
    this.#server = undefined;
  }

  #named(what: string): string {
    return `${what} at ${new URL(this.#settings.url).host}`;
  }

  #measurement(domain: string): Measurement {
    const measurement = this.#measurements.get(domain);
    if (!measurement) throw new HaechiError('DOMAIN_INVALID', `no measurement for the system ${domain}`);
    return measurement;
  }

  async #ask<T>(question: (server: InfluxServer) => Promise<T>): Promise<T> {
    const server = await this.#connected();
    try {
      return await question(server);
    } catch (cause) {
      throw storeError(cause, server.place);
    }
  }

  async #connected(): Promise<InfluxServer> {
    this.#server ??= InfluxServer.connect(this.#settings);
    try {
      const server = await this.#server;
      this.#description = this.#named(server.version ? `InfluxDB ${server.version}` : 'InfluxDB');
      return server;
    } catch (error) {
      this.#server = undefined;
      throw error;
    }
  }
}
