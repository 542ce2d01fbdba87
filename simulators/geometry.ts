/** Plane geometry in metres, x east and y north. */
export type Point = readonly [number, number];

export function distance(a: Point, b: Point): number {
  return Math.hypot(b[0] - a[0], b[1] - a[1]);
}

export function between(a: Point, b: Point, part: number): Point {
  return [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part];
}

/** Points along a line at most `stepM` apart, its corners kept. */
export function densify(line: readonly Point[], stepM: number): Point[] {
  const [first] = line;
  if (!first) return [];
  const points: Point[] = [first];
  for (let i = 1; i < line.length; i++) {
    const from = line[i - 1] ?? first;
    const to = line[i] ?? first;
    const parts = Math.max(1, Math.ceil(distance(from, to) / stepM));
    for (let k = 1; k <= parts; k++) points.push(between(from, to, k / parts));
  }
  return points;
}

/** Distance of each point from the first, along the line. */
export function distancesAlong(line: readonly Point[]): number[] {
  let sum = 0;
  return line.map((point, i) => {
    sum += distance(line[i - 1] ?? point, point);
    return sum;
  });
}

export function lengthOf(line: readonly Point[]): number {
  return distancesAlong(line).at(-1) ?? 0;
}

/** Points every `stepM` along a line, the first half a step in, each shifted `offsetM` to the left. */
export function spacedAlong(line: readonly Point[], stepM: number, offsetM: number): Point[] {
  const points: Point[] = [];
  let next = stepM / 2;
  let walked = 0;
  for (let i = 1; i < line.length; i++) {
    const from = line[i - 1] ?? [0, 0];
    const to = line[i] ?? [0, 0];
    const length = distance(from, to);
    for (; next <= walked + length && length > 0; next += stepM) {
      const [x, y] = between(from, to, (next - walked) / length);
      points.push([x - ((to[1] - from[1]) / length) * offsetM, y + ((to[0] - from[0]) / length) * offsetM]);
    }
    walked += length;
  }
  return points;
}

export function isInside(point: Point, ring: readonly Point[]): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const a = ring[i] ?? [0, 0];
    const b = ring[j] ?? [0, 0];
    if (a[1] > point[1] !== b[1] > point[1]) {
      if (point[0] < ((b[0] - a[0]) * (point[1] - a[1])) / (b[1] - a[1]) + a[0]) inside = !inside;
    }
  }
  return inside;
}

/** The part of a ring nearer to `own` than to `other` (Sutherland and Hodgman, one edge). */
export function nearerTo(ring: readonly Point[], own: Point, other: Point): Point[] {
  const middle = between(own, other, 0.5);
  const side = (p: Point) => (p[0] - middle[0]) * (own[0] - other[0]) + (p[1] - middle[1]) * (own[1] - other[1]);
  return ring.flatMap((to, i) => {
    const from = ring[(i + ring.length - 1) % ring.length] ?? to;
    const a = side(from);
    const b = side(to);
    const crossing: Point[] = a >= 0 !== b >= 0 ? [between(from, to, a / (a - b))] : [];
    return b >= 0 ? [...crossing, to] : crossing;
  });
}

/** The pieces of a densified line whose points satisfy a test. */
export function piecesWhere(line: readonly Point[], test: (point: Point) => boolean): Point[][] {
  const pieces: Point[][] = [];
  let piece: Point[] = [];
  for (const point of line) {
    if (test(point)) piece.push(point);
    else if (piece.length > 0) {
      pieces.push(piece);
      piece = [];
    }
  }
  if (piece.length > 0) pieces.push(piece);
  return pieces.filter((candidate) => candidate.length > 1);
}
