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

/** RFC 3339 §5.6; the offset may be missing, and then the mapping's own stands in, never that of this machine. */
const RFC_3339 = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)([Zz]|[+-]\d{2}:\d{2})?$/;

/** Why a format cannot be read by; `undefined` where it can. */
export function formatProblem(format: string): string | undefined {
  if (format === 'rfc3339') return undefined;
  const parts = format.match(/YYYY|YY|MM|DD|HH|mm|ss/g) ?? [];
  if (!parts.some((part) => part.startsWith('YY'))) return 'a format has a year';
  if (parts.length !== new Set(parts.map((part) => part.slice(0, 2))).size) return 'a format has each part once';
  return undefined;
}

/** Reads a recording's times into epoch milliseconds; `undefined` where a text is not one. */
export function timeReader({ format, offset }: Mapping['time']): (text: string) => number | undefined {
  if (format === 'rfc3339') {
    return (text) => {
      const [, date = '', time, own = offset] = RFC_3339.exec(text) ?? [];
      return time === undefined ? undefined : instant(date, time, own.toUpperCase());
    };
  }
  const source = format
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(/YYYY|YY|MM|DD|HH|mm|ss/g, (token) => TOKENS[token] ?? token);
  const pattern = new RegExp(`^${source}$`);
  return (text) => {
    const parts = pattern.exec(text)?.groups;
    if (!parts) return undefined;
    const { shortYear, month = '01', day = '01', hour = '00', minute = '00', second = '00' } = parts;
    const year = parts['year'] ?? `20${shortYear}`;
    return instant(`${year}-${month}-${day}`, `${hour}:${minute}:${second}`, offset);
  };
}

function instant(date: string, time: string, offset: string): number | undefined {
  const at = Date.parse(`${date}T${time}${offset}`);
  // V8 takes 30 February for 2 March.
  const day = new Date(`${date}T00:00:00Z`).getUTCDate();
  return Number.isNaN(at) || day !== Number(date.slice(8)) ? undefined : at;
}
