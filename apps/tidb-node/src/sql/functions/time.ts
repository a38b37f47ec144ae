import { SqlError } from '../errors.js';
import { Decimal } from '../types/decimal.js';
import { Duration, MAX_DURATION_MICROS, parseDuration } from '../types/duration.js';
import {
  DATE_TYPE,
  dateTimeType,
  decimalType,
  durationType,
  evaluationKind,
  type FieldType,
  INT_TYPE,
  stringType,
  Tp,
} from '../types/field-type.js';
import { toDecimal, toInteger } from '../types/number.js';
import { toText } from '../types/text.js';
import { DateTime, dateTimeFromNumber, daysInMonth, parseDateTime, utcMs } from '../types/time.js';
import { TimeZone } from '../types/time-zone.js';
import type { SqlValue } from '../types/value.js';
import type { Evaluation } from './context.js';
import { DAYS, formatDate, MONTHS, parseWithFormat } from './date-format.js';
import { at, type FunctionTable, type Present, type StrictFunction } from './function.js';
import { addInterval, dayNumber, fromDayNumber, weekOf } from './interval.js';

/** Months since year 0 of YYMM or YYYYMM. */
function monthsOf(period: Present): bigint {
  const number = toInteger(period, () => undefined);
  const month = number % 100n;
  if (number <= 0n || month < 1n || month > 12n) throw new SqlError(1210, 'Incorrect arguments to period_add');
  const year = number / 100n;
  return (year < 70n ? year + 2000n : year < 100n ? year + 1900n : year) * 12n + month - 1n;
}

function periodOf(months: bigint): bigint {
  return (months / 12n) * 100n + (months % 12n) + 1n;
}

/** What a format reads: a time of day, a date, or both. */
function formatType(format: string): FieldType {
  const time = /%[fHhIiklpSsTr]/.test(format);
  const date = /%[YyMmcbDdejUuVvWwXxa]/.test(format);
  const fsp = /%f/.test(format) ? 6 : 0;
  if (time && !date) return durationType(fsp);
  return time ? dateTimeType(fsp) : DATE_TYPE;
}

/** How many digits of a second a text has. */
function fractionDigits(text: string): number {
  return Math.min(/\.(\d+)/.exec(text)?.[1]?.length ?? 0, 6);
}

