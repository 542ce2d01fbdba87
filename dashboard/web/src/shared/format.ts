import type { Field, Language, Value } from '../contract.ts';

const LOCALE: Record<Language, string> = { en: 'en-GB', ko: 'ko-KR' };

const numberFormats = new Map<string, Intl.NumberFormat>();

export function formatNumber(value: number, decimals: number, language: Language): string {
  const key = `${language}${decimals}`;
  let format = numberFormats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(LOCALE[language], {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
    numberFormats.set(key, format);
  }
  return format.format(value);
}

/** `7.2 pH`, `85 %`, `24°`: the value as the model writes it, with its unit. */
export function withUnit(text: string, unit: string): string {
  if (unit === '') return text;
  return unit === '°' ? `${text}${unit}` : `${text} ${unit}`;
}

export interface FieldWords {
  choices: Record<string, Record<string, string>>;
  yes: string;
  no: string;
}

/** A value without its unit, in the reader's words. */
export function formatValue(value: Value, field: Field | undefined, words: FieldWords, language: Language): string {
  if (typeof value === 'boolean')
    return words.choices[field?.name ?? '']?.[String(value)] ?? (value ? words.yes : words.no);
  if (typeof value === 'string') return words.choices[field?.name ?? '']?.[value] ?? value;
  return formatNumber(value, field?.decimals ?? 1, language);
}

export type TimeStyle = 'clock' | 'time' | 'date' | 'date-time' | 'minute';

const TIME_OPTIONS: Record<TimeStyle, Intl.DateTimeFormatOptions> = {
  clock: { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  time: { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  minute: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  date: { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' },
  'date-time': {
    day: '2-digit',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  },
};
const timeFormats = new Map<string, Intl.DateTimeFormat>();

/** Always in the city's zone: an operator abroad and one on the spot read the same clock. */
export function formatTime(at: number, style: TimeStyle, timeZone: string, language: Language): string {
  const key = `${language} ${style} ${timeZone}`;
  let format = timeFormats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(LOCALE[language], { ...TIME_OPTIONS[style], timeZone });
    timeFormats.set(key, format);
  }
  return format.format(at);
}

export type Age = { unit: 'now' } | { unit: 'second' | 'minute' | 'hour' | 'day'; count: number };

/** An age in the largest unit that still says something. */
export function ageOf(at: number, now: number): Age {
  const seconds = Math.floor((now - at) / 1000);
  if (seconds < 1) return { unit: 'now' };
  if (seconds < 60) return { unit: 'second', count: seconds };
  if (seconds < 3600) return { unit: 'minute', count: Math.floor(seconds / 60) };
  if (seconds < 86_400 * 2) return { unit: 'hour', count: Math.floor(seconds / 3600) };
  return { unit: 'day', count: Math.floor(seconds / 86_400) };
}

/** `08:12` on the same city day, else with the day. */
export function shortTime(at: number, now: number, timeZone: string, language: Language): string {
  const sameDay = formatTime(at, 'date', timeZone, language) === formatTime(now, 'date', timeZone, language);
  return formatTime(at, sameDay ? 'time' : 'date-time', timeZone, language);
}

export function formatSize(bytes: number, language: Language): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let index = 0;
  while (value >= 1000 && index < units.length - 1) {
    value /= 1000;
    index += 1;
  }
  return `${formatNumber(value, index === 0 ? 0 : 1, language)} ${units[index]}`;
}
