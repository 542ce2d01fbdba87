import { expect, test } from 'vitest';
import { historyCsv } from './history-csv.ts';

const base = { device: 'd', from: 0, to: 1, ts: [0, 1000] };

test('raw readings are one column a field, a missing one stays empty', () => {
  const history = {
    ...base,
    intervalMs: 0,
    resolution: 'raw' as const,
    fields: { p: { min: [1, null], mean: [1, null], max: [1, null] }, s: { last: ['on', 'a,b'] } },
  };
  const fields = [
    { name: 'p', unit: 'W' },
    { name: 's', unit: '' },
  ];
  expect(historyCsv(history, fields)).toBe(
    'time,p [W],s\r\n1970-01-01T00:00:00.000Z,1,on\r\n1970-01-01T00:00:01.000Z,,"a,b"\r\n',
  );
});

test('aggregates carry least and most, and text cannot become a formula', () => {
  const history = {
    ...base,
    intervalMs: 1000,
    resolution: 'raw' as const,
    fields: { p: { min: [-1, 2], mean: [1, 3], max: [2, 4] }, s: { last: ['=1+1', null] } },
  };
  const csv = historyCsv(history, [
    { name: 'p', unit: '' },
    { name: 's', unit: '' },
  ]);
  expect(csv).toContain('p min,p mean,p max');
  expect(csv).toContain("-1,1,2,'=1+1");
});
