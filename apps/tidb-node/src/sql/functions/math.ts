import { SqlError } from '../errors.js';
import { Decimal } from '../types/decimal.js';
import {
  DOUBLE_TYPE,
  decimalType,
  evaluationKind,
  type FieldType,
  INT_TYPE,
  isUnsigned,
  stringType,
  UINT_TYPE,
} from '../types/field-type.js';
import { toDecimal, toDouble, toInteger } from '../types/number.js';
import { toBytes, toText } from '../types/text.js';
import { BinaryLiteral, type SqlValue } from '../types/value.js';
import { checkDouble, numericKind } from './arithmetic.js';
import { type Evaluation, truncated } from './context.js';
import { at, type FunctionTable, type Present, type StrictFunction } from './function.js';
import { SeededRandom } from './random.js';

function doubles(arity: readonly [number, number], compute: (...values: number[]) => number | null): StrictFunction {
  return {
    arity,
    type: () => DOUBLE_TYPE,
    evaluate: (args, c, text) => {
      const result = compute(...args.map((each) => toDouble(each, truncated(c))));
      return result === null || Number.isNaN(result) ? null : checkDouble(result, text);
    },
  };
}

const one = [1, 1] as const;

function roundType(args: readonly FieldType[]): FieldType {
  const type = at(args, 0);
  const kind = numericKind(type);
  if (kind === 'int') return isUnsigned(type) ? UINT_TYPE : INT_TYPE;
  return kind === 'decimal' ? decimalType(type.Flen, type.Decimal) : DOUBLE_TYPE;
}

function rounding(how: 'round' | 'truncate') {
  return (args: readonly Present[], c: Evaluation): SqlValue => {
    const value = numeric(at(args, 0));
    const places = args.length > 1 ? Number(toInteger(at(args, 1), truncated(c))) : 0;
    if (typeof value === 'bigint') {
      return places >= 0 ? value : new Decimal(value, 0)[how](Math.max(places, -40)).unscaled;
    }
    if (value instanceof Decimal) return value[how](Math.min(places, 30));
    const double = toDouble(value, truncated(c));
    if (places > 300 || !Number.isFinite(double)) return double;
    const shift = 10 ** Math.abs(places);
    const scaled = places >= 0 ? double * shift : double / shift;
    const rounded = how === 'truncate' ? Math.trunc(scaled) : Math.sign(scaled) * roundHalfEven(Math.abs(scaled));
    return places >= 0 ? rounded / shift : rounded * shift;
  };
}

/** A literal in hexadecimal or binary counts as an integer. */
function numeric(value: Present): Present {
  return value instanceof BinaryLiteral ? value.toBigInt() : value;
}

/** Doubles round half to even, as the C library does for MySQL. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function floorLike(exact: (value: Decimal) => bigint, double: (value: number) => number): StrictFunction {
  return {
    arity: one,
    type: (args) => (numericKind(at(args, 0)) === 'real' ? DOUBLE_TYPE : INT_TYPE),
    evaluate: (args, c) => {
      const value = at(args, 0);
      if (typeof value === 'bigint') return value;
      return value instanceof Decimal ? exact(value) : double(toDouble(value, truncated(c)));
    },
  };
}

function base(from: 2 | 8 | 16, value: Present, c: Evaluation): string {
  return BigInt.asUintN(64, toInteger(value, truncated(c)))
    .toString(from)
    .toUpperCase();
}

/** CONV: the digits of `text` in one base written in another; a negative base reads or writes a sign. */
function conv(text: string, from: number, to: number): string | null {
  const fromBase = Math.abs(from);
  const toBase = Math.abs(to);
  if (fromBase < 2 || fromBase > 36 || toBase < 2 || toBase > 36) return null;
  const match = /^\s*([+-]?)([0-9a-zA-Z]*)/.exec(text);
  let value = 0n;
  for (const char of match?.[2] ?? '') {
    const digit = Number.parseInt(char, 36);
    if (digit >= fromBase) break;
    value = value * BigInt(fromBase) + BigInt(digit);
  }
  if (match?.[1] === '-') value = -value;
  if (value >= 1n << 64n) value = (1n << 64n) - 1n;
  if (to < 0) return BigInt.asIntN(64, value).toString(toBase).toUpperCase();
  return BigInt.asUintN(64, value).toString(toBase).toUpperCase();
}

