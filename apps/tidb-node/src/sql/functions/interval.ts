import { Decimal } from '../types/decimal.js';
import { DateTime, daysInMonth, utcMs } from '../types/time.js';

/** Day 0 of TO_DAYS is 0000-00-00; 1970-01-01 is day 719528. */
const EPOCH_DAY = 719_528;

export function dayNumber(value: DateTime): number {
  return Math.floor(utcMs(value.year, value.month, value.day) / 86_400_000) + EPOCH_DAY;
}

export function fromDayNumber(day: number): DateTime {
  if (day < 366 || day > 3_652_424) return new DateTime('date', 0, 0, 0);
  return DateTime.fromEpoch((day - EPOCH_DAY) * 86_400_000, 0, 'date');
}

const PARTS: Readonly<Record<string, readonly string[]>> = {
  YEAR_MONTH: ['YEAR', 'MONTH'],
  DAY_HOUR: ['DAY', 'HOUR'],
  DAY_MINUTE: ['DAY', 'HOUR', 'MINUTE'],
  DAY_SECOND: ['DAY', 'HOUR', 'MINUTE', 'SECOND'],
  DAY_MICROSECOND: ['DAY', 'HOUR', 'MINUTE', 'SECOND', 'MICROSECOND'],
  HOUR_MINUTE: ['HOUR', 'MINUTE'],
  HOUR_SECOND: ['HOUR', 'MINUTE', 'SECOND'],
  HOUR_MICROSECOND: ['HOUR', 'MINUTE', 'SECOND', 'MICROSECOND'],
  MINUTE_SECOND: ['MINUTE', 'SECOND'],
  MINUTE_MICROSECOND: ['MINUTE', 'SECOND', 'MICROSECOND'],
  SECOND_MICROSECOND: ['SECOND', 'MICROSECOND'],
};

const MICROS: Readonly<Record<string, bigint>> = {
  MICROSECOND: 1n,
  SECOND: 1_000_000n,
  MINUTE: 60_000_000n,
  HOUR: 3_600_000_000n,
  DAY: 86_400_000_000n,
  WEEK: 604_800_000_000n,
};

const MONTHS: Readonly<Record<string, number>> = { MONTH: 1, QUARTER: 3, YEAR: 12 };

/** Moves a time by an interval; null when it leaves the years 0 to 9999 or the unit is not known. */
export function addInterval(value: DateTime, amount: string, unit: string, sign: 1 | -1): DateTime | null {
  let months = 0;
  let micros = 0n;
  const names = PARTS[unit] ?? [unit];
  const numbers = names.length === 1 ? [amount] : splitAmount(amount, names.length);
  const minus = names.length > 1 && amount.trim().startsWith('-') ? -1n : 1n;
  for (const [index, name] of names.entries()) {
    const number = numbers[index] ?? '0';
    // Behind other parts, microseconds are the digits of a fraction: '1.5' is a second and a half.
    const text = name === 'MICROSECOND' && names.length > 1 ? number.padEnd(6, '0') : number;
    const inMonths = MONTHS[name];
    const inMicros = MICROS[name];
    if (inMonths !== undefined) months += Number(roundedInteger(text)) * inMonths * Number(minus);
    else if (inMicros !== undefined) {
      const exact =
        name === 'SECOND' ? (Decimal.parse(text) ?? new Decimal(0n, 0)) : new Decimal(roundedInteger(text), 0);
      micros += minus * exact.multiply(new Decimal(inMicros, 0)).toBigInt();
    } else return null;
  }
  const timed = /HOUR|MINUTE|SECOND|MICRO/.test(unit);
  const kind = value.kind === 'date' && !timed ? 'date' : 'datetime';
  const fsp = micros % 1_000_000n === 0n ? value.fsp : 6;
  let { year, month, day } = value;
  if (months !== 0) {
    const total = year * 12 + (month - 1) + sign * months;
    year = Math.floor(total / 12);
    month = (((total % 12) + 12) % 12) + 1;
    if (year < 0 || year > 9999) return null;
    day = Math.min(day, daysInMonth(year, month));
  }
  const base = BigInt(utcMs(year, month, day, value.hour, value.minute, value.second)) * 1000n + BigInt(value.micro);
  const moved = base + BigInt(sign) * micros;
  const rest = ((moved % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const result = DateTime.fromEpoch(Number((moved - rest) / 1000n), 0, kind, fsp, Number(rest));
  return result.year < 0 || result.year > 9999 || Number.isNaN(result.year) ? null : result;
}

function roundedInteger(text: string): bigint {
  const match = /^\s*[+-]?\d+(\.\d+)?/.exec(text);
  return match === null ? 0n : (Decimal.parse(match[0])?.toBigInt() ?? 0n);
}

/** Amounts of a combined unit: any separators, aligned at the last part when some are missing. */
function splitAmount(amount: string, count: number): string[] {
  const found = amount.match(/\d+/g) ?? [];
  return [...Array<string>(Math.max(count - found.length, 0)).fill('0'), ...found.slice(0, count)];
}

/** Week number by MySQL's modes 0 to 7. */
export function weekOf(value: DateTime, mode: number): { readonly year: number; readonly week: number } {
  const mondayFirst = (mode & 1) !== 0;
  let weekYear = (mode & 2) !== 0;
  const firstWeekday = (mode & 4) !== 0 ? mondayFirst : !mondayFirst;
  const day = Math.floor(utcMs(value.year, value.month, value.day) / 86_400_000);
  let firstDay = Math.floor(utcMs(value.year, 1, 1) / 86_400_000);
  const weekdayOf = (at: number) => (((at + 3 + (mondayFirst ? 0 : 1)) % 7) + 7) % 7;
  let weekday = weekdayOf(firstDay);
  let year = value.year;
  if (value.month === 1 && value.day <= 7 - weekday) {
    if (!weekYear && ((firstWeekday && weekday !== 0) || (!firstWeekday && weekday >= 4))) return { year, week: 0 };
    weekYear = true;
    year--;
    const days = daysIn(year);
    firstDay -= days;
    weekday = (weekday + 53 * 7 - days) % 7;
  }
  const days =
    (firstWeekday && weekday !== 0) || (!firstWeekday && weekday >= 4)
      ? day - (firstDay + (7 - weekday))
      : day - (firstDay - weekday);
  if (weekYear && days >= 52 * 7) {
    const next = (weekday + daysIn(year)) % 7;
    if ((!firstWeekday && next < 4) || (firstWeekday && next === 0)) return { year: year + 1, week: 1 };
  }
  return { year, week: Math.floor(days / 7) + 1 };
}

function daysIn(year: number): number {
  return daysInMonth(year, 2) === 29 ? 366 : 365;
}
