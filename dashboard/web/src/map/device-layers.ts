import type { GeoJSONSourceSpecification, LayerSpecification } from 'maplibre-gl';
import { STAGES, type Stage } from '../core.ts';
import type { Palette } from '../theme/palette.ts';
import { MAP_FONT } from './ground-style.ts';

/** At larger zooms every device stands for itself: sooner in a city that is still legible then. */
const CLUSTERS_TO_ZOOM = 11;
const CLUSTERS_TO_ZOOM_DENSE = 14;
const DENSE_DEVICES = 4000;

const nothing: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };

/** The worst stage inside a cluster, how many devices are in it and how many of them in trouble; never an average. */
const deviceSource: GeoJSONSourceSpecification = {
  type: 'geojson',
  data: nothing,
  cluster: true,
  clusterRadius: 36,
  clusterMinPoints: 4,
  clusterProperties: {
    rank: ['max', ['get', 'rank']],
    waiting: ['max', ['get', 'waiting']],
    troubled: ['+', ['case', ['>', ['get', 'rank'], 0], 1, 0]],
  },
};
export function deviceSourceFor(devices: number): GeoJSONSourceSpecification {
  return { ...deviceSource, clusterMaxZoom: devices > DENSE_DEVICES ? CLUSTERS_TO_ZOOM_DENSE : CLUSTERS_TO_ZOOM };
}
export const plainSource: GeoJSONSourceSpecification = { type: 'geojson', data: nothing };

/** What a press or the pointer finds. */
export const PRESSABLE = [
  'stage-waiting',
  'stage-seen',
  'mover-stage-waiting',
  'mover-stage-seen',
  'mover',
  'symbol',
  'dot',
  'cluster',
];
/** What blinks while nobody has seen it. */
export const BLINKING = ['stage-waiting', 'mover-stage-waiting', 'cluster-waiting'];

const clustered = ['has', 'point_count'];
const single = ['!', clustered];
const troubled = ['>', ['get', 'rank'], 0];
const waiting = ['==', ['get', 'waiting'], 1];
const faded = ['match', ['get', 'seen'], 'live', 1, 'stale', 0.4, 'lost', 0.55, 0.4];
const byZoom = (...stops: (number | unknown[])[]) => ['interpolate', ['linear'], ['zoom'], ...stops];
const stageImage = ['concat', 'stage-', ['to-string', ['get', 'rank']]];

function stageColour({ stage, normal }: Palette): unknown[] {
  const pairs = STAGES.flatMap((name, index) => [index + 1, stage[name]]);
  return ['match', ['get', 'rank'], ...pairs, normal];
}

