import { expect, it } from 'vitest';
import { cityTime } from './city-clock.ts';
import { presence } from './presence.ts';

it('is stale only past twice and lost only past five times its own interval', () => {
  const now = 1_000_000;
  expect(presence(now - 20_000, 10, now)).toBe('live');
  expect(presence(now - 20_001, 10, now)).toBe('stale');
  expect(presence(now - 50_000, 10, now)).toBe('stale');
  expect(presence(now - 50_001, 10, now)).toBe('lost');
  expect(presence(now - 50_001, 3600, now)).toBe('live');
});

it('tells a device that never spoke from one that was lost', () => {
  expect(presence(null, 10, 1e9)).toBe('silent');
  expect(presence(undefined, 10, 1e9)).toBe('silent');
});

it('runs the city clock at the speed the server told', () => {
  expect(cityTime({ now: 5000, speed: 60, heardAt: 100 }, 1100)).toBe(65_000);
  expect(cityTime({ now: 5000, speed: 0, heardAt: 100 }, 99_100)).toBe(5000);
});