export const MATH_FUNCTIONS: FunctionTable = {
  abs: {
    arity: one,
    type: roundType,
    evaluate: ([given = 0n], c, text) => {
      const value = numeric(given);
      if (typeof value === 'bigint') {
        if (value === -(1n << 63n)) throw new SqlError(1690, `BIGINT value is out of range in '${text}'`);
        return value < 0n ? -value : value;
      }
      if (value instanceof Decimal) return value.unscaled < 0n ? value.negate() : value;
      return Math.abs(toDouble(value, truncated(c)));
    },
  },
  sign: { arity: one, type: () => INT_TYPE, evaluate: ([v = 0n], c) => BigInt(Math.sign(toDouble(v, truncated(c)))) },
  round: { arity: [1, 2], type: roundType2, evaluate: rounding('round') },
  truncate: { arity: [2, 2], type: roundType2, evaluate: rounding('truncate') },
  floor: floorLike((v) => floorDecimal(v), Math.floor),
  ceil: floorLike((v) => -floorDecimal(v.negate()), Math.ceil),
  ceiling: floorLike((v) => -floorDecimal(v.negate()), Math.ceil),
  mod: {
    arity: [2, 2],
    type: (args) =>
      args.some((each) => numericKind(each) === 'real')
        ? DOUBLE_TYPE
        : evaluationKind(at(args, 0)) === 'int' && evaluationKind(at(args, 1)) === 'int'
          ? INT_TYPE
          : decimalType(65, 30),
    evaluate: ([left = 0n, right = 0n], c) => {
      const [a, b] = [numeric(left), numeric(right)];
      if (typeof a === 'bigint' && typeof b === 'bigint') return b === 0n ? null : a % b;
      if (a instanceof Decimal || b instanceof Decimal)
        return toDecimal(a, truncated(c)).remainder(toDecimal(b, truncated(c))) ?? null;
      const divisor = toDouble(b, truncated(c));
      return divisor === 0 ? null : toDouble(a, truncated(c)) % divisor;
    },
  },
  pow: doubles([2, 2], (x = 0, y = 0) => x ** y),
  power: doubles([2, 2], (x = 0, y = 0) => x ** y),
  sqrt: doubles(one, (x = 0) => (x < 0 ? null : Math.sqrt(x))),
  exp: doubles(one, (x = 0) => Math.exp(x)),
  ln: doubles(one, (x = 0) => (x <= 0 ? null : Math.log(x))),
  log: doubles([1, 2], (x = 0, y) =>
    y === undefined ? (x <= 0 ? null : Math.log(x)) : x <= 0 || x === 1 || y <= 0 ? null : Math.log(y) / Math.log(x),
  ),
  log2: doubles(one, (x = 0) => (x <= 0 ? null : Math.log2(x))),
  log10: doubles(one, (x = 0) => (x <= 0 ? null : Math.log10(x))),
  sin: doubles(one, (x = 0) => Math.sin(x)),
  cos: doubles(one, (x = 0) => Math.cos(x)),
  tan: doubles(one, (x = 0) => Math.tan(x)),
  cot: doubles(one, (x = 0) => 1 / Math.tan(x)),
  asin: doubles(one, (x = 0) => (Math.abs(x) > 1 ? null : Math.asin(x))),
  acos: doubles(one, (x = 0) => (Math.abs(x) > 1 ? null : Math.acos(x))),
  atan: doubles([1, 2], (y = 0, x) => (x === undefined ? Math.atan(y) : Math.atan2(y, x))),
  atan2: doubles([2, 2], (y = 0, x = 0) => Math.atan2(y, x)),
  degrees: doubles(one, (x = 0) => (x * 180) / Math.PI),
  radians: doubles(one, (x = 0) => (x * Math.PI) / 180),
  pi: { ...doubles([0, 0], () => Math.PI), type: () => ({ ...DOUBLE_TYPE, Flen: 8, Decimal: 6 }) },
  rand: {
    arity: [0, 1],
    type: () => DOUBLE_TYPE,
    volatile: true,
    evaluateNulls: ([seed], c) => {
      if (seed === undefined) return Math.random();
      return new SeededRandom(seed === null ? 0n : toInteger(seed, truncated(c))).next();
    },
  },
  bin: { arity: one, type: () => stringType(64), evaluate: ([v = 0n], c) => base(2, v, c) },
  oct: { arity: one, type: () => stringType(64), evaluate: ([v = 0n], c) => base(8, v, c) },
  hex: {
    arity: one,
    type: (args) => stringType(Math.max(at(args, 0).Flen * 8, 16)),
    evaluate: ([v = 0n], c) =>
      typeof v === 'bigint' || typeof v === 'number' || v instanceof Decimal
        ? base(16, v, c)
        : toBytes(v).toString('hex').toUpperCase(),
  },
  conv: {
    arity: [3, 3],
    type: () => stringType(64),
    evaluate: ([v = 0n, from = 10n, to = 10n], c) =>
      conv(toText(v), Number(toInteger(from, truncated(c))), Number(toInteger(to, truncated(c)))),
  },
  bit_count: {
    arity: one,
    type: () => INT_TYPE,
    evaluate: ([v = 0n], c) =>
      BigInt(
        BigInt.asUintN(64, toInteger(v, truncated(c)))
          .toString(2)
          .replaceAll('0', '').length,
      ),
  },
  crc32: { arity: one, type: () => UINT_TYPE, evaluate: ([v = '']) => BigInt(crc32(toBytes(v))) },
};

function roundType2(args: readonly FieldType[], compiled: readonly { constant: boolean; text: string }[]): FieldType {
  const type = roundType(args);
  if (evaluationKind(type) !== 'decimal') return type;
  const places = compiled.length < 2 ? 0 : Number(compiled[1]?.text);
  const scale = Number.isInteger(places) ? Math.max(0, Math.min(places, 30)) : Math.max(type.Decimal, 0);
  return decimalType(Math.max(type.Flen - Math.max(type.Decimal, 0), 1) + scale + 1, scale);
}

function floorDecimal(value: Decimal): bigint {
  const whole = value.truncate(0);
  return value.compare(whole) < 0 ? whole.unscaled - 1n : whole.unscaled;
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