/** A value as a date and time; null with a warning for one that is none. */
export function toDateTime(value: Present, c: Evaluation): DateTime | null {
  if (value instanceof DateTime) return value;
  if (value instanceof Duration) {
    const today = now(c, 0).as('date');
    return DateTime.fromEpoch(today.toUtcMs() + Math.floor(value.micros / 1000), 0, 'datetime', value.fsp);
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
function literalOf(value: Present, kind: 'date' | 'datetime'): DateTime {
  const text = toText(value);
  const parsed = parseDateTime(text, 'datetime', fractionDigits(text));
  if (parsed !== undefined) return parsed;
  const words = incorrectDateTime(text);
  throw new SqlError(1292, /\d/.test(text) ? words : words.replace('datetime', kind));
}

/** The wall clock at the start of the statement. */
export function now(c: Evaluation, fsp: number): DateTime {
  const unit = 10 ** (6 - fsp);
  return c.session.timeZone.wallClock(c.nowMs, Math.floor(c.nowMicro / unit) * unit, 'datetime', fsp);
}

function fspOf(args: readonly SqlValue[]): number {
  const value = args[0];
  return typeof value === 'bigint' ? Number(value) : 0;
}

function checkedFsp(fsp: number): number {
  if (fsp > 6) throw new SqlError(1105, `Too-big precision ${fsp} specified for 'curtime'. Maximum is 6`);
  return fsp;
}

function fspType(make: (fsp: number) => FieldType) {
  return (_: readonly FieldType[], compiled: readonly { text: string }[]) =>
    make(checkedFsp(Number(compiled[0]?.text ?? 0) || 0));
}

/** A function of the parts of one date. */
function part(read: (value: DateTime) => number | null): StrictFunction {
  return {
    arity: [1, 1],
    type: () => INT_TYPE,
    evaluate: ([v = ''], c) => {
      const value = toDateTime(v, c);
      const result = value === null ? null : read(value);
      return result === null ? null : BigInt(result);
    },
  };
}

function clockPart(read: (value: Duration) => number): StrictFunction {
  return {
    arity: [1, 1],
    type: () => INT_TYPE,
    evaluate: ([v = ''], c) => {
      const value = toDuration(v, c);
      return value === null ? null : BigInt(read(value));
    },
  };
}

function weekday(value: DateTime): number {
  return new Date(utcMs(value.year, value.month, value.day)).getUTCDay();
}

function valid(value: DateTime): boolean {
  return value.month !== 0 && value.day !== 0;
}

function wholeDays(value: DateTime): number {
  return Math.floor(utcMs(value.year, value.month, value.day) / 86_400_000);
}

function timestampDiff(unit: string, from: DateTime, to: DateTime): bigint {
  const micros = BigInt(to.toUtcMs() - from.toUtcMs()) * 1000n + BigInt((to.micro % 1000) - (from.micro % 1000));
  const month = (value: DateTime) => value.year * 12 + value.month;
  switch (unit) {
    case 'MICROSECOND':
      return micros;
    case 'SECOND':
      return micros / 1_000_000n;
    case 'MINUTE':
      return micros / 60_000_000n;
    case 'HOUR':
      return micros / 3_600_000_000n;
    case 'DAY':
      return micros / 86_400_000_000n;
    case 'WEEK':
      return micros / 604_800_000_000n;
  }
  let months = month(to) - month(from);
  const rest = (value: DateTime) =>
    ((value.day * 24 + value.hour) * 60 + value.minute) * 60 + value.second + value.micro / 1e6;
  if (months > 0 && rest(to) < rest(from)) months--;
  if (months < 0 && rest(to) > rest(from)) months++;
  const divisor = unit === 'YEAR' ? 12 : unit === 'QUARTER' ? 3 : 1;
  return BigInt(Math.trunc(months / divisor));
}

function extract(unit: string, value: Present, c: Evaluation): SqlValue {
  const timeUnit = /^(HOUR|MINUTE|SECOND|MICROSECOND)/.test(unit) && !(value instanceof DateTime);
  if (timeUnit && (value instanceof Duration || !/-/.test(toText(value).slice(1)))) {
    const time = toDuration(value, c);
    if (time === null) return null;
    const sign = time.negative ? -1n : 1n;
    const parts = extractParts(unit, 0, 0, 0, time.hour, time.minute, time.second, time.micro);
    return parts === null ? null : sign * parts;
  }
  const d = toDateTime(value, c);
  if (d === null) return null;
  if (unit === 'WEEK') return BigInt(weekOf(d, 0).week);
  if (unit === 'QUARTER') return BigInt(Math.ceil(d.month / 3));
  return extractParts(unit, d.year, d.month, d.day, d.hour, d.minute, d.second, d.micro);
}

function extractParts(
  unit: string,
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  micro: number,
): bigint | null {
  const values: Readonly<Record<string, number>> = {
    YEAR: year,
    MONTH: month,
    DAY: day,
    HOUR: hour,
    MINUTE: minute,
    SECOND: second,
    MICROSECOND: micro,
  };
  const single = values[unit];
  if (single !== undefined) return BigInt(single);
  const order = ['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND', 'MICROSECOND'];
  const [first = '', last = ''] = unit.split('_');
  const from = order.indexOf(first);
  const to = order.indexOf(last);
  if (from < 0 || to <= from) return null;
  let result = 0n;
  for (const each of order.slice(from, to + 1)) {
    result = result * (each === 'MICROSECOND' ? 1_000_000n : 100n) + BigInt(values[each] ?? 0);
  }
  return result;
}

/** DATE_ADD and DATE_SUB: a DATE stays one unless the unit has a time of day. */
function dateArithmetic(sign: 1 | -1): StrictFunction {
  return {
    arity: [3, 3],
    type: (args, compiled) => {
      const type = at(args, 0);
      const timed = /HOUR|MINUTE|SECOND|MICRO/.test(compiled[2]?.text ?? '');
      if (type.Tp === Tp.Date && !timed) return DATE_TYPE;
      if (type.Tp === Tp.Date) return dateTimeType(/MICRO/.test(compiled[2]?.text ?? '') ? 6 : 0);
      if (evaluationKind(type) === 'datetime') return dateTimeType(Math.max(type.Decimal, 0));
      return evaluationKind(type) === 'duration' ? durationType(Math.max(type.Decimal, 0)) : stringType(29);
    },
    evaluate: ([value = '', amount = 0n, unit = ''], c) => {
      if (value instanceof Duration) {
        const base = new DateTime('datetime', 2000, 1, 15);
        const moved = addInterval(base, toText(amount), toText(unit), sign);
        return moved === null
          ? null
          : new Duration(value.micros + (moved.toUtcMs() - base.toUtcMs()) * 1000 + (moved.micro % 1000), value.fsp);
      }
      const date = toDateTime(value, c);
      if (date === null || !valid(date)) return null;
      const moved = addInterval(date, toText(amount), toText(unit), sign);
      if (moved === null) return null;
      if (value instanceof DateTime) return moved;
      const text = toText(value);
      const dateOnly = !/:|\d{9,}/.test(text) && !/HOUR|MINUTE|SECOND|MICRO/.test(toText(unit));
      return (dateOnly ? moved.as('date') : moved.as('datetime', moved.micro === 0 ? 0 : 6)).toString();
    },
  };
}

export const TIME_FUNCTIONS: FunctionTable = {
  now: { arity: [0, 1], type: fspType(dateTimeType), evaluate: (args, c) => now(c, fspOf(args)) },
  sysdate: {
    arity: [0, 1],
    type: fspType(dateTimeType),
    volatile: true,
    evaluate: (args, c) => c.session.timeZone.wallClock(Date.now(), 0, 'datetime', fspOf(args)),
  },
  curdate: { arity: [0, 0], type: () => DATE_TYPE, evaluate: (_, c) => now(c, 0).as('date') },
  curtime: { arity: [0, 1], type: fspType(durationType), evaluate: (args, c) => toDuration(now(c, fspOf(args)), c) },
  utc_timestamp: {
    arity: [0, 1],
    type: fspType(dateTimeType),
    evaluate: (args, c) => DateTime.fromEpoch(c.nowMs, 0, 'datetime', fspOf(args), fspOf(args) === 0 ? 0 : c.nowMicro),
  },
  utc_date: { arity: [0, 0], type: () => DATE_TYPE, evaluate: (_, c) => DateTime.fromEpoch(c.nowMs, 0, 'date') },
  utc_time: {
    arity: [0, 1],
    type: fspType(durationType),
    evaluate: (args, c) => toDuration(DateTime.fromEpoch(c.nowMs, 0, 'datetime', fspOf(args), 0), c),
  },
  date: { arity: [1, 1], type: () => DATE_TYPE, evaluate: ([v = ''], c) => toDateTime(v, c)?.as('date') ?? null },
  date_literal: {
    arity: [1, 1],
    type: () => DATE_TYPE,
    evaluate: ([v = '']) => literalOf(v, 'date').as('date'),
  },
  time: {
    arity: [1, 1],
    type: ([type], [argument]) =>
      durationType(
        argument?.constant === true
          ? fractionDigits(argument.text)
          : Math.max(type?.Decimal === 31 ? 0 : (type?.Decimal ?? 0), 0),
      ),
    evaluate: ([v = ''], c) => {
      const value = toDuration(v, c);
      return value === null || typeof v !== 'string' ? value : new Duration(value.micros, fractionDigits(v));
    },
  },
  time_literal: {
    arity: [1, 1],
    type: (_, [literal]) => durationType(fractionDigits(literal?.text ?? '')),
    evaluate: ([v = '']) => {
      const parsed = parseDuration(toText(v), fractionDigits(toText(v)));
      if (parsed === undefined) throw new SqlError(1292, `Incorrect time value: '${toText(v)}'`);
      return parsed;
    },
  },
  timestamp: {
    arity: [1, 2],
    type: () => dateTimeType(0),
    evaluate: ([v = '', span], c) => {
      const value = toDateTime(v, c);
      if (value === null || span === undefined) return value?.as('datetime') ?? null;
      const add = toDuration(span, c);
      return add === null ? null : addInterval(value, String(add.micros), 'MICROSECOND', 1);
    },
  },
  timestamp_literal: {
    arity: [1, 1],
    type: (_, [literal]) => dateTimeType(fractionDigits(literal?.text ?? '')),
    evaluate: ([v = '']) => literalOf(v, 'datetime').round(fractionDigits(toText(v))),
  },
  year: part((v) => v.year),
  month: part((v) => v.month),
  day: part((v) => v.day),
  dayofmonth: part((v) => v.day),
  quarter: part((v) => Math.ceil(v.month / 3)),
  dayofweek: part((v) => (valid(v) ? weekday(v) + 1 : null)),
  weekday: part((v) => (valid(v) ? (weekday(v) + 6) % 7 : null)),
  dayofyear: part((v) => (valid(v) ? wholeDays(v) - wholeDays(new DateTime('date', v.year, 1, 1)) + 1 : null)),
  to_seconds: part((v) => (valid(v) ? dayNumber(v) * 86_400 + v.hour * 3600 + v.minute * 60 + v.second : null)),
  period_add: {
    arity: [2, 2],
    type: () => INT_TYPE,
    evaluate: ([period = 0n, months = 0n]) => periodOf(monthsOf(period) + toInteger(months, () => undefined)),
  },
  period_diff: { arity: [2, 2], type: () => INT_TYPE, evaluate: ([a = 0n, b = 0n]) => monthsOf(a) - monthsOf(b) },
  to_days: part((v) => (valid(v) ? dayNumber(v) : null)),
  weekofyear: part((v) => (valid(v) ? weekOf(v, 3).week : null)),
  week: {
    arity: [1, 2],
    type: () => INT_TYPE,
    evaluate: ([v = '', mode = 0n], c) => {
      const value = toDateTime(v, c);
      return value === null || !valid(value)
        ? null
        : BigInt(weekOf(value, Number(toInteger(mode, () => undefined))).week);
    },
  },
  yearweek: {
    arity: [1, 2],
    type: () => INT_TYPE,
    evaluate: ([v = '', mode = 0n], c) => {
      const value = toDateTime(v, c);
      if (value === null || !valid(value)) return null;
      const { year, week } = weekOf(value, Number(toInteger(mode, () => undefined)) | 2);
      return BigInt(year * 100 + week);
    },
  },
  hour: clockPart((v) => v.hour),
  minute: clockPart((v) => v.minute),
  second: clockPart((v) => v.second),
  microsecond: clockPart((v) => v.micro),
  time_to_sec: clockPart((v) => Math.sign(v.micros) * Math.floor(Math.abs(v.micros) / 1e6)),
  sec_to_time: {
    arity: [1, 1],
    type: () => durationType(0),
    evaluate: ([v = 0n]) =>
      new Duration(
        Math.max(-MAX_DURATION_MICROS, Math.min(MAX_DURATION_MICROS, toDecimal(v, () => undefined).toNumber() * 1e6)),
        0,
      ),
  },
  dayname: {
    arity: [1, 1],
    type: () => stringType(10),
    evaluate: ([v = ''], c) => nameOf(toDateTime(v, c), (d) => DAYS[weekday(d)]),
  },
  monthname: {
    arity: [1, 1],
    type: () => stringType(10),
    evaluate: ([v = ''], c) => nameOf(toDateTime(v, c), (d) => MONTHS[d.month - 1]),
  },
  last_day: {
    arity: [1, 1],
    type: () => DATE_TYPE,
    evaluate: ([v = ''], c) => {
      const d = toDateTime(v, c);
      return d === null || d.month === 0 ? null : new DateTime('date', d.year, d.month, daysInMonth(d.year, d.month));
    },
  },
  from_days: {
    arity: [1, 1],
    type: () => DATE_TYPE,
    evaluate: ([v = 0n]) => fromDayNumber(Number(toInteger(v, () => undefined))),
  },
  datediff: {
    arity: [2, 2],
    type: () => INT_TYPE,
    evaluate: ([a = '', b = ''], c) => {
      const left = toDateTime(a, c);
      const right = toDateTime(b, c);
      return left === null || right === null ? null : BigInt(wholeDays(left) - wholeDays(right));
    },
  },
  timediff: {
    arity: [2, 2],
    type: () => durationType(0),
    evaluate: ([a = '', b = ''], c) => {
      const dated = a instanceof DateTime || b instanceof DateTime || /-.*:/.test(toText(a));
      if (dated) {
        const left = toDateTime(a, c);
        const right = toDateTime(b, c);
        return left === null || right === null ? null : new Duration((left.toUtcMs() - right.toUtcMs()) * 1000);
      }
      const left = toDuration(a, c);
      const right = toDuration(b, c);
      return left === null || right === null
        ? null
        : new Duration(left.micros - right.micros, Math.max(left.fsp, right.fsp));
    },
  },
  timestampdiff: {
    arity: [3, 3],
    type: () => INT_TYPE,
    evaluate: ([unit = '', a = '', b = ''], c) => {
      const from = toDateTime(a, c);
      const to = toDateTime(b, c);
      return from === null || to === null ? null : timestampDiff(toText(unit), from, to);
    },
  },
  timestampadd: {
    arity: [3, 3],
    type: () => stringType(29),
    evaluate: ([unit = '', amount = 0n, v = ''], c) => {
      const value = toDateTime(v, c);
      return value === null ? null : addInterval(value, toText(amount), toText(unit), 1);
    },
  },
  date_add: dateArithmetic(1),
  date_sub: dateArithmetic(-1),
  extract: { arity: [2, 2], type: () => INT_TYPE, evaluate: ([unit = '', v = ''], c) => extract(toText(unit), v, c) },
  date_format: {
    arity: [2, 2],
    type: () => stringType(255),
    evaluate: ([v = '', format = ''], c) => {
      const value = toDateTime(v, c);
      return value === null ? null : formatDate(value, toText(format));
    },
  },
  time_format: {
    arity: [2, 2],
    type: () => stringType(255),
    evaluate: ([v = '', format = ''], c) => {
      const value = toDuration(v, c);
      if (value === null) return null;
      return formatDate(
        new DateTime('datetime', 0, 0, 0, value.hour, value.minute, value.second, value.micro, 6),
        toText(format),
      );
    },
  },
  str_to_date: {
    arity: [2, 2],
    type: (_, [, format]) => formatType(format?.constant === true ? format.text : '%Y %H'),
    evaluate: ([v = '', format = ''], c) => {
      const value = parseWithFormat(toText(v), toText(format));
      const { Tp: tp, Decimal: fsp } = formatType(toText(format));
      if (value === null || (tp !== Tp.Duration && (value.month === 0 || value.day === 0))) {
        c.session.warn('Warning', 1411, `Incorrect datetime value: '${toText(v)}' for function str_to_date`);
        return null;
      }
      if (tp === Tp.Duration)
        return Duration.fromParts(false, value.hour, value.minute, value.second, value.micro, Math.max(fsp, 0));
      return tp === Tp.Date ? value.as('date') : value;
    },
  },
  unix_timestamp: {
    arity: [0, 1],
    type: ([type]) =>
      (type?.Decimal ?? 0) > 0 && type?.Decimal !== 31 ? decimalType(18, type?.Decimal ?? 0) : INT_TYPE,
    evaluate: ([v], c) => {
      if (v === undefined) return BigInt(Math.floor(c.nowMs / 1000));
      const value = toDateTime(v, c);
      if (value === null) return null;
      if (!valid(value) || value.year < 1970) return 0n;
      const ms = c.session.timeZone.instant(value);
      return value.fsp > 0
        ? new Decimal(BigInt(Math.floor(ms / 1000)) * 1_000_000n + BigInt(value.micro), 6).round(value.fsp)
        : BigInt(Math.floor(ms / 1000));
    },
  },
  from_unixtime: {
    arity: [1, 2],
    type: (args) =>
      args.length > 1 ? stringType(255) : dateTimeType(at(args, 0).Decimal > 0 ? Math.min(at(args, 0).Decimal, 6) : 0),
    evaluate: ([v = 0n, format], c) => {
      const seconds = toDecimal(v, () => undefined);
      if (seconds.unscaled < 0n) return null;
      const micros = seconds.round(6).multiply(new Decimal(1_000_000n, 0)).toBigInt();
      const fsp = Math.min(seconds.scale, 6);
      const wall = c.session.timeZone.wallClock(Number(micros / 1000n), Number(micros % 1_000_000n), 'datetime', fsp);
      return format === undefined ? wall : formatDate(wall, toText(format));
    },
  },
  convert_tz: {
    arity: [3, 3],
    type: () => dateTimeType(0),
    evaluate: ([v = '', from = '', to = ''], c) => {
      const value = toDateTime(v, c);
      if (value === null) return null;
      try {
        return TimeZone.named(toText(to)).fromUtc(TimeZone.named(toText(from)).toUtc(value));
      } catch {
        return null;
      }
    },
  },
  makedate: {
    arity: [2, 2],
    type: () => DATE_TYPE,
    evaluate: ([y = 0n, d = 0n]) => {
      const day = Number(toInteger(d, () => undefined));
      if (day <= 0) return null;
      return DateTime.fromEpoch(utcMs(Number(toInteger(y, () => undefined)), 1, 1) + (day - 1) * 86_400_000, 0, 'date');
    },
  },
  maketime: {
    arity: [3, 3],
    type: () => durationType(0),
    evaluate: ([h = 0n, m = 0n, s = 0n]) => {
      const [hour, minute, second] = [h, m, s].map((each) => Number(toInteger(each, () => undefined))) as [
        number,
        number,
        number,
      ];
      return minute > 59 || second > 59 || minute < 0 || second < 0
        ? null
        : Duration.fromParts(hour < 0, Math.abs(hour), minute, second, 0, 0);
    },
  },
  addtime: {
    arity: [2, 2],
    type: ([type]) => timeSumType(type),
    evaluate: ([a = '', b = ''], c) => addTime(a, b, 1, c),
  },
  subtime: {
    arity: [2, 2],
    type: ([type]) => timeSumType(type),
    evaluate: ([a = '', b = ''], c) => addTime(a, b, -1, c),
  },
};

function timeSumType(type: FieldType | undefined): FieldType {
  if (type === undefined) return stringType(29);
  const kind = evaluationKind(type);
  return kind === 'datetime'
    ? dateTimeType(Math.max(type.Decimal, 0))
    : kind === 'duration'
      ? durationType(Math.max(type.Decimal, 0))
      : stringType(29);
}

function addTime(a: Present, b: Present, sign: 1 | -1, c: Evaluation): SqlValue {
  const span = toDuration(b, c);
  if (span === null) return null;
  if (a instanceof DateTime || /-.*:/.test(toText(a))) {
    const date = toDateTime(a, c);
    return date === null ? null : addInterval(date, String(span.micros), 'MICROSECOND', sign);
  }
  const time = toDuration(a, c);
  return time === null ? null : new Duration(time.micros + sign * span.micros, Math.max(time.fsp, span.fsp));
}

function nameOf(value: DateTime | null, read: (value: DateTime) => string | undefined): string | null {
  return value === null || !valid(value) ? null : (read(value) ?? null);
}
