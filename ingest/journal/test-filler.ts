/**
 * Test only: appends numbered messages until the disk takes no more, looks what is answered then, makes room, and goes on.
 * Says which were acknowledged.
 */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMetrics, silentLog } from '@haechi/core';
import { Journal } from './journal.ts';

const options = { folder: process.argv[2] ?? '', sizeMax: 1e9, readers: ['store'] };
const journal = await Journal.open({ ...options, log: silentLog(), metrics: createMetrics() });
const acknowledged: number[] = [];
const codes: string[] = [];
const append = (number: number) =>
  new Promise<void>((resolve) => {
    const payload = Buffer.from(`${number} ${'x'.repeat(5000)}`);
    journal.append({ kind: 'message', receivedAt: 0, topic: 't', payload }, (error) => {
      if (error) codes.push((error as Error & { code: string }).code);
      else acknowledged.push(number);
      resolve();
    });
  });

let stuck: Promise<void> | undefined;
for (let number = 0; number < 10_000 && !journal.trouble; number++) {
  stuck = append(number);
  await Promise.race([stuck, untilTrouble()]);
}
const before = acknowledged.length;
await append(10_000);
const refused = { codes: [...codes], accepting: journal.accepting, trouble: journal.trouble };
execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited:unlimited']);
await stuck;
for (let number = 20_000; number < 20_010; number++) await append(number);
process.stdout.write(JSON.stringify({ before, acknowledged, refused, accepting: journal.accepting }));
await journal.close();

async function untilTrouble(): Promise<void> {
  while (!journal.trouble) await sleep(1);
}
