/** A file of history, sent to a running platform a few thousand readings at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { HaechiError } from '@haechi/core';
import type { DeviceResource, ImportResult } from '../../dashboard/server/contract.ts';
import { type ApiClient, RefusedError } from '../api-client.ts';
import type { Mapping } from '../replay/mapping.ts';
import { type NumberedRow, type RowReading, registryEntry, requireColumns, rowReader } from '../replay/row-reader.ts';
import { csvRows } from './csv-rows.ts';
import type { RefusedRows } from './refused-rows.ts';

/** Readings in a request: large enough that its sync costs nothing, small enough that nobody waits for it. */
const CHUNK_LINES = 2000;
const IN_FLIGHT_MAX = 3;
/** While the store catches up, or the journal is full, it is asked again; for this long without any success. */
const PATIENCE_MS = 10 * 60_000;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 2000;
const RETRIED = new Set(['BUSY', 'JOURNAL_FULL', 'JOURNAL_FAILED', 'STORE_UNREACHABLE']);

export interface ImportTotals {
  rows: number;
  /** Rows without any value that the mapping knows. */
  empty: number;
  readings: number;
  registered: number;
}

export interface ImportOptions {
  client: ApiClient;
  file: string;
  mapping: Mapping;
  /** Devices that are not there yet are registered as the mapping describes them. */
  register: boolean;
  refused: RefusedRows;
  onProgress: (totals: ImportTotals, bytes: number) => void;
  /** The platform asks for patience, and says why. */
  onWaiting: (reason: string) => void;
}

interface Line {
  row: NumberedRow;
  text: string;
}

/** @throws HaechiError RECORDING_INVALID, USAGE … What was sent before stays, and sending it again changes nothing. */
export async function importFile(options: ImportOptions): Promise<ImportTotals> {
  const { client, file, mapping, register, refused, onProgress, onWaiting } = options;
  const totals: ImportTotals = { rows: 0, empty: 0, readings: 0, registered: 0 };
  const readRow = rowReader(mapping);
  const known = new Set(register ? await deviceIds(client) : []);
  const unknown = new Map<string, Record<string, unknown>>();
  const sending = new Set<Promise<void>>();
  let lines: Line[] = [];
  let bytes = 0;

  const flush = async () => {
    const chunk = lines;
    lines = [];
    if (unknown.size > 0) {
      await client.change('POST', '/devices', { devices: [...unknown.values()] });
      totals.registered += unknown.size;
      for (const id of unknown.keys()) known.add(id);
      unknown.clear();
    }
    while (sending.size >= IN_FLIGHT_MAX) await Promise.race(sending);
    const sent = send(client, chunk, refused, onWaiting).then((accepted) => {
      sending.delete(sent);
      totals.readings += accepted;
      onProgress(totals, bytes);
    });
    sending.add(sent);
    sent.catch(() => undefined); // raced, or awaited at the end
  };

  for await (const row of csvRows(file)) {
    if (totals.rows === 0) requireColumns(file, Object.keys(row.record), mapping);
    totals.rows++;
    bytes = row.info.bytes;
    const found = readOrReason(readRow, row);
    if (typeof found === 'string') {
      await refused.add(row, found);
      continue;
    }
    if (found.readings.length === 0) totals.empty++;
    for (const reading of found.readings) {
      const { device, values } = reading;
      if (register && !known.has(device) && !unknown.has(device))
        unknown.set(device, registryEntry(reading, row.record));
      lines.push({ row, text: JSON.stringify({ device, ts: found.ts, values }) });
    }
    if (lines.length >= CHUNK_LINES) await flush();
  }
  if (totals.rows === 0) throw new HaechiError('RECORDING_INVALID', `${file} has no rows`);
  if (lines.length > 0) await flush();
  await Promise.all(sending);
  return totals;
}

async function deviceIds(client: ApiClient): Promise<string[]> {
  return (await client.get<{ items: DeviceResource[] }>('/device-map')).items.map(({ id }) => id);
}

function readOrReason(
  readRow: ReturnType<typeof rowReader>,
  { record, info }: NumberedRow,
): { ts: number; readings: RowReading[] } | string {
  try {
    return readRow(record, `line ${info.lines}`);
  } catch (error) {
    if (error instanceof HaechiError) return error.message;
    throw error;
  }
}

/** How many were accepted; the others are among the refused rows then. */
async function send(
  client: ApiClient,
  lines: readonly Line[],
  refused: RefusedRows,
  onWaiting: ImportOptions['onWaiting'],
): Promise<number> {
  const body = Buffer.from(lines.map(({ text }) => text).join('\n'));
  const result = await patiently(() => client.send<ImportResult>('/import', 'application/x-ndjson', body), onWaiting);
  for (const { line, reason } of result.refused) {
    const row = lines[line - 1]?.row;
    if (row) await refused.add(row, reason);
  }
  return result.accepted;
}

async function patiently<T>(ask: () => Promise<T>, onWaiting: ImportOptions['onWaiting']): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let retryMs = RETRY_MS_MIN; ; retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)) {
    try {
      return await ask();
    } catch (error) {
      const again = error instanceof RefusedError && RETRIED.has(error.reason ?? '') && performance.now() < deadline;
      if (!again) throw error;
      onWaiting(error.message);
      await sleep(retryMs);
    }
  }
}
