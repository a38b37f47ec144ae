import type { Expression } from '../parse/ast.js';
import { Decimal } from '../types/decimal.js';
import { Duration } from '../types/duration.js';
import {
  BOOLEAN_TYPE,
  bytesType,
  DATE_TYPE,
  DOUBLE_TYPE,
  dateTimeType,
  decimalType,
  durationType,
  type FieldType,
  Flag,
  INT_TYPE,
  JSON_TYPE,
  makeType,
  NULL_TYPE,
  stringType,
  Tp,
  UINT_TYPE,
} from '../types/field-type.js';
import { JsonDocument } from '../types/json.js';
import { DateTime } from '../types/time.js';
import { BinaryLiteral, EnumValue, SetValue, type SqlValue } from '../types/value.js';
import { isSwitch } from '../variables.js';

/** The type of a literal in a statement. */
export function literalType(e: Extract<Expression, { kind: 'literal' }>): FieldType {
  if (e.literal === 'boolean') return BOOLEAN_TYPE;
  if (e.literal === 'string' && e.charset === 'binary') return bytesType(e.text.length);
  return valueType(e.value);
}

/** The type of a value alone: a parameter, a variable. */
export function valueType(value: SqlValue): FieldType {
  if (value === null) return NULL_TYPE;
  switch (typeof value) {
    case 'bigint': {
      const type = value > (1n << 63n) - 1n ? UINT_TYPE : INT_TYPE;
      return { ...type, Flen: value.toString().length };
    }
    case 'number':
      return DOUBLE_TYPE;
    case 'string':
      return stringType([...value].length);
  }
  if (value instanceof Decimal) return decimalType(value.precision, value.shown);
  if (value instanceof DateTime) return value.kind === 'date' ? DATE_TYPE : dateTimeType(value.fsp);
  if (value instanceof Duration) return durationType(value.fsp);
  if (value instanceof JsonDocument) return JSON_TYPE;
  if (value instanceof EnumValue) return stringType(value.name.length);
  if (value instanceof SetValue) return stringType(value.names.length);
  if (value instanceof BinaryLiteral) {
    const type = bytesType(value.bytes.length);
    return { ...type, Flag: type.Flag | Flag.Unsigned };
  }
  return bytesType(value.length);
}

/** The type that `@@name` has: a switch is a small number, a count an unsigned one. */
export function variableType(name: string, value: SqlValue): FieldType {
  if (typeof value === 'bigint') {
    return isSwitch(name)
      ? makeType(Tp.Long, { Flen: 11, Decimal: 0 })
      : makeType(Tp.LongLong, { Flag: Flag.Unsigned, Flen: 20, Decimal: 0 });
  }
  return typeof value === 'string' ? stringType(0) : valueType(value);
}
