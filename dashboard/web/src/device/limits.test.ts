import { expect, test } from 'vitest';
import type { LimitResource } from '../contract.ts';
import { breachOf } from './limits.ts';

const limit = (stage: LimitResource['stage'], value: number, direction: LimitResource['direction']): LimitResource => ({
  field: 'level',
  rule: 'r',
  stage,
  value,
  direction,
});
const limits = [limit('caution', 4, 'rising'), limit('serious', 6, 'rising'), limit('attention', 1, 'falling')];

test('the worst limit passed counts, with its side', () => {
  expect(breachOf(limits, 'level', 5)).toEqual({ side: 'high', stage: 'caution' });
  expect(breachOf(limits, 'level', 6)).toEqual({ side: 'high', stage: 'serious' });
  expect(breachOf(limits, 'level', 1)).toEqual({ side: 'low', stage: 'attention' });
});

test('within the limits, of another field, or no number: nothing', () => {
  expect(breachOf(limits, 'level', 2)).toBeNull();
  expect(breachOf(limits, 'other', 9)).toBeNull();
  expect(breachOf(limits, 'level', 'high')).toBeNull();
  expect(breachOf([limit('caution', 4, 'none')], 'level', 9)).toBeNull();
});
