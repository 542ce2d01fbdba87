import { Readable } from 'node:stream';
import { HaechiError } from '@haechi/core';

/** Whoever asked and then takes nothing for this long is gone, and what was prepared for them is in the way of others. */
const STALLED_MS = 120_000;

/** Bytes on their way to who asked for them. */
export interface Download {
  /** What the file is called where it is saved. */
  name: string;
  size: number;
  /** However it ends, what it is read from is cleared away. */
  bytes: Readable;
}

/** `chunks` as a stream that gives up on a reader who has stopped; `done` is called once, however it ends. */
export function downloadStream(
  chunks: AsyncIterable<Buffer>,
  done: () => void,
  { stalledMs = STALLED_MS } = {},
): Readable {
  const stalled = setTimeout(() => bytes.destroy(new HaechiError('CLOSED', 'nobody takes the download')), stalledMs);
  stalled.unref();
  async function* watched() {
    for await (const chunk of chunks) {
      yield chunk;
      stalled.refresh();
    }
  }
  const bytes = Readable.from(watched(), { objectMode: false });
  bytes.once('close', () => {
    clearTimeout(stalled);
    done();
  });
  return bytes;
}
