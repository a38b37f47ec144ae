import { SqlError } from '../errors.js';
import type { BinaryOperator } from '../parse/ast.js';
import type { Decimal } from '../types/decimal.js';
import {
  DOUBLE_TYPE,
  decimalType,
  evaluationKind,
  type FieldType,
  INT_TYPE,
  isUnsigned,
  UINT_TYPE,
} from '../types/field-type.js';
import { toDecimal, toDouble, toInteger } from '../types/number.js';
import type { SqlValue } from '../types/value.js';
import { type Evaluation, truncated } from './context.js';
import type { Present } from './function.js';

export type ArithmeticOperator = Extract<BinaryOperator, '+' | '-' | '*' | '/' | 'div' | '%'>;
export type BitOperator = Extract<BinaryOperator, '|' | '&' | '^' | '<<' | '>>'>;

type Kind = 'int' | 'decimal' | 'real';

/** An expression as an error quotes it, made when it is needed. */
type Quoted = string | (() => string);

/** How a type counts in arithmetic. */
export function numericKind(type: FieldType): Kind {
  switch (evaluationKind(type)) {
    case 'int':
      return 'int';
    case 'decimal':
      return 'decimal';
    case 'datetime':
    case 'duration':
      return type.Decimal > 0 ? 'decimal' : 'int';
    case 'string':
      // A literal in hexadecimal or binary.
      return isUnsigned(type) ? 'int' : 'real';
    default:
      return 'real';
  }
}

/** Precision and scale of an operand in exact arithmetic. */
function digits(type: FieldType): { readonly whole: number; readonly scale: number } {
  if (evaluationKind(type) === 'decimal') {
    const scale = Math.max(type.Decimal, 0);
    return { whole: Math.max(type.Flen - scale, 0), scale };
  }
  const scale = numericKind(type) === 'decimal' ? Math.max(type.Decimal, 0) : 0;
  const counted = type.Flen > 0 && evaluationKind(type) !== 'string';
  return { whole: counted ? Math.min(type.Flen, 20) : 20, scale };
}

/** The type of `left operator right`. */
export function arithmeticType(operator: ArithmeticOperator, left: FieldType, right: FieldType): FieldType {
  const kinds: readonly Kind[] = [numericKind(left), numericKind(right)];
  if (operator === 'div') return isUnsigned(left) || isUnsigned(right) ? UINT_TYPE : INT_TYPE;
  if (kinds.includes('real')) return DOUBLE_TYPE;
  const a = digits(left);
  const b = digits(right);
  if (operator === '/') {
    const scale = Math.min(a.scale + 4, 30);
    return decimalType(a.whole + b.scale + scale, scale);
  }
  if (!kinds.includes('decimal')) {
    const unsigned = operator === '%' ? isUnsigned(left) : isUnsigned(left) || isUnsigned(right);
    return unsigned ? UINT_TYPE : INT_TYPE;
  }
  if (operator === '*') return decimalType(a.whole + b.whole + a.scale + b.scale, a.scale + b.scale);
  const scale = Math.max(a.scale, b.scale);
  const carry = operator === '%' ? 0 : 1;
  return decimalType(Math.max(a.whole, b.whole) + scale + carry, scale);
}

const UNSIGNED_END = 1n << 64n;
const SIGNED_END = 1n << 63n;

/** Error 1690 when an integer leaves the 64 bits of its type. */
export function checkInteger(value: bigint, unsigned: boolean, text: Quoted): bigint {
  if (unsigned ? value < 0n || value >= UNSIGNED_END : value < -SIGNED_END || value >= SIGNED_END) {
    throw new SqlError(
      1690,
      `BIGINT${unsigned ? ' UNSIGNED' : ''} value is out of range in '${typeof text === 'string' ? text : text()}'`,
    );
  }
  return value;
}

/** Error 1690 when a double is not finite. */
export function checkDouble(value: number, text: Quoted): number {
  if (!Number.isFinite(value))
    throw new SqlError(1690, `DOUBLE value is out of range in '${typeof text === 'string' ? text : text()}'`);
  return value;
}

