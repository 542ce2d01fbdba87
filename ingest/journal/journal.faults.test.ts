import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createMetrics, silentLog } from '@haechi/core';
import { expect, it, onTestFinished } from 'vitest';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { Journal } from './journal.ts';
import { readGroup } from './record.ts';

const FILLER = join(import.meta.dirname, 'test-filler.ts');

it('on a full disk it acknowledges nothing more, and everything acknowledged is there afterwards', async () => {
  const folder = join(tempFolder(), 'journal');
  // Files of at most 600 KiB: a write beyond fails like one on a full disk.
  const limited = `ulimit -f 600; exec "${process.execPath}" "${FILLER}" "${folder}"`;
  const { stdout } = await promisify(execFile)('bash', ['-c', limited]);
  const { acknowledged, codes, accepting } = JSON.parse(stdout);
  expect(acknowledged).toBeGreaterThan(50);
  expect({ codes, accepting }).toEqual({ codes: ['JOURNAL_FAILED', 'JOURNAL_FAILED'], accepting: false });

  const options = { folder, sizeMax: 1e9, readers: ['store'], log: silentLog(), metrics: createMetrics() };
  const journal = await Journal.open(options);
  onTestFinished(() => journal.close());
  const numbers: number[] = [];
  for (let group = 1; group <= journal.head; group++) {
    for (const { payload } of readGroup((await journal.read(group)) ?? Buffer.alloc(12))) {
      numbers.push(Number(Buffer.from(payload).toString().split(' ')[0]));
    }
  }
  expect(numbers.slice(0, acknowledged)).toEqual(Array.from({ length: acknowledged }, (_, index) => index));
  expect(journal.accepting).toBe(true);
});
