import { describe, expect, it } from 'vitest';
import { addFix, type Fix, placeAt } from './motion.ts';

const fix = (at: number, longitude: number, heading = 0): Fix => ({ at, longitude, latitude: 37, heading });

describe('movement', () => {
  const track = { fixes: [fix(0, 127), fix(10_000, 127.01)], heardAt: 50_000 };

  it('is half way after half the time it took', () => {
    expect(placeAt(track, 55_000).longitude).toBeCloseTo(127.005, 6);
  });
  it('stops at the last known place and never goes beyond', () => {
    expect(placeAt(track, 60_000).longitude).toBe(127.01);
    expect(placeAt(track, 900_000).longitude).toBe(127.01);
    expect(placeAt(track, 0).longitude).toBe(127);
  });
  it('jumps over a gap of more than a minute', () => {
    expect(placeAt({ fixes: [fix(0, 127), fix(61_000, 128)], heardAt: 0 }, 1).longitude).toBe(128);
  });
  it('turns the short way round through north', () => {
    const turning = { fixes: [fix(0, 127, 350), fix(3000, 127, 10)], heardAt: 0 };
    expect(placeAt(turning, 500).heading).toBeCloseTo(0, 6);
  });
});

describe('a trail', () => {
  it('keeps five minutes and the fix to glide from', () => {
    let track = addFix(undefined, fix(0, 1), 0, 300_000);
    track = addFix(track, fix(200_000, 2), 1, 300_000);
    track = addFix(track, fix(400_000, 3), 2, 300_000);
    expect(track.fixes.map((f) => f.at)).toEqual([200_000, 400_000]);
    track = addFix(track, fix(2_000_000, 4), 3, 300_000);
    expect(track.fixes.map((f) => f.at)).toEqual([400_000, 2_000_000]);
  });
  it('is not disturbed by a fix that came late or twice', () => {
    const track = addFix(undefined, fix(1000, 1), 0, 300_000);
    expect(addFix(track, fix(1000, 2), 9, 300_000)).toBe(track);
    expect(addFix(track, fix(500, 2), 9, 300_000)).toBe(track);
  });
});