function divisionByZero(c: Evaluation): null {
  if (c.strict && c.session.divisionByZeroIsError) throw new SqlError(1365, 'Division by 0');
  if (c.session.divisionByZeroIsError) c.session.warn('Warning', 1365, 'Division by 0');
  return null;
}

/** Computes with two values that are not NULL. */
export function calculate(
  operator: ArithmeticOperator,
  type: FieldType,
  left: Present,
  right: Present,
  c: Evaluation,
  text: Quoted,
): SqlValue {
  const cut = truncated(c);
  switch (evaluationKind(type)) {
    case 'real':
      return calculateDouble(operator, toDouble(left, cut), toDouble(right, cut), c, text);
    case 'decimal':
      return calculateDecimal(operator, toDecimal(left, cut), toDecimal(right, cut), c, type);
  }
  if (operator === 'div') {
    const quotient = toDecimal(left, cut).divide(toDecimal(right, cut), 30);
    return quotient === undefined
      ? divisionByZero(c)
      : checkInteger(quotient.truncate(0).unscaled, isUnsigned(type), text);
  }
  const a = toInteger(left, cut);
  const b = toInteger(right, cut);
  switch (operator) {
    case '+':
      return checkInteger(a + b, isUnsigned(type), text);
    case '-':
      return checkInteger(a - b, isUnsigned(type), text);
    case '*':
      return checkInteger(a * b, isUnsigned(type), text);
    default:
      return b === 0n ? divisionByZero(c) : a % b;
  }
}

function calculateDouble(operator: ArithmeticOperator, a: number, b: number, c: Evaluation, text: Quoted): SqlValue {
  switch (operator) {
    case '+':
      return checkDouble(a + b, text);
    case '-':
      return checkDouble(a - b, text);
    case '*':
      return checkDouble(a * b, text);
    case '%':
      return b === 0 ? divisionByZero(c) : a % b;
    default:
      return b === 0 ? divisionByZero(c) : checkDouble(a / b, text);
  }
}

function calculateDecimal(
  operator: ArithmeticOperator,
  a: Decimal,
  b: Decimal,
  c: Evaluation,
  type: FieldType,
): SqlValue {
  switch (operator) {
    case '+':
      return a.add(b);
    case '-':
      return a.subtract(b);
    case '*':
      return a.multiply(b);
    case '%':
      return a.remainder(b) ?? divisionByZero(c);
    default: {
      const quotient = a.divide(b);
      return quotient === undefined ? divisionByZero(c) : quotient.showing(Math.max(type.Decimal, 0));
    }
  }
}

/** `|`, `&`, `^`, `<<`, `>>`: over unsigned 64-bit numbers. */
export function calculateBits(operator: BitOperator, left: Present, right: Present, c: Evaluation): bigint {
  const cut = truncated(c);
  const bits = (value: Present) => {
    const integer = toInteger(value, cut);
    // A double beyond the integers counts as the last of them.
    if (typeof value === 'number' && integer >= SIGNED_END) return SIGNED_END - 1n;
    return BigInt.asUintN(64, integer);
  };
  const a = bits(left);
  const b = bits(right);
  switch (operator) {
    case '|':
      return a | b;
    case '&':
      return a & b;
    case '^':
      return a ^ b;
    case '<<':
      return b >= 64n ? 0n : BigInt.asUintN(64, a << b);
    case '>>':
      return b >= 64n ? 0n : a >> b;
  }
}

/** `-value`. */
export function negate(value: Present, type: FieldType, c: Evaluation, text: Quoted): SqlValue {
  const cut = truncated(c);
  switch (evaluationKind(type)) {
    case 'decimal':
      return toDecimal(value, cut).negate();
    case 'int':
      return checkInteger(-toInteger(value, cut), false, text);
    default:
      return -toDouble(value, cut);
  }
}

/** The type of `-operand`; an unsigned literal beyond the signed range becomes a decimal. */
export function negatedType(operand: FieldType): FieldType {
  const kind = numericKind(operand);
  if (kind === 'int') return INT_TYPE;
  return kind === 'decimal' ? operand : DOUBLE_TYPE;
}
