/** Holds connections that only ping, in a process of its own; tells when all are there, and lets go when it is ended. */
import type { Socket } from 'node:net';
import { signIn } from './sign-in.ts';

/** Connections opened at once: more would wait in the listener's queue. */
const AT_ONCE = 100;
const PING_MS = 10_000;
const PINGREQ = Buffer.from([0xc0, 0]);

export interface HoldTask {
  port: number;
  connections: { id: string; secret: string }[];
}

async function hold({ port, connections }: HoldTask): Promise<void> {
  const sockets: Socket[] = [];
  for (let start = 0; start < connections.length; start += AT_ONCE) {
    sockets.push(...(await Promise.all(connections.slice(start, start + AT_ONCE).map((entry) => signIn(port, entry)))));
  }
  for (const socket of sockets) socket.resume();
  setInterval(() => {
    for (const socket of sockets) socket.write(PINGREQ);
  }, PING_MS);
  process.send?.({ held: connections.length });
}

process.once('message', (task: HoldTask) => {
  hold(task).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
