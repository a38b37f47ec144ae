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
import { DateTime, daysInMonth, utcMs } from '../types/time.js';
import { TimeZone } from '../types/time-zone.js';
import type { SqlValue } from '../types/value.js';
import { DAYS, formatDate, MONTHS, parseWithFormat } from './date-format.js';
import { at, type FunctionTable, type Present, type StrictFunction } from './function.js';
import { addInterval, dayNumber, fromDayNumber, weekOf } from './interval.js';
import {
  addTime,
  dateArithmetic,
  extract,
  isDated,
  monthsOf,
  periodOf,
  timeSumType,
  timestampDiff,
} from './time-arithmetic.js';
import { fractionDigits, hasDay, literalOf, now, presentDate, toDateTime, toDuration } from './time-conversion.js';

/** What a format reads: a time of day, a date, or both. */
function formatType(format: string): FieldType {
  const time = /%[fHhIiklpSsTr]/.test(format);
  const date = /%[YyMmcbDdejUuVvWwXxa]/.test(format);
  const fsp = /%f/.test(format) ? 6 : 0;
  if (time && !date) return durationType(fsp);
  return time ? dateTimeType(fsp) : DATE_TYPE;
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
      const value = presentDate(toDateTime(v, c), c);
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

function wholeDays(value: DateTime): number {
  return Math.floor(utcMs(value.year, value.month, value.day) / 86_400_000);
}

/** The last second of a TIMESTAMP, 2038-01-19 03:14:07 UTC. */
const LAST_TIMESTAMP = 2 ** 31 - 1;

function clip(micros: number): number {
  return Math.max(-MAX_DURATION_MICROS, Math.min(MAX_DURATION_MICROS, micros));
}

/** Digits of a fraction that seconds of this type can have. */
function secondDigits(type: FieldType | undefined): number {
  switch (type === undefined ? 'int' : evaluationKind(type)) {
    case 'int':
      return 0;
    case 'decimal':
    case 'datetime':
    case 'duration':
      return Math.max(0, Math.min(type?.Decimal ?? 0, 6));
    default:
      return 6;
  }
}

/** Digits of the fraction of seconds that this value has. */
function fractionOf(value: Present): number {
  if (typeof value === 'bigint') return 0;
  if (value instanceof Decimal) return Math.min(value.shown, 6);
  return value instanceof DateTime || value instanceof Duration ? value.fsp : 6;
}

/** Digits of the fraction that a time shows which was made of a value. */
function shownDigits(value: Present, time: DateTime): number {
  return typeof value === 'string' ? fractionDigits(value) : time.fsp;
}

export const TIME_FUNCTIONS: FunctionTable = {
  now: { arity: [0, 1], type: fspType(dateTimeType), evaluate: (args, c) => now(c, fspOf(args)) },
  sysdate: {
    arity: [0, 1],
    type: fspType(dateTimeType),
    volatile: true,
    evaluate: (args, c) => {
      const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000);
      const unit = 10 ** (6 - fspOf(args));
      const micro = Math.floor((micros % 1e6) / unit) * unit;
      return c.session.timeZone.wallClock(micros / 1000, micro, 'datetime', fspOf(args));
    },
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
  date: {
    arity: [1, 1],
    type: () => DATE_TYPE,
    evaluate: ([v = ''], c) => presentDate(toDateTime(v, c), c)?.as('date') ?? null,
  },
  date_literal: {
    arity: [1, 1],
    type: () => DATE_TYPE,
    evaluate: ([v = ''], c) => literalOf(v, 'date', c).as('date'),
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
      // A text counts as far as it is a time: '2020-01-01' begins with 20 minutes and 20 seconds.
      const text =
        typeof v === 'string' && parseDuration(v) === undefined
          ? (/^\s*-?\d+(?::\d+){0,2}(?:\.\d+)?/.exec(v)?.[0] ?? '0')
          : v;
      if (text !== v) c.session.warn('Warning', 1292, `Truncated incorrect time value: '${v}'`);
      const value = toDuration(text, c);
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
    type: ([type], [argument]) =>
      dateTimeType(argument?.constant === true ? fractionDigits(argument.text) : secondDigits(type)),
    evaluate: ([v = '', span], c) => {
      const value = toDateTime(v, c);
      if (value === null || span === undefined) return value?.as('datetime', shownDigits(v, value)) ?? null;
      const add = toDuration(span, c);
      return add === null ? null : addInterval(value, String(add.micros), 'MICROSECOND', 1);
    },
  },
  timestamp_literal: {
    arity: [1, 1],
    type: (_, [literal]) => dateTimeType(fractionDigits(literal?.text ?? '')),
    evaluate: ([v = ''], c) => literalOf(v, 'datetime', c).round(fractionDigits(toText(v))),
  },
  year: part((v) => v.year),
  month: part((v) => v.month),
  day: part((v) => v.day),
  dayofmonth: part((v) => v.day),
  quarter: part((v) => Math.ceil(v.month / 3)),
  dayofweek: part((v) => (hasDay(v) ? weekday(v) + 1 : null)),
  weekday: part((v) => (hasDay(v) ? (weekday(v) + 6) % 7 : null)),
  dayofyear: part((v) => (hasDay(v) ? wholeDays(v) - wholeDays(new DateTime('date', v.year, 1, 1)) + 1 : null)),
  to_seconds: part((v) => (hasDay(v) ? dayNumber(v) * 86_400 + v.hour * 3600 + v.minute * 60 + v.second : null)),
  period_add: {
    arity: [2, 2],
    type: () => INT_TYPE,
    evaluate: ([period = 0n, months = 0n]) => periodOf(monthsOf(period) + toInteger(months, () => undefined)),
  },
  period_diff: { arity: [2, 2], type: () => INT_TYPE, evaluate: ([a = 0n, b = 0n]) => monthsOf(a) - monthsOf(b) },
  to_days: part((v) => (hasDay(v) ? dayNumber(v) : null)),
  weekofyear: part((v) => (hasDay(v) ? weekOf(v, 3).week : null)),
  week: {
    arity: [1, 2],
    type: () => INT_TYPE,
    evaluate: ([v = '', mode = 0n], c) => {
      const value = toDateTime(v, c);
      return value === null || !hasDay(value)
        ? null
        : BigInt(weekOf(value, Number(toInteger(mode, () => undefined))).week);
    },
  },
  yearweek: {
    arity: [1, 2],
    type: () => INT_TYPE,
    evaluate: ([v = '', mode = 0n], c) => {
      const value = toDateTime(v, c);
      if (value === null || !hasDay(value)) return null;
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
    type: ([type]) => durationType(secondDigits(type)),
    evaluate: ([v = 0n]) => {
      const micros = Math.round(toDecimal(v, () => undefined).toNumber() * 1e6);
      return new Duration(clip(micros), fractionOf(v));
    },
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
      const fsp = Math.max(
        ...[a, b].map((each) => (typeof each === 'string' ? fractionDigits(each) : fractionOf(each))),
      );
      if (isDated(a) || b instanceof DateTime) {
        const left = toDateTime(a, c);
        const right = toDateTime(b, c);
        return left === null || right === null
          ? null
          : new Duration(clip(Number(timestampDiff('MICROSECOND', right, left))), fsp);
      }
      const left = toDuration(a, c);
      const right = toDuration(b, c);
      return left === null || right === null ? null : new Duration(clip(left.micros - right.micros), fsp);
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
      // A month that is none has no name.
      if (value === null || (value.month === 0 && /%[Mb]/.test(toText(format)))) return null;
      return formatDate(value, toText(format));
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
      return tp === Tp.Date ? value.as('date') : value.as('datetime', Math.max(fsp, 0));
    },
  },
  unix_timestamp: {
    arity: [0, 1],
    type: ([type], [argument]) => {
      const digits = argument?.constant === true ? fractionDigits(argument.text) : secondDigits(type);
      return digits > 0 ? decimalType(12 + digits, digits) : INT_TYPE;
    },
    evaluate: ([v], c) => {
      if (v === undefined) return BigInt(Math.floor(c.nowMs / 1000));
      const value = toDateTime(v, c);
      if (value === null) return null;
      const seconds = hasDay(value) ? Math.floor(c.session.timeZone.instant(value) / 1000) : 0;
      if (seconds < 0 || seconds > LAST_TIMESTAMP) return 0n;
      const digits = shownDigits(v, value);
      return digits > 0
        ? new Decimal(BigInt(seconds) * 1_000_000n + BigInt(value.micro), 6).round(digits)
        : BigInt(seconds);
    },
  },
  from_unixtime: {
    arity: [1, 2],
    type: (args) => (args.length > 1 ? stringType(255) : dateTimeType(secondDigits(at(args, 0)))),
    evaluate: ([v = 0n, format], c) => {
      const seconds = toDecimal(v, () => undefined);
      if (seconds.unscaled < 0n) return null;
      const micros = seconds.round(6).multiply(new Decimal(1_000_000n, 0)).toBigInt();
      const fsp = fractionOf(v);
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
      const short = Number(toInteger(y, () => undefined));
      if (day <= 0 || short < 0 || short > 9999) return null;
      const year = short < 70 ? short + 2000 : short < 100 ? short + 1900 : short;
      const date = DateTime.fromEpoch(utcMs(year, 1, 1) + (day - 1) * 86_400_000, 0, 'date');
      return date.year > 9999 ? null : date;
    },
  },
  maketime: {
    arity: [3, 3],
    type: (args) => durationType(secondDigits(at(args, 2))),
    evaluate: ([h = 0n, m = 0n, s = 0n], c) => {
      const [hour, minute] = [h, m].map((each) => Number(toInteger(each, () => undefined))) as [number, number];
      const second = toDecimal(s, () => undefined).toNumber();
      if (minute > 59 || second >= 60 || minute < 0 || second < 0) return null;
      const time = Duration.fromParts(hour < 0, Math.abs(hour), minute, 0, Math.round(second * 1e6), fractionOf(s));
      if (Math.abs(time.micros) <= MAX_DURATION_MICROS) return time;
      c.session.warn('Warning', 1292, `Truncated incorrect time value: '${time}'`);
      return new Duration(clip(time.micros), time.fsp);
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

function nameOf(value: DateTime | null, read: (value: DateTime) => string | undefined): string | null {
  return value === null || !hasDay(value) ? null : (read(value) ?? null);
}
