import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { amount, duration, progressLine, RecentRate, showProgress } from './progress.ts';

describe('a line of progress', () => {
  it('says how far it is, how fast it goes and how long it takes', () => {
    const state = {
      label: 'backup',
      unit: 'bytes',
      done: 1_200_000_000,
      expected: 2_600_000_000,
      rate: 230_000_000,
    } as const;
    expect(progressLine(state)).toBe('backup: 46 % · 1.2 GB of 2.6 GB · 230.0 MB/s · 7 s left');
    expect(progressLine({ ...state, done: 2_600_000_000 })).toBe('backup: 100 % · 2.6 GB of 2.6 GB · 230.0 MB/s');
    expect(progressLine({ ...state, rate: 0, note: 'waits' })).toBe('backup: 46 % · 1.2 GB of 2.6 GB · waits');
    expect(progressLine({ label: 'import', unit: 'rows', done: 12_345, rate: 0 })).toBe('import: 12,345 rows');
    // An estimate may be wrong; more than all is never claimed.
    expect(progressLine({ ...state, done: 3_000_000_000 })).toContain('100 %');
  });

  it('writes sizes and times for people', () => {
    expect([0, 999, 1000, 1_500_000, 2e12].map((size) => amount(size, 'bytes'))).toEqual([
      '0 bytes',
      '999 bytes',
      '1.0 KB',
      '1.5 MB',
      '2.0 TB',
    ]);
    expect([0.2, 59, 61, 250, 7500].map(duration)).toEqual(['1 s', '59 s', '1 min 01 s', '4 min 10 s', '2 h 05 min']);
  });
});

it('tells the rate of the last while, not of the beginning', () => {
  const rate = new RecentRate();
  expect(rate.add(0, 0)).toBe(0);
  expect(rate.add(1000, 1000)).toBe(1000);
  for (let second = 2; second <= 30; second++) rate.add(1000 + second, second * 1000);
  expect(rate.add(1031, 31_000)).toBeCloseTo(1, 5);
});

it('writes plain lines where nobody watches, the last of them complete', () => {
  const stream = Object.assign(new PassThrough(), { isTTY: false }) as unknown as NodeJS.WriteStream;
  const progress = showProgress({ label: 'export', unit: 'bytes', expected: 1000, stream });
  progress.set(400);
  progress.set(1000);
  progress.end();
  progress.end();
  const text = String((stream as unknown as PassThrough).read());
  expect(text).not.toContain('\u001b');
  expect(text.trim().split('\n').at(-1)).toMatch(/^export: 100 % · 1.0 KB of 1.0 KB/);
});
