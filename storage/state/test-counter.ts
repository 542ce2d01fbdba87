/** Test only: a thread that reads a number and writes the next one, over and over. */
import { parentPort, workerData } from 'node:worker_threads';
import { openState } from './state-store.ts';

const { path, count } = workerData as { path: string; count: number };
const db = await openState(path);
parentPort?.postMessage('started');
for (let i = 0; i < count; i++) {
  await db.transaction().execute(async (tx) => {
    const { last_group } = await tx.selectFrom('cursors').select('last_group').executeTakeFirstOrThrow();
    await tx
      .updateTable('cursors')
      .set({ last_group: last_group + 1 })
      .execute();
  });
}
await db.destroy();
