import type { Mapping } from './mapping.ts';

const TOKENS: Record<string, string> = {
  YYYY: '(?<year>\\d{4})',
  YY: '(?<shortYear>\\d{2})',
  MM: '(?<month>\\d{2})',
  DD: '(?<day>\\d{2})',
  HH: '(?<hour>\\d{2})',
  mm: '(?<minute>\\d{2})',
  ss: '(?<second>\\d{2})',
};

/** Reads a recording's times into epoch milliseconds; `undefined` where a text is not one. */
export function timeReader({ format, offset }: Mapping['time']): (text: string) => number | undefined {
  if (format === 'rfc3339') return (text) => finite(Date.parse(text));
  const source = format
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(/YYYY|YY|MM|DD|HH|mm|ss/g, (token) => TOKENS[token] ?? token);
  const pattern = new RegExp(`^${source}$`);
  return (text) => {
    const parts = pattern.exec(text)?.groups;
    if (!parts) return undefined;
    const { shortYear, month = '01', day = '01', hour = '00', minute = '00', second = '00' } = parts;
    const year = parts['year'] ?? `20${shortYear}`;
    return finite(Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`));
  };
}

function finite(time: number): number | undefined {
  return Number.isNaN(time) ? undefined : time;
}
