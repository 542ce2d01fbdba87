/** A recording in memory: every row of a CSV file as readings of devices, in order of time. */
import { readFileSync, statSync } from 'node:fs';
import { HaechiError, messageOf, type Values } from '@haechi/core';
import { parse } from 'csv-parse/sync';
import type { Mapping } from './mapping.ts';
import { CSV, type NumberedRow, registryEntry, requireColumns, rowReader } from './row-reader.ts';

const FILE_SIZE_MAX = 512 * 1024 * 1024;

export interface RecordedReading {
  device: string;
  values: Values;
}

export interface RecordedMoment {
  ts: number;
  readings: RecordedReading[];
}

export interface Recording {
  rows: number;
  /** As `deviceSchema` wants them. */
  devices: Record<string, unknown>[];
  moments: RecordedMoment[];
}

/** @throws HaechiError RECORDING_INVALID naming file, line and column. */
export function readRecording(file: string, mapping: Mapping): Recording {
  const rows = readRows(file);
  requireColumns(file, Object.keys(rows[0]?.record ?? {}), mapping);
  const readRow = rowReader(mapping);
  const moments = new Map<number, RecordedReading[]>();
  const devices = new Map<string, Record<string, unknown>>();
  for (const { record: row, info } of rows) {
    const { ts, readings } = readRow(row, `${file}:${info.lines}`);
    for (const reading of readings) {
      const { device, values } = reading;
      if (!devices.has(device)) devices.set(device, registryEntry(reading, row));
      const there = moments.get(ts);
      if (there) there.push({ device, values });
      else moments.set(ts, [{ device, values }]);
    }
  }
  return {
    rows: rows.length,
    devices: [...devices.values()],
    moments: [...moments].sort(([a], [b]) => a - b).map(([ts, readings]) => ({ ts, readings })),
  };
}

function readRows(file: string): NumberedRow[] {
  try {
    if (statSync(file).size > FILE_SIZE_MAX) throw new Error(`larger than ${FILE_SIZE_MAX} bytes`);
    const rows = parse(readFileSync(file), CSV) as unknown as NumberedRow[];
    if (rows.length === 0) throw new Error('no rows');
    return rows;
  } catch (cause) {
    throw new HaechiError('RECORDING_INVALID', `${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
