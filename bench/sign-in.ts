import { connect, type Socket } from 'node:net';

/** A socket that has been let in. */
export async function signIn(port: number, { id, secret }: { id: string; secret: string }): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => resolve());
  });
  const text = (value: string) => [Buffer.from([value.length >> 8, value.length & 0xff]), Buffer.from(value)];
  const head = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0xc2, 0, 0]);
  const body = Buffer.concat([head, ...text(id), ...text(id), ...text(secret)]);
  socket.write(Buffer.concat([Buffer.from([0x10, body.length]), body]));
  const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
  if (answer[0] !== 0x20 || answer[3] !== 0) throw new Error(`connection refused with ${answer[3]}`);
  return socket;
}
