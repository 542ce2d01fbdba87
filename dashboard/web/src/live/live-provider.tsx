import { type ReactNode, useEffect, useState } from 'react';
import { get } from '../api/client.ts';
import { LiveSocket } from './live-socket.ts';
import { LiveStore } from './live-store.ts';
import { LiveContext } from './use-live.ts';

function socketAddress(): string {
  const { protocol, host } = window.location;
  return `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/ws`;
}

/** A refused socket says nothing of why; asking for the session tells an ended one, which the gate then hears of. */
function askWhetherSignedOut(): void {
  get('/session').catch(() => undefined);
}

export function LiveProvider({ children }: { children: ReactNode }) {
  const [parts] = useState(() => {
    const store = new LiveStore();
    const socket = new LiveSocket({ store, url: socketAddress(), onRefused: askWhetherSignedOut });
    return { socket, live: { store, retryNow: socket.retryNow } };
  });
  useEffect(() => {
    parts.socket.start();
    return () => parts.socket.stop();
  }, [parts]);
  return <LiveContext value={parts.live}>{children}</LiveContext>;
}
