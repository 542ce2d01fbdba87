/** Where the map stands, as it is written in the address: `13.20/37.56630/126.97790`. */
export interface MapPosition {
  longitude: number;
  latitude: number;
  zoom: number;
}

export function writePosition({ longitude, latitude, zoom }: MapPosition): string {
  return `${zoom.toFixed(2)}/${latitude.toFixed(5)}/${longitude.toFixed(5)}`;
}

export function readPosition(text: string | null): MapPosition | null {
  const [zoom, latitude, longitude] = (text ?? '').split('/').map(Number);
  if (zoom === undefined || latitude === undefined || longitude === undefined) return null;
  if (![zoom, latitude, longitude].every(Number.isFinite)) return null;
  if (Math.abs(latitude) > 85 || Math.abs(longitude) > 180 || zoom < 0 || zoom > 24) return null;
  return { zoom, latitude, longitude };
}
