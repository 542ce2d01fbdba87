import type { HistoryResource } from '../contract.ts';

/** A field that begins like a formula would be run by a spreadsheet (OWASP: CSV injection). */
function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = String(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Times are UTC; where rows are means, each number comes with its least and most. RFC 4180. */
export function historyCsv(history: HistoryResource, fields: readonly { name: string; unit: string }[]): string {
  const aggregated = history.intervalMs > 0;
  const columns: { title: string; at: (row: number) => unknown }[] = fields.flatMap(({ name, unit }) => {
    const lists = history.fields[name];
    const title = unit === '' ? name : `${name} [${unit}]`;
    if (!lists?.mean) return [{ title, at: (row: number) => lists?.last?.[row] }];
    const mean = { title: aggregated ? `${title} mean` : title, at: (row: number) => lists.mean?.[row] };
    if (!aggregated) return [mean];
    return [
      { title: `${title} min`, at: (row: number) => lists.min?.[row] },
      mean,
      { title: `${title} max`, at: (row: number) => lists.max?.[row] },
    ];
  });
  const head = ['time', ...columns.map(({ title }) => cell(title))].join(',');
  const rows = history.ts.map((at, row) =>
    [new Date(at).toISOString(), ...columns.map((column) => cell(column.at(row)))].join(','),
  );
  return `${[head, ...rows].join('\r\n')}\r\n`;
}
