import { defineDomain, number } from '@haechi/core';
import { describe, expect, it } from 'vitest';
import { HEADER_SIZE, type JournalRecord, recordSize, sealGroup, writeRecord } from '../journal/record.ts';
import { replayRecord } from '../replayed.ts';
import { decodeGroup } from './decode-group.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const flood = defineDomain({
  id: 'flood',
  icon: 'ripple',
  order: 1,
  telemetry: { level: number({ unit: 'm', min: -5, max: 60 }) },
  kinds: {},
});
const decoder = { models: new Map([['flood', flood]]), limits: { futureMaxMs: 1000, pastMaxMs: 86_400_000 } };

/** Decodes one group that holds the given messages. */
function decode(...messages: [topic: string, payload: unknown][]) {
  const records = messages.map(([topic, payload]): JournalRecord => {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    return { kind: 'message', receivedAt: NOW, topic, payload: Buffer.from(text) };
  });
  return decodeGroup(decoder, 7, groupOf(records)).records;
}

function groupOf(records: JournalRecord[]): Buffer {
  const buffer = Buffer.alloc(HEADER_SIZE + records.reduce((size, record) => size + recordSize(record), 0));
  const end = records.reduce((at, record) => writeRecord(buffer, at, record), HEADER_SIZE);
  sealGroup(buffer, end, records.length, 11);
  return buffer;
}

describe('a message', () => {
  it('on the telemetry channel is readings of its device', () => {
    const [record] = decode(['city/mapo/flood/gauge-1/telemetry', { ts: NOW - 5, seq: 3, values: { level: 2 } }]);
    expect(record?.readings).toEqual([
      { device: 'gauge-1', domain: 'flood', ts: NOW - 5, receivedAt: NOW, seq: 3, values: { level: 2 } },
    ]);
    expect(record?.deadLetters).toEqual([]);
  });

  it('on the status channel says whether the device is there', () => {
    const [online, offline] = decode(
      ['city/mapo/flood/gauge-1/status', { state: 'online' }],
      ['city/mapo/flood/gauge-1/status', { state: 'offline', why: 'battery' }],
    );
    expect(online?.status).toEqual({ device: 'gauge-1', online: true });
    expect(offline?.status).toEqual({ device: 'gauge-1', online: false });
  });

  it.each([
    ['city/mapo/flood/gauge-1/status', 'asleep', 'status-invalid'],
    ['city/mapo/flood/gauge-1/status', { state: 'asleep' }, 'status-invalid'],
    ['city/mapo/flood/gauge-1/event', {}, 'channel-unhandled'],
    ['city/mapo/tram/tram-1/telemetry', { level: 1 }, 'topic-unknown'],
    ['not/a/topic', { level: 1 }, 'topic-unknown'],
    ['city/mapo/flood/gauge-1/telemetry', '{', 'json-malformed'],
  ])('that cannot be used is set aside with its bytes: %s %j', (topic, payload, reason) => {
    const [record] = decode([topic, payload]);
    expect(record?.readings).toEqual([]);
    expect(record?.deadLetters).toMatchObject([{ receivedAt: NOW, topic, reason }]);
    const kept = Buffer.from(record?.deadLetters[0]?.payload ?? []).toString();
    expect(kept).toBe(typeof payload === 'string' ? payload : JSON.stringify(payload));
  });

  it('with thousands of unknown fields makes a handful of letters, not thousands of copies of itself', () => {
    const unknown = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`f${index}`, index]));
    const [record] = decode(['city/mapo/flood/gauge-1/telemetry', { level: 2, ...unknown }]);
    expect(record?.readings[0]?.values).toEqual({ level: 2 });
    expect(record?.deadLetters).toHaveLength(10);
    expect(record?.deadLetters.at(-1)?.detail).toMatch(/4,?990 more/);
  });
});

it('a start is no message', () => {
  const start: JournalRecord = { kind: 'start', receivedAt: NOW, topic: '', payload: new Uint8Array() };
  expect(decodeGroup(decoder, 7, groupOf([start]))).toEqual({
    group: 7,
    accepted: 11,
    records: [{ kind: 'start', receivedAt: NOW, topic: '', readings: [], deadLetters: [] }],
  });
});

it('one bad message does not stop the next', () => {
  const topic = 'city/mapo/flood/gauge-1/telemetry';
  const records = decode([topic, '['.repeat(5000) + ']'.repeat(5000)], [topic, { level: 1 }]);
  expect(records.map(({ readings }) => readings.length)).toEqual([0, 1]);
});

it('a replay is decoded as when it came first, and known since it is replayed', () => {
  const topic = 'city/mapo/flood/gauge-1/telemetry';
  const message = { message: '3:14', topic, receivedAt: NOW - 3_600_000, payload: Buffer.from('{"level": 2}') };
  const [record] = decodeGroup(decoder, 7, groupOf([replayRecord(message, NOW)])).records;
  expect(record).toMatchObject({ kind: 'replay', receivedAt: NOW, replays: '3:14', deadLetters: [] });
  expect(record?.readings).toMatchObject([{ ts: NOW - 3_600_000, receivedAt: NOW, values: { level: 2 } }]);

  const [bad] = decodeGroup(
    decoder,
    7,
    groupOf([replayRecord({ ...message, payload: Buffer.from('{') }, NOW)]),
  ).records;
  expect(bad?.deadLetters).toMatchObject([{ receivedAt: NOW - 3_600_000, topic, payload: Buffer.from('{') }]);
});

it('an import is readings of its device like a message', () => {
  const topic = 'city/mapo/flood/gauge-1/telemetry';
  const payload = Buffer.from(JSON.stringify([{ ts: NOW - 5, values: { level: 1 } }]));
  const [record] = decodeGroup(decoder, 7, groupOf([{ kind: 'import', receivedAt: NOW, topic, payload }])).records;
  expect(record).toMatchObject({ kind: 'import', readings: [{ device: 'gauge-1', ts: NOW - 5 }] });
});
