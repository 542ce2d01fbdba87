/** A recording in memory: every row of a CSV file as readings of devices, in order of time. */
import { readFileSync, statSync } from 'node:fs';
import { HaechiError, messageOf, type Value, type Values } from '@haechi/core';
import { parse } from 'csv-parse/sync';
import type { MappedDevice, MappedField, Mapping } from './mapping.ts';
import { timeReader } from './time-format.ts';

const FILE_SIZE_MAX = 512 * 1024 * 1024;

type Row = Record<string, string>;

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
  const columns = new Set(Object.keys(rows[0]?.record ?? {}));
  for (const column of columnsOf(mapping)) {
    if (!columns.has(column))
      throw new HaechiError('RECORDING_INVALID', `${file} has no column ${column}; it has ${[...columns].join(', ')}`);
  }
  const toTime = timeReader(mapping.time);
  const moments = new Map<number, RecordedReading[]>();
  const devices = new Map<string, Record<string, unknown>>();
  for (const { record: row, info } of rows) {
    const where = `${file}:${info.lines}`;
    const text = row[mapping.time.column] ?? '';
    const ts = toTime(text);
    if (ts === undefined)
      throw new HaechiError(
        'RECORDING_INVALID',
        `${where}: ${mapping.time.column} is ${text}, not ${mapping.time.format}`,
      );
    for (const mapped of mapping.devices) {
      const id = forRow(mapped.id, mapped, row);
      const values = valuesOf(mapped, row, mapping.missing, where);
      if (Object.keys(values).length === 0) continue;
      if (!devices.has(id)) devices.set(id, registryEntry(mapped, id, row, values));
      const readings = moments.get(ts);
      if (readings) readings.push({ device: id, values });
      else moments.set(ts, [{ device: id, values }]);
    }
  }
  return {
    rows: rows.length,
    devices: [...devices.values()],
    moments: [...moments].sort(([a], [b]) => a - b).map(([ts, readings]) => ({ ts, readings })),
  };
}

/** A row, and the line of the file that it ends on. */
interface NumberedRow {
  record: Row;
  info: { lines: number };
}

const CSV = { columns: true, trim: true, bom: true, skip_empty_lines: true, info: true } as const;

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

function columnsOf({ time, devices }: Mapping): string[] {
  return [
    time.column,
    ...devices.flatMap(({ each, fields }) => [
      ...(each === undefined ? [] : [each]),
      ...Object.values(fields).map(({ column }) => column),
    ]),
  ];
}

function forRow(text: string, { each }: MappedDevice, row: Row): string {
  return each === undefined ? text : text.replaceAll('{}', row[each] ?? '');
}

function registryEntry(mapped: MappedDevice, id: string, row: Row, values: Values) {
  const { fields: _, each: __, name, latitude, longitude, ...rest } = mapped;
  return {
    ...rest,
    id,
    name: forRow(name, mapped, row),
    // What moves is registered where it was seen first.
    latitude: latitude ?? values['latitude'],
    longitude: longitude ?? values['longitude'],
  };
}

function valuesOf(mapped: MappedDevice, row: Row, missing: readonly string[], where: string): Values {
  const values: Values = {};
  for (const [name, field] of Object.entries(mapped.fields)) {
    const text = row[field.column] ?? '';
    if (missing.includes(text)) continue;
    values[name] = readValue(text, field, `${where}: ${field.column}`);
  }
  return values;
}

function readValue(text: string, field: MappedField, where: string): Value {
  if (field.words) {
    const word = Object.hasOwn(field.words, text) ? field.words[text] : undefined;
    if (word === undefined)
      throw new HaechiError('RECORDING_INVALID', `${where} is ${text}, which the mapping does not know`);
    return word;
  }
  if (field.text) return text;
  const number = Number(text);
  if (!Number.isFinite(number)) throw new HaechiError('RECORDING_INVALID', `${where} is ${text}, not a number`);
  const scaled = number * (field.scale ?? 1) + (field.add ?? 0);
  return field.decimals === undefined ? scaled : Number(scaled.toFixed(field.decimals));
}
