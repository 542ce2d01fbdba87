import { expect, test } from 'vitest';
import { middleOf } from './ground-style.ts';

test('the middle of a square, and of one whose edge has many points', () => {
  expect(
    middleOf([
      [0, 0],
      [2, 0],
      [2, 2],
      [0, 2],
      [0, 0],
    ]),
  ).toEqual([1, 1]);
  expect(
    middleOf([
      [0, 0],
      [0.5, 0],
      [1, 0],
      [1.5, 0],
      [2, 0],
      [2, 2],
      [0, 2],
      [0, 0],
    ]),
  ).toEqual([1, 1]);
});

test('an outline without area is named at its first point', () => {
  expect(
    middleOf([
      [3, 4],
      [3, 4],
      [3, 4],
      [3, 4],
    ]),
  ).toEqual([3, 4]);
});
