import { Decimal } from './decimal.js';
import { Duration } from './duration.js';
import { isJsonObject, JsonDocument } from './json.js';
import { toText } from './text.js';
import { DateTime } from './time.js';
import { BinaryLiteral, EnumValue, SetValue, type SqlValue } from './value.js';

/** Told of a value that was cut to fit: a warning, or in strict writing an error that it throws. */
export type Truncation = (kind: 'INTEGER' | 'DOUBLE' | 'DECIMAL', text: string) => void;

type Present = Exclude<SqlValue, null>;

const NUMBER_PREFIX = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/;

/** A value as a double. A string counts by its longest prefix that is a number. */
export function toDouble(value: Present, truncation: Truncation): number {
  switch (typeof value) {
    case 'number':
      return value;
    case 'bigint':
      return Number(value);
    case 'string':
      return doublePrefix(value, truncation);
  }
  if (value instanceof Decimal) return value.toNumber();
  if (value instanceof DateTime || value instanceof Duration) return temporalDecimal(value).toNumber();
  if (value instanceof EnumValue) return value.index;
  if (value instanceof SetValue) return Number(value.bits);
  if (value instanceof BinaryLiteral) return Number(value.toBigInt());
  if (value instanceof JsonDocument) return jsonDouble(value, truncation);
  return doublePrefix(value.toString('utf8'), truncation);
}

function doublePrefix(text: string, truncation: Truncation): number {
  const prefix = NUMBER_PREFIX.exec(text);
  const length = trimmedLength(text);
  if (length > 0 && prefix?.[0].length !== length) truncation('DOUBLE', text);
  return prefix === null ? 0 : Number(prefix[1]);
}

function trimmedLength(text: string): number {
  return text.trimEnd().length;
}

function jsonDouble({ value }: JsonDocument, truncation: Truncation): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') return doublePrefix(value, truncation);
  truncation('DOUBLE', isJsonObject(value) ? 'object' : 'array');
  return 0;
}

/** A value as an exact decimal; a double by its shortest digits. */
export function toDecimal(value: Present, truncation: Truncation): Decimal {
  if (value instanceof Decimal) return value;
  if (typeof value === 'bigint') return new Decimal(value, 0);
  if (value instanceof DateTime || value instanceof Duration) return temporalDecimal(value);
  if (value instanceof BinaryLiteral) return new Decimal(value.toBigInt(), 0);
  if (typeof value === 'string' || Buffer.isBuffer(value)) {
    const text = toText(value);
    const prefix = NUMBER_PREFIX.exec(text);
    if (prefix === null || prefix[0].length !== trimmedLength(text)) truncation('DECIMAL', text);
    return (prefix === null ? undefined : Decimal.parse(prefix[1] ?? '')) ?? new Decimal(0n, 0);
  }
  return Decimal.fromNumber(toDouble(value, truncation));
}

/** YYYYMMDDhhmmss[.f], as a time counts in arithmetic. */
export function temporalDecimal(value: DateTime | Duration): Decimal {
  const whole = value.toInteger();
  if (value.fsp === 0) return new Decimal(whole, 0);
  const micro = BigInt(value.micro);
  const unscaled = whole * 1_000_000n + (value instanceof Duration && value.negative ? -micro : micro);
  return new Decimal(unscaled, 6).round(value.fsp);
}

/** A value as an integer, rounded. It may lie outside 64 bits: the caller knows which range holds. */
export function toInteger(value: Present, truncation: Truncation): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return roundDouble(value);
  if (value instanceof BinaryLiteral) return value.toBigInt();
  if (value instanceof EnumValue) return BigInt(value.index);
  if (value instanceof SetValue) return value.bits;
  if (value instanceof DateTime || value instanceof Duration) return value.round(0).toInteger();
  if (typeof value === 'string' || Buffer.isBuffer(value)) return toDecimal(value, truncation).toBigInt();
  if (value instanceof JsonDocument && typeof value.value === 'bigint') return value.value;
  return toDecimal(value, truncation).toBigInt();
}

/** Half to even, as the C library rounds. */
export function roundDouble(value: number): bigint {
  if (!Number.isFinite(value)) return value > 0 ? 1n << 70n : -(1n << 70n);
  const size = Math.abs(value);
  const up = Math.round(size);
  return BigInt(Math.sign(value) * (up - size === 0.5 && up % 2 === 1 ? up - 1 : up));
}

/** A string's integer as CAST … AS SIGNED reads it: digits up to the first other character, nothing is rounded. */
export function integerPrefix(text: string, truncation: Truncation): bigint {
  const prefix = /^\s*([+-]?\d+)/.exec(text);
  if (prefix === null || prefix[0].length !== trimmedLength(text)) truncation('INTEGER', text.trim());
  return prefix === null ? 0n : BigInt(prefix[1] ?? '0');
}

/** The truth of a value: not zero. */
export function isTrue(value: Present, truncation: Truncation): boolean {
  if (typeof value === 'bigint') return value !== 0n;
  if (value instanceof Decimal) return !value.isZero();
  return toDouble(value, truncation) !== 0;
}
