/** One believed place of something that moves. `at` is city time. */
export interface Fix {
  at: number;
  longitude: number;
  latitude: number;
  heading: number;
}

export interface Track {
  /** Oldest first, at least one. */
  fixes: Fix[];
  /** City time when the newest fix reached us; the glide to it starts here. */
  heardAt: number;
}

/** A longer way than this between two fixes is a jump of the receiver or of our knowledge, and is not drawn as a ride. */
const GLIDE_MS_MAX = 60_000;

function shortestTurn(from: number, to: number): number {
  return ((((to - from) % 360) + 540) % 360) - 180;
}

/**
 * Where to draw it now: on the way from the last place but one to the last, taking as long as it really took, and then
 * standing still at the last known place. Never beyond it: a guess is not shown as a fact.
 */
export function placeAt(track: Track, now: number): Fix {
  const last = track.fixes.at(-1);
  if (!last) throw new Error('a track without a fix');
  const before = track.fixes.at(-2);
  if (!before) return last;
  const tookMs = last.at - before.at;
  if (tookMs <= 0 || tookMs > GLIDE_MS_MAX) return last;
  const part = (now - track.heardAt) / tookMs;
  if (part >= 1) return last;
  const way = Math.max(0, part);
  return {
    at: last.at,
    longitude: before.longitude + (last.longitude - before.longitude) * way,
    latitude: before.latitude + (last.latitude - before.latitude) * way,
    heading: (before.heading + shortestTurn(before.heading, last.heading) * Math.min(1, way * 3) + 360) % 360,
  };
}

/** Takes a fix in and drops those older than the trail; one that is not newer changes nothing. */
export function addFix(track: Track | undefined, fix: Fix, heardAt: number, trailMs: number): Track {
  const last = track?.fixes.at(-1);
  if (!track || !last) return { fixes: [fix], heardAt };
  if (fix.at <= last.at) return track;
  const fixes = track.fixes.filter((old) => old.at >= fix.at - trailMs);
  // The one before the newest is needed to glide from, however old it is.
  if (fixes.length === 0) fixes.push(last);
  fixes.push(fix);
  return { fixes, heardAt };
}
