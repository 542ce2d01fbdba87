/** A client whose socket takes nothing more stands in for aedes': the kernel's buffers are too large to fill in a test. */
import type { Client } from 'aedes';
import { expect, it } from 'vitest';
import { device } from '../tests/support/test-broker.ts';
import { Session } from './session.ts';

function sessionOf(inflightMax: number) {
  const written: Buffer[] = [];
  const drains: (() => void)[] = [];
  const socket = { full: false };
  const client = {
    closed: false,
    reading: true,
    conn: {
      write: (bytes: Buffer) => {
        written.push(bytes);
        return !socket.full;
      },
    },
    pause: () => {
      client.reading = false;
    },
    resume: () => {
      client.reading = true;
    },
    waitForDrain: (done: () => void) => drains.push(done),
  };
  return { session: new Session(client as unknown as Client, 'lamp-1', inflightMax), client, written, drains, socket };
}

it('writes all acknowledgements that are due in one go, in their order', () => {
  const { session, written } = sessionOf(10);
  expect([session.acknowledge(1), session.acknowledge(515)]).toEqual([true, false]);
  session.flush();
  session.flush();
  expect(written).toEqual([Buffer.from([0x40, 2, 0, 1, 0x40, 2, 2, 3])]);
});

it('is not read from at the bound, and again at half of it', () => {
  const { session, client } = sessionOf(4);
  const seen: boolean[] = [];
  for (let i = 0; i < 5; i++) {
    session.begin();
    seen.push(client.reading);
  }
  for (let i = 0; i < 5; i++) {
    session.end();
    seen.push(client.reading);
  }
  expect(seen).toEqual([true, true, true, false, false, false, false, true, true, true]);
});

it('is not read from while its device does not read its acknowledgements', () => {
  const { session, client, drains, socket } = sessionOf(10);
  socket.full = true;
  session.acknowledge(1);
  session.flush();
  expect([client.reading, drains.length]).toEqual([false, 1]);
  session.acknowledge(2);
  session.flush();
  expect(drains).toHaveLength(1);
  drains[0]?.();
  expect(client.reading).toBe(true);
});

it('is not read from any more once it is halted, whatever ends', () => {
  const { session, client } = sessionOf(10);
  session.begin();
  session.halt();
  session.end();
  expect(client.reading).toBe(false);
});

it('writes nothing to a client that is gone', () => {
  const { session, client, written } = sessionOf(10);
  session.acknowledge(1);
  client.closed = true;
  session.flush();
  expect(written).toEqual([]);
});

it('knows its topics by the registry’s entry', () => {
  const { session } = sessionOf(10);
  const lamp = device('lamp-1');
  expect(session.topicsOf(lamp)[0]?.text).toBe('city/mapo/flood/lamp-1/telemetry');
  expect(session.topicsOf(lamp)).toBe(session.topicsOf(lamp));
  expect(session.topicsOf(device('lamp-1', { district: 'jongno' }))[0]?.text).toContain('/jongno/');
});
