import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { City, Device } from '@haechi/core';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { CityStore } from './city-store.ts';

const seoul: City = {
  name: { en: 'Seoul', ko: '서울' },
  timeZone: 'Asia/Seoul',
  bounds: [126.8, 37.4, 127.2, 37.7],
  districts: [{ id: 'mapo', name: { en: 'Mapo', ko: '마포' } }],
  map: { type: 'FeatureCollection', features: [] },
};
const place = { domain: 'flood', kind: 'underpass', intervalS: 30, parent: null, attributes: {} };
const at = (id: string, district: string, longitude: number, latitude: number): Device => {
  return { ...place, id, name: id, district, longitude, latitude };
};

function open(folder = tempFolder(), fixedPath?: string): CityStore {
  return new CityStore({ path: join(folder, 'city.json'), fixedPath, timeZone: 'Asia/Seoul' });
}

describe('a city', () => {
  it('that was given is there after a restart', async () => {
    const folder = tempFolder();
    await open(folder).set(seoul);
    expect(open(folder).get(() => [])).toEqual(seoul);
    expect(readdirSync(folder)).toEqual(['city.json']);
  });

  it('that is given many times at once is the last one, on disk as on the screen', async () => {
    const folder = tempFolder();
    const store = open(folder);
    const name = (index: number) => ({ en: `Seoul ${index} ${'x'.repeat(100_000 - index * 1000)}`, ko: '서울' });
    await Promise.all(Array.from({ length: 50 }, (_, index) => store.set({ ...seoul, name: name(index) })));
    expect(store.get(() => []).name).toEqual(name(49));
    expect(JSON.parse(readFileSync(join(folder, 'city.json'), 'utf8')).name).toEqual(name(49));
    expect(readdirSync(folder)).toEqual(['city.json']);
  });

  it('that cannot be written is not shown, leaves nothing behind, and the next one can', async () => {
    const folder = tempFolder();
    const store = open(folder);
    mkdirSync(join(folder, 'city.json'));
    await expect(store.set(seoul)).rejects.toThrow();
    expect(store.get(() => []).name.en).toBe('City');
    expect(readdirSync(folder)).toEqual(['city.json']);
    rmSync(join(folder, 'city.json'), { recursive: true });
    await store.set(seoul);
    expect(store.get(() => []).name.en).toBe('Seoul');
  });

  it('from a file of the settings wins, and is not changed from here', async () => {
    const folder = tempFolder();
    await open(folder).set({ ...seoul, name: { en: 'Other', ko: '다른' } });
    const fixedPath = join(folder, 'fixed.json');
    writeFileSync(fixedPath, JSON.stringify(seoul));
    const store = open(folder, fixedPath);
    expect(store.get(() => []).name.en).toBe('Seoul');
    await expect(store.set(seoul)).rejects.toMatchObject({ code: 'CITY_INVALID' });
  });

  it('that nobody gave is as large as its devices', () => {
    const devices = [at('a', 'mapo', 127, 37.5), at('b', 'jongno', 127.1, 37.6), at('c', 'mapo', 127, 37.5)];
    const { bounds, districts } = open().get(() => devices);
    expect(districts.map(({ id }) => id)).toEqual(['jongno', 'mapo']);
    const [west, south, east, north] = bounds;
    for (const { longitude, latitude } of devices) {
      expect([west < longitude, longitude < east, south < latitude, latitude < north]).toEqual([
        true,
        true,
        true,
        true,
      ]);
    }
  });

  it.each([
    ['no JSON', '{', /cannot be read/],
    ['no name', JSON.stringify({ ...seoul, name: {} }), /name\.en/],
    ['a time zone that is none', JSON.stringify({ ...seoul, timeZone: 'Mars/Olympus' }), /timeZone: not an IANA/],
    ['bounds that are none', JSON.stringify({ ...seoul, bounds: [1, 2] }), /bounds/],
  ])('with %s stops the start, naming file and entry', (_, text, message) => {
    const path = join(tempFolder(), 'wrong.json');
    writeFileSync(path, text);
    expect(() => open(undefined, path)).toThrow(
      expect.objectContaining({ code: 'CITY_INVALID', message: expect.stringMatching(message) }),
    );
    expect(() => open(undefined, path)).toThrow('wrong.json');
  });
});
