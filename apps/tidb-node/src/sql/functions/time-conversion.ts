import { SqlError } from '../errors.js';
import { Duration, MAX_DURATION_MICROS, parseDuration } from '../types/duration.js';
import { toText } from '../types/text.js';
import { DateTime, dateTimeFromNumber, daysInMonth, parseDateTime } from '../types/time.js';
import type { Evaluation } from './context.js';
import type { Present } from './function.js';

/** How many digits of a second a text has. */
export function fractionDigits(text: string): number {
  return Math.min(/\.(\d+)/.exec(text)?.[1]?.length ?? 0, 6);
}

/** A value as a date and time; null with a warning for one that is none. */
export function toDateTime(value: Present, c: Evaluation): DateTime | null {
  if (value instanceof DateTime) return value;
  if (value instanceof Duration) {
    const today = now(c, 0).as('date');
    const micro = ((value.micros % 1e6) + 1e6) % 1e6;
    return DateTime.fromEpoch(today.toUtcMs() + Math.floor(value.micros / 1000), 0, 'datetime', value.fsp, micro);
  }
  const text = toText(value);
  const fsp = /\.\d/.test(text) ? 6 : 0;
  const parsed =
    typeof value === 'bigint' ? dateTimeFromNumber(value, 'datetime') : parseDateTime(text, 'datetime', fsp);
  if (parsed === undefined) {
    c.session.warn('Warning', 1292, incorrectDateTime(text));
    return null;
  }
  return parsed;
}

function refusesZero(c: Evaluation): boolean {
  return String(c.session.systemVariable('session', 'sql_mode')).includes('NO_ZERO_DATE');
}

/** Under NO_ZERO_DATE the zero date is none. */
export function presentDate(value: DateTime | null, c: Evaluation): DateTime | null {
  if (value === null || !value.isZero() || !refusesZero(c)) return value;
  c.session.warn('Warning', 1292, `Incorrect datetime value: '${value}'`);
  return null;
}

/** The words for a text that is no date: one that has the parts of a date is shown by them. */
function incorrectDateTime(text: string): string {
  const parts = /^(\d{4})-?(\d{1,2})-?(\d{1,2})(?:[ T](\d+)(?::(\d+)(?::(\d+))?)?)?/.exec(text);
  if (parts === null) return `Incorrect datetime value: '${text}'`;
  const [, year = '', month = '', day = '', hour, minute, second] = parts;
  const isDay = Number(month) <= 12 && Number(day) <= daysInMonth(Number(year), Number(month));
  if (!isDay) return `Incorrect datetime value: '${Number(year)}-${Number(month)}-${Number(day)}'`;
  const wrong = Number(hour) > 23 ? hour : Number(minute) > 59 ? minute : Number(second) > 59 ? second : undefined;
  return wrong === undefined ? `Incorrect datetime value: '${text}'` : `Incorrect time value: '${wrong}'`;
}

export function toDuration(value: Present, c: Evaluation): Duration | null {
  if (value instanceof Duration) return value;
  if (value instanceof DateTime)
    return Duration.fromParts(false, value.hour, value.minute, value.second, value.micro, value.fsp);
  const text = toText(value);
  const parsed = parseDuration(text, /\.\d/.test(text) ? 6 : 0);
  if (parsed === undefined) {
    c.session.warn('Warning', 1292, `Truncated incorrect time value: '${text}'`);
    return null;
  }
  if (Math.abs(parsed.micros) <= MAX_DURATION_MICROS) return parsed;
  c.session.warn('Warning', 1292, `Truncated incorrect time value: '${text}'`);
  return new Duration(Math.sign(parsed.micros) * MAX_DURATION_MICROS, parsed.fsp);
}

/** DATE '…' and TIMESTAMP '…'. Error 1292 for what is none. */
export function literalOf(value: Present, kind: 'date' | 'datetime', c: Evaluation): DateTime {
  const text = toText(value);
  const parsed = parseDateTime(text, 'datetime', fractionDigits(text));
  if (parsed !== undefined && !(parsed.isZero() && refusesZero(c))) return parsed;
  if (parsed !== undefined) throw new SqlError(1292, `Incorrect ${kind} value: '${text}'`);
  const words = incorrectDateTime(text);
  throw new SqlError(1292, /\d/.test(text) ? words : words.replace('datetime', kind));
}

/** The wall clock at the start of the statement. */
export function now(c: Evaluation, fsp: number): DateTime {
  const unit = 10 ** (6 - fsp);
  return c.session.timeZone.wallClock(c.nowMs, Math.floor(c.nowMicro / unit) * unit, 'datetime', fsp);
}

/** Whether a date has a month and a day: what reckons with days is NULL for one that does not. */
export function hasDay(value: DateTime): boolean {
  return value.month !== 0 && value.day !== 0;
}
