import { SqlError } from '../errors.js';
import type { Evaluation } from '../functions/context.js';
import { truncated } from '../functions/context.js';
import type { Compiled } from '../functions/function.js';
import { toJson } from '../functions/json.js';
import { presentDate, toDateTime, toDuration } from '../functions/time-conversion.js';
import type { TypeName } from '../parse/ast.js';
import { charsetNamed } from '../types/charset.js';
import { maxDecimal } from '../types/decimal.js';
import {
  bytesType,
  DATE_TYPE,
  DOUBLE_TYPE,
  dateTimeType,
  decimalType,
  durationType,
  type FieldType,
  INT_TYPE,
  JSON_TYPE,
  makeType,
  stringType,
  Tp,
  UINT_TYPE,
} from '../types/field-type.js';
import { asShown } from '../types/float.js';
import { integerPrefix, toDecimal, toDouble, toInteger } from '../types/number.js';
import { toBytes, toText } from '../types/text.js';
import type { SqlValue } from '../types/value.js';

type Present = Exclude<SqlValue, null>;
type Cast = (value: Present, c: Evaluation) => SqlValue;

const INT_MIN = -(1n << 63n);
const INT_MAX = (1n << 63n) - 1n;
const UINT_MAX = (1n << 64n) - 1n;

/** CAST(operand AS type). */
export function castExpression(operand: Compiled, name: TypeName, text: string): Compiled {
  const { type, cast } = castTo(name, operand.type);
  return {
    type,
    constant: operand.constant,
    text,
    evaluate: (row, c) => {
      const value = operand.evaluate(row, c);
      return value === null ? null : cast(value, c);
    },
  };
}

function castTo(name: TypeName, from: FieldType): { readonly type: FieldType; readonly cast: Cast } {
  const fsp = name.length ?? 0;
  switch (name.name) {
    case 'signed':
    case 'int':
    case 'bigint':
      return { type: INT_TYPE, cast: (value, c) => castSigned(value, c) };
    case 'unsigned':
      return { type: UINT_TYPE, cast: (value, c) => castUnsigned(value, c) };
    case 'decimal': {
      const precision = name.length ?? 10;
      const scale = name.decimals ?? 0;
      if (scale > precision)
        throw new SqlError(1427, "For float(M,D), double(M,D) or decimal(M,D), M must be >= D (column '').");
      if (precision > 65)
        throw new SqlError(1426, `Too-big precision ${precision} specified for 'CAST'. Maximum is 65.`);
      const max = maxDecimal(precision, scale);
      return {
        type: decimalType(precision, scale),
        cast: (value, c) => {
          let wasCut = false;
          const whole = toDecimal(value, (kind, text) => {
            wasCut = true;
            truncated(c)(kind, text);
          });
          const decimal = whole.round(scale);
          if (!wasCut && decimal.compare(whole) !== 0)
            c.session.warn('Warning', 1292, `Truncated incorrect DECIMAL value: '${whole}'`);
          const limit = decimal.compare(max) > 0 ? max : decimal.compare(max.negate()) < 0 ? max.negate() : undefined;
          if (limit !== undefined)
            c.session.warn('Warning', 1690, `DECIMAL value is out of range in '(${precision}, ${scale})'`);
          return limit ?? decimal;
        },
      };
    }
    case 'double':
      return { type: DOUBLE_TYPE, cast: (value, c) => toDouble(value, truncated(c)) };
    case 'float':
      return {
        type: makeType(Tp.Float, { Flag: DOUBLE_TYPE.Flag, Flen: 12 }),
        cast: (value, c) => Math.fround(toDouble(value, truncated(c))),
      };
    case 'date':
      return { type: DATE_TYPE, cast: (value, c) => presentDate(toDateTime(value, c), c)?.as('date') ?? null };
    case 'datetime':
      return {
        type: dateTimeType(fsp),
        cast: (value, c) => presentDate(toDateTime(value, c), c)?.round(fsp).as('datetime', fsp) ?? null,
      };
    case 'time':
      return { type: durationType(fsp), cast: (value, c) => toDuration(value, c)?.round(fsp) ?? null };
    case 'year':
      return {
        type: makeType(Tp.Year, { Flag: UINT_TYPE.Flag, Flen: 4, Decimal: 0 }),
        cast: (value, c) => castSigned(value, c),
      };
    case 'json':
      return { type: JSON_TYPE, cast: (value) => toJson(value) };
    case 'binary': {
      const length = name.length;
      return {
        type: bytesType(length ?? from.Flen),
        cast: (value) => {
          const bytes = toBytes(value);
          if (length === undefined) return bytes;
          return bytes.length >= length
            ? bytes.subarray(0, length)
            : Buffer.concat([bytes, Buffer.alloc(length - bytes.length)]);
        },
      };
    }
    case 'char': {
      const charset = name.charset === undefined ? 'utf8mb4' : charsetNamed(name.charset).name;
      if (charset === 'binary') return castTo({ ...name, name: 'binary' }, from);
      const length = name.length;
      return {
        type: stringType(length ?? Math.max(from.Flen, 0)),
        cast: (value, c) => {
          const text = toText(asShown(value, from));
          const characters = length === undefined || text.length <= length ? undefined : [...text];
          if (length === undefined || characters === undefined || characters.length <= length) return text;
          c.session.warn('Warning', 1406, `Data Too Long, field len ${length}, data len ${characters.length}`);
          return characters.slice(0, length).join('');
        },
      };
    }
    default:
      throw SqlError.notYet(`CAST AS ${name.name.toUpperCase()}`);
  }
}

function castSigned(value: Present, c: Evaluation): bigint {
  const integer = typeof value === 'string' ? integerPrefix(value, truncated(c)) : toInteger(value, truncated(c));
  if (integer > INT_MAX && integer <= UINT_MAX && typeof value !== 'number') {
    if (typeof value === 'string')
      c.session.warn(
        'Warning',
        8030,
        "Cast to signed converted positive out-of-range integer to it's negative complement",
      );
    return BigInt.asIntN(64, integer);
  }
  return integer > INT_MAX ? INT_MAX : integer < INT_MIN ? INT_MIN : integer;
}

function castUnsigned(value: Present, c: Evaluation): bigint {
  const integer = typeof value === 'string' ? integerPrefix(value, truncated(c)) : toInteger(value, truncated(c));
  if (integer > UINT_MAX && typeof value === 'string')
    c.session.warn('Warning', 1292, `Truncated incorrect INTEGER value: '${value}'`);
  return integer > UINT_MAX ? UINT_MAX : BigInt.asUintN(64, integer);
}
