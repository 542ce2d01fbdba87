/** A CSV file of any length, row by row. */
import { createReadStream, statSync } from 'node:fs';
import { HaechiError, messageOf } from '@haechi/core';
import { parse } from 'csv-parse';
import { CSV, type NumberedRow } from '../replay/row-reader.ts';

/** Bytes of the file. @throws HaechiError RECORDING_INVALID where it cannot be read */
export function csvSize(file: string): number {
  try {
    const found = statSync(file);
    if (!found.isFile()) throw new Error('it is no file');
    return found.size;
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** @throws HaechiError RECORDING_INVALID naming the line that is no row */
export async function* csvRows(file: string): AsyncGenerator<NumberedRow> {
  const source = createReadStream(file);
  const parser = source.pipe(parse(CSV));
  source.once('error', (error) => parser.destroy(error));
  try {
    for await (const row of parser) yield row as NumberedRow;
  } catch (cause) {
    throw unreadable(file, cause);
  } finally {
    source.destroy();
  }
}

function unreadable(file: string, cause: unknown): HaechiError {
  return new HaechiError('RECORDING_INVALID', `${file} cannot be read: ${messageOf(cause)}`, { cause });
}

/** A line of CSV (RFC 4180), ended. */
export function csvLine(cells: readonly (string | number)[]): string {
  const written = cells.map((cell) => {
    const text = String(cell);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${written.join(',')}\r\n`;
}
