import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';
import type { CityResource, Language } from '../contract.ts';
import type { Palette } from '../theme/palette.ts';

/** Drawn from the page's own font: without a glyph server MapLibre takes every letter from the browser. */
export const MAP_FONT = 'Pretendard Variable';

type GroundFeature = GeoJSON.Feature<GeoJSON.Geometry, { class: string; name: string }>;

/** The middle of an outline, weighted by its area (the shoelace formula). */
export function middleOf(ring: readonly (readonly number[])[]): [number, number] {
  let [area, x, y] = [0, 0, 0];
  for (const [index, [ax = 0, ay = 0]] of ring.entries()) {
    const [bx = 0, by = 0] = ring[(index + 1) % ring.length] ?? [];
    const cross = ax * by - bx * ay;
    area += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  const [first = []] = ring;
  return area === 0 ? [first[0] ?? 0, first[1] ?? 0] : [x / (3 * area), y / (3 * area)];
}

/**
 * The city's ground with each name in one language. An area's name is a point of its own: on the area it would be
 * written once in each tile.
 */
export function groundOf(city: CityResource, language: Language): GeoJSON.FeatureCollection {
  const features: GroundFeature[] = [];
  for (const { properties, geometry } of city.map.features) {
    const name = properties.name?.[language] ?? '';
    const area = geometry.type === 'Polygon';
    const { class: what } = properties;
    features.push({ type: 'Feature', properties: { class: what, name }, geometry: geometry as GeoJSON.Geometry });
    if (!area || name === '') continue;
    const coordinates = middleOf(geometry.coordinates[0] ?? []);
    features.push({ type: 'Feature', properties: { class: what, name }, geometry: { type: 'Point', coordinates } });
  }
  return { type: 'FeatureCollection', features };
}

const is = (...classes: string[]) => ['in', ['get', 'class'], ['literal', classes]] as const;
const shape = (type: 'Polygon' | 'LineString' | 'Point') => ['==', ['geometry-type'], type] as const;

/** Widths grow with the zoom: [zoom, pixels] pairs. */
function growing(...stops: number[]) {
  return ['interpolate', ['exponential', 1.5], ['zoom'], ...stops] as unknown as number;
}

function layers(palette: Palette): LayerSpecification[] {
  const source = 'ground';
  const halo = { 'text-color': palette.muted, 'text-halo-color': palette.ground, 'text-halo-width': 1.5 };
  const named = ['!=', ['get', 'name'], ''] as const;
  const line = (id: string, classes: string[], paint: object, more: object = {}): LayerSpecification =>
    ({
      id,
      type: 'line',
      source,
      filter: ['all', is(...classes)],
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint,
      ...more,
    }) as unknown as LayerSpecification;
  const fill = (id: string, classes: string[], colour: string): LayerSpecification =>
    ({
      id,
      type: 'fill',
      source,
      filter: ['all', is(...classes), shape('Polygon')],
      paint: { 'fill-color': colour },
    }) as unknown as LayerSpecification;
  const label = (id: string, filter: unknown, layout: object, more: object = {}): LayerSpecification =>
    ({
      id,
      type: 'symbol',
      source,
      filter: ['all', named, filter],
      layout: { 'text-field': ['get', 'name'], 'text-font': [MAP_FONT], ...layout },
      paint: halo,
      ...more,
    }) as unknown as LayerSpecification;
  return [
    { id: 'ground', type: 'background', paint: { 'background-color': palette.ground } },
    fill('land', ['land'], palette.land),
    fill('park', ['park'], palette.park),
    fill('water', ['water'], palette.water),
    line('stream', ['water'], { 'line-color': palette.water, 'line-width': growing(11, 1.5, 16, 12) }),
    line('road-minor', ['road-minor'], { 'line-color': palette.road, 'line-width': growing(11, 0.6, 16, 6) }),
    line('road-major', ['road-major'], { 'line-color': palette.road, 'line-width': growing(11, 1.8, 16, 13) }),
    line(
      'feeder',
      ['feeder'],
      { 'line-color': palette.line, 'line-width': 1, 'line-dasharray': [1, 3] },
      { minzoom: 14 },
    ),
    line('district', ['district'], { 'line-color': palette.line, 'line-width': 1.2, 'line-dasharray': [4, 3] }),
    label(
      'road-name',
      is('road-major', 'road-minor'),
      { 'symbol-placement': 'line', 'text-size': 12, 'symbol-spacing': 400 },
      { minzoom: 13.6 },
    ),
    label('water-name', ['all', is('water'), shape('LineString')], { 'symbol-placement': 'line', 'text-size': 12 }),
    label('area-name', ['all', is('water', 'park'), shape('Point')], { 'text-size': 12 }),
    label(
      'site-name',
      ['all', is('site'), shape('Point')],
      { 'text-size': 12, 'text-anchor': 'top', 'text-offset': [0, 0.8] },
      { minzoom: 13 },
    ),
    label('district-name', ['all', is('district'), shape('Point')], {
      'text-size': 15,
      'text-letter-spacing': 0.04,
      'text-padding': 12,
    }),
  ];
}

export function groundStyle(city: CityResource, palette: Palette, language: Language): StyleSpecification {
  return {
    version: 8,
    sources: { ground: { type: 'geojson', data: groundOf(city, language) } },
    layers: layers(palette),
  };
}

/** A dynamic font comes in pieces; a letter drawn before its piece is there would be drawn in another font for good. */
export async function loadMapFont(city: CityResource, language: Language, more: readonly string[]): Promise<void> {
  const names = city.map.features.map(({ properties }) => properties.name?.[language] ?? '');
  const letters = [...new Set([...names, ...more, '0123456789/ .-'].join(''))].join('');
  await document.fonts.load(`400 16px "${MAP_FONT}"`, letters);
}
