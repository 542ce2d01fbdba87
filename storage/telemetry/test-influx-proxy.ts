import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands between a store and its InfluxDB. */
export interface InfluxProxy {
  url: string;
  /** While true, a write reaches InfluxDB and its answer does not come back. */
  losesWriteAnswers: boolean;
  /** Queries that came through since it was last set. */
  queries: number;
  close(): void;
}

export async function startInfluxProxy(target: string): Promise<InfluxProxy> {
  const server = createServer((incoming, answer) => {
    const { method, headers, url = '' } = incoming;
    const loses = proxy.losesWriteAnswers && url.startsWith('/write') && headers['content-length'] !== '0';
    if (url.startsWith('/query')) proxy.queries++;
    const onward = request(new URL(url, target), { method, headers }, (response) => {
      if (loses) {
        response.resume().once('end', () => answer.destroy());
        return;
      }
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: InfluxProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    losesWriteAnswers: false,
    queries: 0,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return proxy;
}