export function deviceLayers(palette: Palette, words: Record<Stage, string>, still: boolean): LayerSpecification[] {
  const stageWord = ['match', ['get', 'rank'], ...STAGES.flatMap((name, index) => [index + 1, words[name]]), ''];
  const label = {
    'text-font': [MAP_FONT],
    'text-size': 12,
    'text-anchor': 'left',
    'text-optional': true,
  };
  const labelPaint = { 'text-halo-color': palette.ground, 'text-halo-width': 1.5 };
  const stageLayer = (id: string, source: string, filter: unknown[], offset: unknown): unknown => ({
    id,
    type: 'symbol',
    source,
    filter: ['all', single, troubled, filter],
    layout: {
      ...label,
      'icon-image': stageImage,
      'icon-size': byZoom(11, 0.75, 14, 0.9, 17, 1.1),
      'icon-allow-overlap': true,
      'icon-ignore-placement': true,
      'icon-offset': offset,
      'symbol-sort-key': ['get', 'rank'],
      'text-field': ['step', ['zoom'], '', 13.5, stageWord],
      'text-offset': [1, offset === null ? 0 : -0.2],
    },
    paint: { ...labelPaint, 'text-color': stageColour(palette), 'icon-opacity-transition': { duration: 0 } },
  });
  const ring = (id: string, source: string): unknown => ({
    id,
    type: 'circle',
    source,
    filter: ['all', single, troubled, waiting],
    paint: {
      'circle-radius': 12,
      'circle-opacity': 0,
      'circle-stroke-width': 1.5,
      'circle-stroke-color': stageColour(palette),
    },
  });
  const above = ['match', ['get', 'symbol'], 'dot', ['literal', [0, 0]], ['literal', [0, -17]]];
  const clusterStage = (id: string, filter: unknown[]): unknown => ({
    id,
    type: 'symbol',
    source: 'devices',
    filter: ['all', clustered, troubled, filter],
    layout: {
      'icon-image': stageImage,
      'icon-size': 0.95,
      'icon-offset': [0, -19],
      'icon-allow-overlap': true,
      'icon-ignore-placement': true,
    },
    paint: { 'icon-opacity-transition': { duration: 0 } },
  });
  const layers: unknown[] = [
    {
      id: 'trail',
      type: 'line',
      source: 'trails',
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': palette.normal, 'line-width': byZoom(11, 1, 16, 3), 'line-opacity': 0.5 },
    },
    {
      id: 'glow',
      type: 'circle',
      source: 'devices',
      filter: ['all', single, ['==', ['get', 'symbol'], 'dot'], ['>', ['get', 'lit'], 0]],
      paint: {
        'circle-color': palette.lit,
        'circle-blur': 1,
        'circle-radius': byZoom(11, 3, 14, 8, 17, 24),
        'circle-opacity': ['*', 0.45, ['get', 'lit']],
      },
    },
    {
      id: 'dot',
      type: 'circle',
      source: 'devices',
      filter: ['all', single, ['==', ['get', 'symbol'], 'dot']],
      paint: {
        'circle-color': ['case', ['>', ['get', 'lit'], 0], palette.lit, palette.normal],
        'circle-radius': byZoom(11, 1.6, 14, 2.8, 17, 6),
        'circle-opacity': ['*', faded, ['case', ['>', ['get', 'lit'], 0], ['+', 0.4, ['*', 0.6, ['get', 'lit']]], 0.9]],
      },
    },
    {
      id: 'symbol',
      type: 'symbol',
      source: 'devices',
      filter: ['all', single, ['!=', ['get', 'symbol'], 'dot']],
      layout: {
        ...label,
        'icon-image': ['get', 'image'],
        'icon-size': byZoom(11, 0.7, 14, 0.9, 17, 1.2),
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
        'text-field': ['step', ['zoom'], '', 14.5, ['get', 'name']],
        'text-offset': [1.1, 0],
      },
      paint: { ...labelPaint, 'text-color': palette.muted, 'icon-opacity': faded },
    },
    {
      id: 'mover',
      type: 'symbol',
      source: 'movers',
      layout: {
        'icon-image': ['get', 'image'],
        'icon-size': byZoom(11, 0.75, 14, 0.95, 17, 1.3),
        'icon-rotate': ['get', 'heading'],
        'icon-rotation-alignment': 'map',
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
      },
      paint: { 'icon-opacity': faded },
    },
    ...['devices', 'movers'].map((source) => ({
      id: `${source}-lost`,
      type: 'symbol',
      source,
      filter: ['all', single, ['==', ['get', 'seen'], 'lost']],
      layout: {
        'icon-image': 'lost',
        'icon-size': byZoom(11, 0.5, 14, 0.75, 17, 1),
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
      },
    })),
    {
      id: 'cluster',
      type: 'circle',
      source: 'devices',
      filter: clustered,
      paint: {
        'circle-color': palette.surface,
        'circle-radius': ['interpolate', ['linear'], ['get', 'point_count'], 4, 15, 400, 22],
        'circle-opacity': 0.92,
        'circle-stroke-width': ['case', troubled, 2, 1],
        'circle-stroke-color': stageColour(palette),
      },
    },
    {
      id: 'cluster-count',
      type: 'symbol',
      source: 'devices',
      filter: clustered,
      layout: {
        'text-field': [
          'case',
          troubled,
          ['concat', ['to-string', ['get', 'troubled']], '/', ['to-string', ['get', 'point_count']]],
          ['to-string', ['get', 'point_count']],
        ],
        'text-font': [MAP_FONT],
        'text-size': 12,
        'text-allow-overlap': true,
        'text-ignore-placement': true,
      },
      paint: { 'text-color': ['case', troubled, palette.text, palette.muted] },
    },
    clusterStage('cluster-seen', ['!', waiting]),
    clusterStage('cluster-waiting', waiting),
    stageLayer('stage-seen', 'devices', ['!', waiting], above),
    stageLayer('stage-waiting', 'devices', waiting, above),
    stageLayer('mover-stage-seen', 'movers', ['!', waiting], ['literal', [0, -17]]),
    stageLayer('mover-stage-waiting', 'movers', waiting, ['literal', [0, -17]]),
    ...(still ? [ring('ring', 'devices'), ring('mover-ring', 'movers')] : []),
    {
      id: 'selected',
      type: 'circle',
      source: 'selected',
      paint: {
        'circle-radius': 17,
        'circle-opacity': 0,
        'circle-stroke-width': 2.5,
        'circle-stroke-color': palette.text,
      },
    },
  ];
  return layers as LayerSpecification[];
}
