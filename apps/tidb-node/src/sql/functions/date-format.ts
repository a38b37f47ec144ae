import { DateTime, daysInMonth, pad, utcMs } from '../types/time.js';
import { weekOf } from './interval.js';

/** English names of the days, Sunday first. */
export const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
/** English names of the months. */
export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** DATE_FORMAT. */
export function formatDate(v: DateTime, format: string): string {
  const weekday = new Date(utcMs(v.year, v.month, v.day)).getUTCDay();
  const hour12 = v.hour % 12 === 0 ? 12 : v.hour % 12;
  const half = v.hour % 24 < 12 ? 'AM' : 'PM';
  const parts: Readonly<Record<string, () => string>> = {
    a: () => (DAYS[weekday] ?? '').slice(0, 3),
    b: () => (MONTHS[v.month - 1] ?? '').slice(0, 3),
    c: () => String(v.month),
    D: () => `${v.day}${ordinal(v.day)}`,
    d: () => pad(v.day),
    e: () => String(v.day),
    f: () => pad(v.micro, 6),
    H: () => pad(v.hour),
    h: () => pad(hour12),
    I: () => pad(hour12),
    i: () => pad(v.minute),
    j: () => pad(Math.floor((utcMs(v.year, v.month, v.day) - utcMs(v.year, 1, 1)) / 86_400_000) + 1, 3),
    k: () => String(v.hour),
    l: () => String(hour12),
    M: () => MONTHS[v.month - 1] ?? '',
    m: () => pad(v.month),
    p: () => half,
    r: () => `${pad(hour12)}:${pad(v.minute)}:${pad(v.second)} ${half}`,
    S: () => pad(v.second),
    s: () => pad(v.second),
    T: () => `${pad(v.hour)}:${pad(v.minute)}:${pad(v.second)}`,
    U: () => pad(weekOf(v, 0).week),
    u: () => pad(weekOf(v, 1).week),
    V: () => pad(weekOf(v, 2).week),
    v: () => pad(weekOf(v, 3).week),
    W: () => DAYS[weekday] ?? '',
    w: () => String(weekday),
    X: () => pad(weekOf(v, 2).year, 4),
    x: () => pad(weekOf(v, 3).year, 4),
    Y: () => pad(v.year, 4),
    y: () => pad(v.year % 100),
  };
  return format.replace(/%([\s\S]?)/g, (_, letter: string) => parts[letter]?.() ?? letter);
}

function ordinal(day: number): string {
  if (day >= 11 && day <= 13) return 'th';
  return ['th', 'st', 'nd', 'rd'][day % 10] ?? 'th';
}

const PATTERNS: Readonly<Record<string, string>> = {
  Y: '(?<Y>\\d{1,4})',
  y: '(?<y>\\d{1,2})',
  m: '(?<m>\\d{1,2})',
  c: '(?<m>\\d{1,2})',
  d: '(?<d>\\d{1,2})',
  e: '(?<d>\\d{1,2})',
  H: '(?<H>\\d{1,2})',
  k: '(?<H>\\d{1,2})',
  h: '(?<h>\\d{1,2})',
  I: '(?<h>\\d{1,2})',
  l: '(?<h>\\d{1,2})',
  i: '(?<i>\\d{1,2})',
  s: '(?<s>\\d{1,2})',
  S: '(?<s>\\d{1,2})',
  f: '(?<f>\\d{1,6})',
  p: '(?<p>AM|PM)',
  T: '(?<H>\\d{1,2}):(?<i>\\d{1,2}):(?<s>\\d{1,2})',
  r: '(?<h>\\d{1,2}):(?<i>\\d{1,2}):(?<s>\\d{1,2})\\s*(?<p>AM|PM)',
  b: `(?<b>${MONTHS.map((each) => each.slice(0, 3)).join('|')})`,
  M: `(?<b>${MONTHS.join('|')})`,
  a: '[A-Za-z]{3}',
  W: '[A-Za-z]+',
};

/** STR_TO_DATE; null when the text does not follow the format. */
export function parseWithFormat(text: string, format: string): DateTime | null {
  const pieces = Array.from(format.matchAll(/%([\s\S])|([\s\S])/g), ([, letter, plain = '']) => {
    if (letter !== undefined) return PATTERNS[letter] ?? letter;
    return /\s/.test(plain) ? '\\s*' : plain.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  });
  // A text may end before its format does.
  const source = pieces.reduceRight((rest, piece, at) => (at === 0 ? piece + rest : `(?:$|${piece}${rest})`), '');
  let groups: Readonly<Record<string, string | undefined>> | undefined;
  try {
    groups = new RegExp(`^\\s*${source}`, 'i').exec(text)?.groups;
  } catch {
    return null;
  }
  if (groups === undefined) return null;
  const number = (name: string) => Number(groups?.[name] ?? 0);
  const short = groups.y === undefined ? undefined : number('y');
  const year = short === undefined ? number('Y') : short < 70 ? 2000 + short : 1900 + short;
  const month =
    groups.b === undefined
      ? number('m')
      : MONTHS.findIndex((each) => each.slice(0, 3).toLowerCase() === groups?.b?.slice(0, 3).toLowerCase()) + 1;
  const afternoon = groups.p?.toUpperCase() === 'PM' ? 12 : 0;
  const hour = groups.h === undefined ? number('H') : (number('h') % 12) + afternoon;
  if (groups.h !== undefined && (number('h') < 1 || number('h') > 12)) return null;
  const day = number('d');
  if (month > 12 || hour > 23 || number('i') > 59 || number('s') > 59) return null;
  if (month > 0 && day > daysInMonth(year, month)) return null;
  const timed = ['H', 'h', 'i', 's', 'f'].some((name) => groups?.[name] !== undefined);
  const micro = Number((groups.f ?? '').padEnd(6, '0'));
  return new DateTime(
    timed ? 'datetime' : 'date',
    year,
    month,
    day,
    hour,
    number('i'),
    number('s'),
    micro,
    groups.f === undefined ? 0 : 6,
  );
}
