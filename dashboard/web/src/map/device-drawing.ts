import type { City } from '../city/city-context.ts';
import type { DeviceResource, Kind } from '../contract.ts';
import type { LiveStore } from '../live/live-store.ts';
import { imageOf, type Look, lookOf, signature, type Trouble, troublesOf } from './device-looks.ts';
import { addFix, placeAt, type Track } from './motion.ts';

const TRAIL_MS = 5 * 60_000;

type Points = GeoJSON.FeatureCollection<GeoJSON.Point>;
type Lines = GeoJSON.FeatureCollection<GeoJSON.LineString>;

interface Drawn {
  device: DeviceResource;
  kind: Kind;
  look: Look | null;
  signature: string;
}

function pointOf(
  longitude: number,
  latitude: number,
  properties: GeoJSON.GeoJsonProperties,
): GeoJSON.Feature<GeoJSON.Point> {
  return { type: 'Feature', geometry: { type: 'Point', coordinates: [longitude, latitude] }, properties };
}

/** Turns what the store knows into what the map draws, and tells whether that is anything new. */
export class DeviceDrawing {
  readonly #city: City;
  readonly #store: LiveStore;
  readonly #still: Drawn[] = [];
  readonly #moving: Drawn[] = [];
  #tracks = new Map<string, Track>();
  #troubles = new Map<string, Trouble>();

  constructor(city: City, store: LiveStore) {
    this.#city = city;
    this.#store = store;
    for (const device of city.devices) {
      const kind = city.kind(device.domain, device.kind);
      if (!kind) continue;
      const list = kind.symbol === 'arrow' ? this.#moving : this.#still;
      list.push({ device, kind, look: null, signature: '' });
    }
    this.readTroubles();
    for (const { device } of this.#moving) this.#takeFix(device.id);
  }

  get count(): number {
    return this.#still.length + this.#moving.length;
  }

  get anyWaiting(): boolean {
    for (const { waiting } of this.#troubles.values()) if (waiting) return true;
    return false;
  }

  readTroubles(): void {
    this.#troubles = troublesOf(this.#store.alerts());
  }

  takeFixes(changed: ReadonlySet<string> | 'all'): void {
    if (changed === 'all') this.#tracks = new Map();
    for (const { device } of this.#moving) if (changed === 'all' || changed.has(device.id)) this.#takeFix(device.id);
  }

  #takeFix(id: string): void {
    const live = this.#store.device(id);
    const { latitude, longitude, heading } = live?.values ?? {};
    const at = live?.at['latitude'];
    if (typeof latitude !== 'number' || typeof longitude !== 'number' || at === undefined) return;
    const fix = { at, latitude, longitude, heading: typeof heading === 'number' ? heading : 0 };
    this.#tracks.set(id, addFix(this.#tracks.get(id), fix, this.#store.now(), TRAIL_MS));
  }

  #look(drawn: Drawn, now: number): boolean {
    const { device, kind } = drawn;
    const live = this.#store.device(device.id);
    drawn.look = lookOf(device, kind, this.#city, live, this.#troubles.get(device.id), now);
    const next = signature(drawn.look);
    if (next === drawn.signature) return false;
    drawn.signature = next;
    return true;
  }

  /** Whether anything that stands still looks different from the last time this was asked. */
  refresh(now: number): boolean {
    let changed = false;
    for (const drawn of this.#still) if (this.#look(drawn, now)) changed = true;
    return changed;
  }

  still(): Points {
    return {
      type: 'FeatureCollection',
      features: this.#still.map((drawn) =>
        pointOf(drawn.device.longitude, drawn.device.latitude, this.#properties(drawn)),
      ),
    };
  }

  #properties({ device, kind, look }: Drawn): GeoJSON.GeoJsonProperties {
    return {
      id: device.id,
      name: device.name,
      symbol: kind.symbol,
      image: look ? imageOf(kind, look) : 'square',
      rank: look?.rank ?? 0,
      waiting: look?.waiting ? 1 : 0,
      seen: look?.seen ?? 'silent',
      lit: look?.active && look.seen !== 'lost' ? Math.max(0.2, look.level) : 0,
    };
  }

  get hasMovers(): boolean {
    return this.#moving.length > 0;
  }

  /** Where the registry says until it has said itself where it is. */
  placeOf(id: string, now: number): { longitude: number; latitude: number } | undefined {
    const track = this.#tracks.get(id);
    return track ? placeAt(track, now) : this.#city.device(id);
  }

  movers(now: number): Points {
    return {
      type: 'FeatureCollection',
      features: this.#moving.map((drawn) => {
        this.#look(drawn, now);
        const track = this.#tracks.get(drawn.device.id);
        const place = track ? placeAt(track, now) : { ...drawn.device, heading: 0 };
        const properties = { ...this.#properties(drawn), heading: place.heading };
        return pointOf(place.longitude, place.latitude, properties);
      }),
    };
  }

  trails(now: number): Lines {
    const features: Lines['features'] = [];
    for (const track of this.#tracks.values()) {
      const head = placeAt(track, now);
      const way = track.fixes.slice(0, -1).filter((fix) => fix.at >= now - TRAIL_MS && fix.at <= head.at);
      if (way.length === 0) continue;
      const coordinates = [...way, head].map(({ longitude, latitude }) => [longitude, latitude]);
      features.push({ type: 'Feature', geometry: { type: 'LineString', coordinates }, properties: {} });
    }
    return { type: 'FeatureCollection', features };
  }
}
