/** A row of a CSV file as readings of devices, by what the mapping says of its columns. */
import { HaechiError, type Value, type Values } from '@haechi/core';
import type { MappedDevice, MappedField, Mapping } from './mapping.ts';
import { timeReader } from './time-format.ts';

export type Row = Record<string, string>;

/** As `csv-parse` takes them. */
export const CSV = { columns: true, trim: true, bom: true, skip_empty_lines: true, info: true } as const;

/** A row, the line of the file that it ends on, and the bytes up to there. */
export interface NumberedRow {
  record: Row;
  info: { lines: number; bytes: number };
}

export interface RowReading {
  device: string;
  mapped: MappedDevice;
  values: Values;
}

/** @throws HaechiError RECORDING_INVALID where the file lacks a column that the mapping names */
export function requireColumns(file: string, columns: readonly string[], { time, devices }: Mapping): void {
  const needed = [
    time.column,
    ...devices.flatMap(({ each, fields }) => [
      ...(each === undefined ? [] : [each]),
      ...Object.values(fields).map(({ column }) => column),
    ]),
  ];
  const missing = needed.find((column) => !columns.includes(column));
  if (missing !== undefined)
    throw new HaechiError('RECORDING_INVALID', `${file} has no column ${missing}; it has ${columns.join(', ')}`);
}

/**
 * Reads one row after the other; a device without a value in a row has no reading of it. `where` is the row's place.
 * What it reads throws HaechiError RECORDING_INVALID naming place, column and value.
 */
export function rowReader({ time, devices, missing }: Mapping) {
  const toTime = timeReader(time);
  return (row: Row, where: string): { ts: number; readings: RowReading[] } => {
    const text = row[time.column] ?? '';
    const ts = toTime(text);
    if (ts === undefined)
      throw new HaechiError('RECORDING_INVALID', `${where}: ${time.column} is ${text}, not ${time.format}`);
    const readings = devices.flatMap((mapped): RowReading[] => {
      const values = valuesOf(mapped, row, missing, where);
      return Object.keys(values).length === 0 ? [] : [{ device: forRow(mapped.id, mapped, row), mapped, values }];
    });
    return { ts, readings };
  };
}

/** What the registry is told of a device that is met in a row for the first time; as `deviceSchema` wants it. */
export function registryEntry({ device, mapped, values }: RowReading, row: Row): Record<string, unknown> {
  const { fields: _, each: __, name, latitude, longitude, ...rest } = mapped;
  return {
    ...rest,
    id: device,
    name: forRow(name, mapped, row),
    // What moves is registered where it was seen first.
    latitude: latitude ?? values['latitude'],
    longitude: longitude ?? values['longitude'],
  };
}

function forRow(text: string, { each }: MappedDevice, row: Row): string {
  return each === undefined ? text : text.replaceAll('{}', row[each] ?? '');
}

function valuesOf(mapped: MappedDevice, row: Row, missing: readonly string[], where: string): Values {
  const values: Values = {};
  for (const [name, field] of Object.entries(mapped.fields)) {
    const text = row[field.column] ?? '';
    if (missing.includes(text)) continue;
    values[name] = readValue(text, field, where);
  }
  return values;
}

function readValue(text: string, field: MappedField, where: string): Value {
  const wrong = (what: string) => new HaechiError('RECORDING_INVALID', `${where}: ${field.column} is ${text}, ${what}`);
  if (field.words) {
    const word = Object.hasOwn(field.words, text) ? field.words[text] : undefined;
    if (word === undefined) throw wrong('which the mapping does not know');
    return word;
  }
  if (field.text) return text;
  const number = Number(text);
  if (!Number.isFinite(number)) throw wrong('not a number');
  const scaled = number * (field.scale ?? 1) + (field.add ?? 0);
  return field.decimals === undefined ? scaled : Number(scaled.toFixed(field.decimals));
}
