import { SqlError } from '../errors.js';
import { Duration } from '../types/duration.js';
import {
  DATE_TYPE,
  dateTimeType,
  durationType,
  evaluationKind,
  type FieldType,
  stringType,
  Tp,
} from '../types/field-type.js';
import { toInteger } from '../types/number.js';
import { toText } from '../types/text.js';
import { DateTime } from '../types/time.js';
import type { SqlValue } from '../types/value.js';
import type { Evaluation } from './context.js';
import { at, type Present, type StrictFunction } from './function.js';
import { addInterval, weekOf } from './interval.js';
import { hasDay, toDateTime, toDuration } from './time-conversion.js';

/** Months since year 0 of YYMM or YYYYMM. */
export function monthsOf(period: Present): bigint {
  const number = toInteger(period, () => undefined);
  const month = number % 100n;
  if (number <= 0n || month < 1n || month > 12n) throw new SqlError(1210, 'Incorrect arguments to period_add');
  const year = number / 100n;
  return (year < 70n ? year + 2000n : year < 100n ? year + 1900n : year) * 12n + month - 1n;
}

export function periodOf(months: bigint): bigint {
  return (months / 12n) * 100n + (months % 12n) + 1n;
}

export function timestampDiff(unit: string, from: DateTime, to: DateTime): bigint {
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

export function extract(unit: string, value: Present, c: Evaluation): SqlValue {
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

/** Whether an interval of a unit has neither parts nor a fraction. */
function isWhole(unit: string): boolean {
  return !unit.includes('_') && unit !== 'SECOND';
}

/** DATE_ADD and DATE_SUB: a DATE stays one unless the unit has a time of day. */
export function dateArithmetic(sign: 1 | -1): StrictFunction {
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
    evaluate: ([value = '', given = 0n, unit = ''], c) => {
      // A number is rounded to whole units, a text counts as far as it is a whole number.
      const amount = typeof given === 'string' && isWhole(toText(unit)) ? given.replace(/\..*$/s, '') : given;
      if (value instanceof Duration) {
        const base = new DateTime('datetime', 2000, 1, 15);
        const moved = addInterval(base, toText(amount), toText(unit), sign);
        return moved === null
          ? null
          : new Duration(value.micros + (moved.toUtcMs() - base.toUtcMs()) * 1000 + (moved.micro % 1000), value.fsp);
      }
      const date = toDateTime(value, c);
      if (date === null || !hasDay(date)) return null;
      const moved = addInterval(date, toText(amount), toText(unit), sign);
      if (moved === null) return null;
      if (value instanceof DateTime) return moved;
      const text = toText(value);
      const dateOnly = !/:|\d{9,}/.test(text) && !/HOUR|MINUTE|SECOND|MICRO/.test(toText(unit));
      return (dateOnly ? moved.as('date') : moved.as('datetime', moved.micro === 0 ? 0 : 6)).toString();
    },
  };
}

export function timeSumType(type: FieldType | undefined): FieldType {
  if (type === undefined) return stringType(29);
  const kind = evaluationKind(type);
  return kind === 'datetime'
    ? dateTimeType(Math.max(type.Decimal, 0))
    : kind === 'duration'
      ? durationType(Math.max(type.Decimal, 0))
      : stringType(29);
}

/** Whether a value is a date and a time, or a text that begins as one does. */
export function isDated(value: Present): boolean {
  return value instanceof DateTime || (typeof value === 'string' && /\d-.*:/.test(value));
}

export function addTime(a: Present, b: Present, sign: 1 | -1, c: Evaluation): SqlValue {
  if (isDated(b)) return null;
  const span = toDuration(b, c);
  if (span === null) return null;
  if (isDated(a)) {
    const date = toDateTime(a, c);
    const sum = date === null ? null : addInterval(date, String(span.micros), 'MICROSECOND', sign);
    return sum === null || a instanceof DateTime ? sum : sum.as('datetime', sum.micro === 0 ? 0 : 6);
  }
  const time = toDuration(a, c);
  if (time === null) return null;
  const micros = time.micros + sign * span.micros;
  const fsp = a instanceof Duration ? Math.max(time.fsp, span.fsp) : micros % 1e6 === 0 ? 0 : 6;
  return new Duration(micros, fsp);
}
