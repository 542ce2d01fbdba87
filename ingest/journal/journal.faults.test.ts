import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createMetrics, silentLog } from '@haechi/core';
import { expect, it, onTestFinished } from 'vitest';
import { tempFolder } from '../../tests/support/temp-folder.ts';
import { Journal } from './journal.ts';
import { readGroup } from './record.ts';

const FILLER = join(import.meta.dirname, 'test-filler.ts');

it('on a full disk it acknowledges nothing more, goes on when there is room, and keeps all it acknowledged', async () => {
  const folder = join(tempFolder(), 'journal');
  // Files of at most 600 KiB: a write beyond fails like one on a full disk. Only the soft limit, so that it can be lifted.
  const limited = `ulimit -S -f 600; exec "${process.execPath}" "${FILLER}" "${folder}"`;
  const { stdout } = await promisify(execFile)('bash', ['-c', limited]);
  const { before, acknowledged, refused, accepting } = JSON.parse(stdout);
  expect(before).toBeGreaterThan(50);
  expect(refused).toMatchObject({ codes: ['JOURNAL_FAILED'], accepting: false });
  expect(refused.trouble).toContain('the journal cannot be written');
  expect(accepting).toBe(true);
  expect(acknowledged.slice(before)).toEqual([before, ...Array.from({ length: 10 }, (_, index) => 20_000 + index)]);

  const options = { folder, sizeMax: 1e9, readers: ['store'], log: silentLog(), metrics: createMetrics() };
  const journal = await Journal.open(options);
  onTestFinished(() => journal.close());
  const numbers: number[] = [];
  for (let group = journal.oldest; group <= journal.head; group++) {
    for (const { payload } of readGroup((await journal.read(group)) ?? Buffer.alloc(12))) {
      numbers.push(Number(Buffer.from(payload).toString().split(' ')[0]));
    }
  }
  expect(numbers).toEqual(acknowledged);
});
