import { type GeoJSONSource, Map as MapLibre, type MapMouseEvent, setWorkerUrl } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import type { City } from '../city/city-context.ts';
import type { Language } from '../contract.ts';
import type { Stage } from '../core.ts';
import type { LiveStore } from '../live/live-store.ts';
import type { Palette } from '../theme/palette.ts';
import { DeviceDrawing } from './device-drawing.ts';
import { BLINKING, deviceLayers, deviceSourceFor, PRESSABLE, plainSource } from './device-layers.ts';
import { groundStyle } from './ground-style.ts';
import { IMAGE_RATIO, mapImages } from './map-images.ts';
import type { MapPosition } from './map-position.ts';

setWorkerUrl(workerUrl);

/** The map is redrawn from the store at most this often, however much comes. */
const TICK_MS = 250;
/** Where a redraw costs more, it comes more seldom. */
const MANY_DEVICES = 4000;
/** How near a press must be to what it means, in pixels. */
const REACH_PX = 6;
const FOLLOW_ZOOM = 15;
/** A blinking shape never goes out altogether: whoever looks in that half second must see it too. */
const DIMMED = 0.35;

export interface MapOptions {
  container: HTMLElement;
  label: string;
  city: City;
  store: LiveStore;
  palette: Palette;
  language: Language;
  stageWords: Record<Stage, string>;
  /** The reader wants no motion. */
  still: boolean;
  position: MapPosition | null;
  onMoved: (position: MapPosition) => void;
  onSelect: (device: string) => void;
  onHover: (device: string | null, x: number, y: number) => void;
  onDrawn: (devices: number) => void;
}

/** One MapLibre map and what keeps it true to the store. */
export class CityMapDrawing {
  readonly #options: MapOptions;
  readonly #map: MapLibre;
  readonly #drawing: DeviceDrawing;
  #timer: ReturnType<typeof setInterval> | undefined;
  #unsubscribe: (() => void)[] = [];
  #dirty = true;
  #tick = 0;
  #drawnAt = 0;
  #selected: string | null = null;

