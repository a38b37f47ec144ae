import { compareValues } from '../types/compare.js';
import { Decimal } from '../types/decimal.js';
import { Duration } from '../types/duration.js';
import {
  bytesType,
  DOUBLE_TYPE,
  dateTimeType,
  decimalType,
  durationType,
  evaluationKind,
  type FieldType,
  INT_TYPE,
  isBinaryString,
  isUnsigned,
  JSON_TYPE,
  makeType,
  NULL_TYPE,
  Tp,
  textType,
  UINT_TYPE,
} from '../types/field-type.js';
import { asShown } from '../types/float.js';
import { doubleText, toText } from '../types/text.js';
import { DateTime } from '../types/time.js';
import type { SqlValue } from '../types/value.js';
import { numericKind } from './arithmetic.js';
import { type Evaluation, truncated } from './context.js';
import { at, type Compiled, type FunctionTable, type SqlFunction } from './function.js';

/** The type that holds the values of all of these: the result of CASE, IF, COALESCE and UNION. */
export function commonType(types: readonly FieldType[]): FieldType {
  const known = types.filter((each) => each.Tp !== Tp.Null);
  const [first] = known;
  if (first === undefined) return NULL_TYPE;
  const kinds = new Set(known.map(evaluationKind));
  const flen = Math.max(...known.map((each) => each.Flen));
  if (kinds.size === 1) {
    switch (evaluationKind(first)) {
      case 'int':
        return known.every(isUnsigned)
          ? makeType(widest(known), { Flag: UINT_TYPE.Flag, Flen: flen, Decimal: 0 })
          : known.some(isUnsigned)
            ? decimalType(20, 0)
            : makeType(widest(known), { Flag: INT_TYPE.Flag, Flen: flen, Decimal: 0 });
      case 'decimal':
        return mixDecimal(known);
      case 'real':
        return DOUBLE_TYPE;
      case 'datetime':
        return known.every((each) => each.Tp === Tp.Date)
          ? first
          : dateTimeType(Math.max(0, ...known.map((each) => each.Decimal)));
      case 'duration':
        return durationType(Math.max(0, ...known.map((each) => each.Decimal)));
      case 'json':
        return JSON_TYPE;
      default:
        return known.some(isBinaryString) ? bytesType(flen) : textType(flen, known, 'case');
    }
  }
  if (kinds.has('string') || kinds.has('json') || kinds.has('duration') || kinds.has('datetime')) {
    return kinds.size === 2 &&
      kinds.has('datetime') &&
      !kinds.has('string') &&
      !kinds.has('json') &&
      kinds.has('duration')
      ? dateTimeType(0)
      : textType(Math.max(flen, 20), known, 'case');
  }
  return kinds.has('real') ? DOUBLE_TYPE : mixDecimal(known);
}

const ORDER: readonly number[] = [Tp.Tiny, Tp.Short, Tp.Int24, Tp.Long, Tp.LongLong];

function widest(types: readonly FieldType[]): number {
  return ORDER[Math.max(...types.map((each) => (ORDER.includes(each.Tp) ? ORDER.indexOf(each.Tp) : 4)))] ?? Tp.LongLong;
}

function mixDecimal(types: readonly FieldType[]): FieldType {
  const scale = Math.max(...types.map((each) => (evaluationKind(each) === 'decimal' ? Math.max(each.Decimal, 0) : 0)));
  const whole = Math.max(
    ...types.map((each) => each.Flen - (evaluationKind(each) === 'decimal' ? Math.max(each.Decimal, 0) : 0)),
  );
  return decimalType(whole + scale, scale);
}

/** A value as the type of the whole expression: numbers widen, anything becomes text beside a text. */
export function convertTo(value: SqlValue, type: FieldType): SqlValue {
  if (value === null) return null;
  switch (evaluationKind(type)) {
    case 'real':
      return typeof value === 'bigint' ? Number(value) : value instanceof Decimal ? value.toNumber() : value;
    case 'decimal': {
      const scale = Math.max(type.Decimal, 0);
      if (typeof value === 'bigint') return new Decimal(value, 0).round(scale);
      return value instanceof Decimal ? value.round(scale) : value;
    }
    case 'string':
      if (typeof value === 'string' || Buffer.isBuffer(value)) return value;
      return typeof value === 'number' ? doubleText(value) : toText(value);
    case 'datetime':
      return value instanceof DateTime && type.Tp !== Tp.Date && value.kind === 'date'
        ? value.as('datetime', Math.max(type.Decimal, 0))
        : value;
    default:
      return value;
  }
}

/** What a branch gives, as the type of the whole. Exact numbers keep the digits they have, but for whole constants, which get those of the type. */
export function chosen(branch: Compiled, row: readonly SqlValue[], c: Evaluation, type: FieldType): SqlValue {
  const value = branch.evaluate(row, c);
  if (evaluationKind(type) === 'string') return convertTo(asShown(value, branch.type), type);
  if (evaluationKind(type) !== 'decimal') return convertTo(value, type);
  if (value instanceof Decimal) return value;
  return typeof value === 'bigint' && !branch.constant ? new Decimal(value, 0) : convertTo(value, type);
}

function extreme(sign: 1 | -1): SqlFunction {
  return {
    arity: [2, 255],
    type: (args) =>
      args.some((each) => numericKind(each) === 'real') && args.every((each) => evaluationKind(each) !== 'string')
        ? DOUBLE_TYPE
        : commonType(args),
    evaluate: (given, c, _, collate) => {
      // A text among numbers makes all of them texts.
      const mixed =
        given.some((each) => typeof each === 'string') &&
        given.some((each) => typeof each === 'bigint' || typeof each === 'number' || each instanceof Decimal) &&
        !given.some((each) => each instanceof DateTime || each instanceof Duration);
      const args = mixed ? given.map(toText) : given;
      let best = at(args, 0);
      for (const each of args) if (compareValues(each, best, collate, truncated(c)) * sign > 0) best = each;
      const timed = args.some((each) => each instanceof DateTime && each.kind !== 'date');
      return timed && best instanceof DateTime ? best.as('datetime') : best;
    },
  };
}

/** Functions that choose among their arguments, once all are computed. */
export const CONTROL_FUNCTIONS: FunctionTable = {
  greatest: extreme(1),
  least: extreme(-1),
  nullif: {
    arity: [2, 2],
    type: (args) => at(args, 0),
    evaluateNulls: ([a = null, b = null], c, _, collate) =>
      a !== null && b !== null && compareValues(a, b, collate, truncated(c)) === 0 ? null : a,
  },
  isnull: { arity: [1, 1], type: () => INT_TYPE, evaluateNulls: ([v = null]) => (v === null ? 1n : 0n) },
  interval: {
    arity: [2, 255],
    type: () => INT_TYPE,
    evaluateNulls: ([needle = null, ...items], c, _, collate) => {
      if (needle === null) return -1n;
      const index = items.findIndex((each) => each !== null && compareValues(needle, each, collate, truncated(c)) < 0);
      return BigInt(index < 0 ? items.length : index);
    },
  },
};
