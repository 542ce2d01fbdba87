/** Test only: appends numbered messages until the disk takes no more, and says which were acknowledged and what came then. */
import { createMetrics, silentLog } from '@haechi/core';
import { Journal } from './journal.ts';

const journal = await Journal.open({
  folder: process.argv[2] ?? '',
  sizeMax: 1e9,
  readers: ['store'],
  log: silentLog(),
  metrics: createMetrics(),
});
let acknowledged = 0;
const codes: string[] = [];
const append = () =>
  new Promise<boolean>((resolve) => {
    const payload = Buffer.from(`${acknowledged} ${'x'.repeat(5000)}`);
    journal.append({ kind: 'message', receivedAt: 0, topic: 't', payload }, (error) => {
      if (error) codes.push((error as Error & { code: string }).code);
      else acknowledged++;
      resolve(!error);
    });
  });
while (acknowledged < 10_000 && (await append()));
// It stays refused: what the disk holds after a failed write is unknown until a restart has looked.
await append();
process.stdout.write(JSON.stringify({ acknowledged, codes, accepting: journal.accepting }));
await journal.close().catch(() => undefined); // a full disk may not even take that
