import { describe, expect, it } from 'vitest';
import { ageOf, formatSize, formatTime, formatValue, withUnit } from './format.ts';

const words = { choices: { mode: { auto: '자동' } }, yes: 'yes', no: 'no' };
const field = {
  name: 'mode',
  type: 'choice',
  unit: '',
  min: null,
  max: null,
  decimals: 2,
  counter: false,
  choices: null,
} as const;

describe('values', () => {
  it("are written with the model's decimals and the reader's words", () => {
    expect(formatValue(7.126, { ...field, choices: null }, words, 'en')).toBe('7.13');
    expect(formatValue('auto', { ...field, choices: ['auto'] }, words, 'ko')).toBe('자동');
    expect(formatValue('unknown', { ...field, choices: null }, words, 'ko')).toBe('unknown');
    expect(formatValue(false, undefined, words, 'en')).toBe('no');
  });
  it('carry their unit, a degree without a space', () => {
    expect(withUnit('7.2', 'pH')).toBe('7.2 pH');
    expect(withUnit('24', '°')).toBe('24°');
    expect(withUnit('3', '')).toBe('3');
  });
});

describe('times', () => {
  it("are the city's, whatever the browser's zone", () => {
    expect(formatTime(Date.UTC(2026, 0, 1, 15, 4, 5), 'clock', 'Asia/Seoul', 'en')).toBe('00:04:05');
  });
  it('turn into ages by the largest unit that says something', () => {
    expect(ageOf(1000, 1500)).toEqual({ unit: 'now' });
    expect(ageOf(0, 59_999)).toEqual({ unit: 'second', count: 59 });
    expect(ageOf(0, 60_000)).toEqual({ unit: 'minute', count: 1 });
    expect(ageOf(0, 47 * 3_600_000)).toEqual({ unit: 'hour', count: 47 });
    expect(ageOf(0, 72 * 3_600_000)).toEqual({ unit: 'day', count: 3 });
    expect(ageOf(5000, 1000)).toEqual({ unit: 'now' });
  });
  it('and sizes are decimal', () => {
    expect(formatSize(999, 'en')).toBe('999 B');
    expect(formatSize(1_500_000, 'en')).toBe('1.5 MB');
  });
});