  constructor(options: MapOptions) {
    this.#options = options;
    const { container, label, city, store, palette, language, position } = options;
    const [west, south, east, north] = city.city.bounds;
    this.#drawing = new DeviceDrawing(city, store);
    this.#map = new MapLibre({
      container,
      style: groundStyle(city.city, palette, language),
      ...(position
        ? { center: [position.longitude, position.latitude], zoom: position.zoom }
        : { bounds: [west, south, east, north], fitBoundsOptions: { padding: 24 } }),
      attributionControl: false,
      locale: { 'Map.Title': label },
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      minZoom: 8,
      maxZoom: 19,
    });
    this.#map.touchZoomRotate.disableRotation();
    this.#map.once('load', () => this.#start());
  }

  remove(): void {
    clearInterval(this.#timer);
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#map.remove();
  }

  // ── the camera ──

  zoomBy(step: number): void {
    this.#map.easeTo({ zoom: this.#map.getZoom() + step, duration: this.#options.still ? 0 : 200 });
  }

  showWhole(): void {
    const [west, south, east, north] = this.#options.city.city.bounds;
    this.#map.fitBounds([west, south, east, north], { padding: 24, animate: !this.#options.still });
  }

  moveTo({ longitude, latitude, zoom }: MapPosition): void {
    this.#map.jumpTo({ center: [longitude, latitude], zoom });
  }

  /** Marks a device, and brings it into sight beside the sheet where it is not. */
  select(id: string | null, sheetPx: number): void {
    this.#selected = id;
    if (!this.#map.getSource('selected')) return;
    this.#drawSelected();
    const place = id === null ? undefined : this.#drawing.placeOf(id, this.#options.store.now());
    if (!place) return;
    const { x, y } = this.#map.project([place.longitude, place.latitude]);
    const { clientWidth, clientHeight } = this.#options.container;
    const inSight = x > sheetPx + 24 && x < clientWidth - 24 && y > 24 && y < clientHeight - 24;
    if (inSight && this.#map.getZoom() >= FOLLOW_ZOOM - 1.5) return;
    this.#map.easeTo({
      center: [place.longitude, place.latitude],
      zoom: Math.max(this.#map.getZoom(), FOLLOW_ZOOM),
      offset: [sheetPx / 2, 0],
      duration: this.#options.still ? 0 : 500,
    });
  }

  // ── drawing ──

  #start(): void {
    const { palette, stageWords, still, store, onDrawn } = this.#options;
    const map = this.#map;
    for (const [name, image] of mapImages(palette)) map.addImage(name, image, { pixelRatio: IMAGE_RATIO });
    map.addSource('devices', deviceSourceFor(this.#drawing.count));
    for (const id of ['movers', 'trails', 'selected']) map.addSource(id, plainSource);
    for (const layer of deviceLayers(palette, stageWords, still)) map.addLayer(layer);

    this.#unsubscribe = [
      store.subscribeDevices((changed) => {
        this.#dirty = true;
        this.#drawing.takeFixes(changed);
      }),
      store.subscribeAlerts(() => {
        this.#dirty = true;
        this.#drawing.readTroubles();
      }),
    ];
    this.#listen();
    this.#draw();
    this.select(this.#selected, 0);
    this.#timer = setInterval(() => this.#draw(), TICK_MS);
    const drawn = () => {
      if (!map.isSourceLoaded('devices')) return;
      map.off('render', drawn);
      onDrawn(this.#drawing.count);
    };
    map.on('render', drawn);
    map.triggerRepaint();
  }

  #source(id: string): GeoJSONSource | undefined {
    return this.#map.getSource<GeoJSONSource>(id);
  }

  #draw(): void {
    if (document.hidden) return;
    this.#tick += 1;
    const now = this.#options.store.now();
    const everyMs = this.#drawing.count > MANY_DEVICES ? TICK_MS * 4 : TICK_MS;
    // Once a second also without news: silence makes a device late, and then lost.
    const due = this.#dirty || this.#tick % 4 === 0;
    if (due && performance.now() - this.#drawnAt >= everyMs - 20) {
      this.#dirty = false;
      this.#drawnAt = performance.now();
      if (this.#drawing.refresh(now)) void this.#source('devices')?.setData(this.#drawing.still());
    }
    if (this.#drawing.hasMovers) {
      void this.#source('movers')?.setData(this.#drawing.movers(now));
      if (this.#tick % 4 === 1) void this.#source('trails')?.setData(this.#drawing.trails(now));
      if (this.#selected !== null) this.#drawSelected();
    }
    if (!this.#options.still && this.#tick % 2 === 0 && this.#drawing.anyWaiting) this.#blink();
  }

  #blink(): void {
    const opacity = this.#tick % 4 === 0 ? 1 : DIMMED;
    for (const layer of BLINKING) this.#map.setPaintProperty(layer, 'icon-opacity', opacity);
  }

  #drawSelected(): void {
    const id = this.#selected;
    const place = id === null ? undefined : this.#drawing.placeOf(id, this.#options.store.now());
    const features: GeoJSON.Feature[] = place
      ? [
          {
            type: 'Feature',
            geometry: { type: 'Point', coordinates: [place.longitude, place.latitude] },
            properties: {},
          },
        ]
      : [];
    void this.#source('selected')?.setData({ type: 'FeatureCollection', features });
  }

  // ── the pointer ──

  #found({ point: { x, y } }: MapMouseEvent) {
    const box: [[number, number], [number, number]] = [
      [x - REACH_PX, y - REACH_PX],
      [x + REACH_PX, y + REACH_PX],
    ];
    return this.#map.queryRenderedFeatures(box, { layers: PRESSABLE })[0];
  }

  #listen(): void {
    const map = this.#map;
    const { onMoved, onSelect, onHover } = this.#options;
    map.on('moveend', () => {
      const { lng, lat } = map.getCenter();
      onMoved({ longitude: lng, latitude: lat, zoom: map.getZoom() });
    });
    map.on('click', (event) => {
      const found = this.#found(event);
      if (!found) return;
      const cluster: unknown = found.properties['cluster_id'];
      if (typeof cluster !== 'number') {
        onSelect(String(found.properties['id']));
        return;
      }
      void this.#source('devices')
        ?.getClusterExpansionZoom(cluster)
        .then((zoom) =>
          map.easeTo({ center: event.lngLat, zoom: zoom + 0.2, duration: this.#options.still ? 0 : 400 }),
        );
    });
    map.on('mousemove', (event) => {
      const found = this.#found(event);
      map.getCanvas().style.cursor = found ? 'pointer' : '';
      const id: unknown = found?.properties['id'];
      onHover(typeof id === 'string' ? id : null, event.point.x, event.point.y);
    });
    map.on('mouseout', () => onHover(null, 0, 0));
  }
}
