import { collationKey, compareStrings } from './charset.js';
import { Decimal } from './decimal.js';
import { Duration, parseDuration } from './duration.js';
import { JsonDocument } from './json.js';
import { compareJson } from './json-order.js';
import { type Truncation, toDecimal, toDouble } from './number.js';
import { toText } from './text.js';
import { DateTime, dateTimeFromNumber, parseDateTime } from './time.js';
import { BinaryLiteral, EnumValue, SetValue, type SqlValue } from './value.js';

type Present = Exclude<SqlValue, null>;

/**
 * Compares two values that are not NULL as MySQL does: strings by the collation, a time with a string as times, exact numbers
 * exactly, anything else as doubles.
 */
export function compareValues(left: Present, right: Present, collate: string, truncation: Truncation): number {
  if (typeof left === 'bigint' && typeof right === 'bigint') return left < right ? -1 : left > right ? 1 : 0;
  if (typeof left === 'string' && typeof right === 'string') return compareStrings(left, right, collate);
  if (left instanceof JsonDocument || right instanceof JsonDocument) {
    return compareJson(asJson(left), asJson(right));
  }
  if (left instanceof DateTime || right instanceof DateTime) {
    const a = asDateTime(left);
    const b = asDateTime(right);
    if (a !== undefined && b !== undefined) return a.compare(b);
  } else if (left instanceof Duration || right instanceof Duration) {
    const a = asDuration(left);
    const b = asDuration(right);
    if (a !== undefined && b !== undefined) return a.micros - b.micros;
  }
  if (isText(left) && isText(right)) {
    if (isBytes(left) || isBytes(right)) return Buffer.compare(bytesOf(left), bytesOf(right));
    return compareStrings(toText(left), toText(right), collate);
  }
  if (isExact(left) && isExact(right)) return toDecimal(left, truncation).compare(toDecimal(right, truncation));
  const a = toDouble(left, truncation);
  const b = toDouble(right, truncation);
  return a < b ? -1 : a > b ? 1 : 0;
}

function isText(value: Present): boolean {
  return (
    typeof value === 'string' ||
    Buffer.isBuffer(value) ||
    value instanceof EnumValue ||
    value instanceof SetValue ||
    value instanceof BinaryLiteral
  );
}

function isBytes(value: Present): boolean {
  return Buffer.isBuffer(value) || value instanceof BinaryLiteral;
}

function bytesOf(value: Present): Buffer {
  if (Buffer.isBuffer(value)) return value;
  return value instanceof BinaryLiteral ? value.bytes : Buffer.from(toText(value), 'utf8');
}

/** Numbers without rounding; a string of digits counts too, so that a large one is not rounded to a double. */
function isExact(value: Present): boolean {
  if (typeof value === 'string') return /^\s*[+-]?\d+(\.\d*)?\s*$/.test(value);
  return (
    typeof value === 'bigint' ||
    value instanceof Decimal ||
    value instanceof BinaryLiteral ||
    value instanceof EnumValue ||
    value instanceof SetValue
  );
}

function asDateTime(value: Present): DateTime | undefined {
  if (value instanceof DateTime) return value;
  if (typeof value === 'string') return parseDateTime(value, 'datetime', 6);
  return typeof value === 'bigint' ? dateTimeFromNumber(value, 'datetime') : undefined;
}

function asDuration(value: Present): Duration | undefined {
  if (value instanceof Duration) return value;
  return typeof value === 'string' ? parseDuration(value, 6) : undefined;
}

function asJson(value: Present): JsonDocument {
  if (value instanceof JsonDocument) return value;
  if (typeof value === 'bigint' || typeof value === 'number') return new JsonDocument(value);
  return value instanceof Decimal ? new JsonDocument(value.toNumber()) : new JsonDocument(toText(value));
}

/** Text that is the same for values that are equal in GROUP BY, DISTINCT and hash joins of one column. */
export function groupingKey(value: SqlValue, collate: string): string {
  if (value === null) return 'n';
  if (typeof value === 'string') return `s${collationKey(value, collate)}`;
  if (value instanceof Decimal) return `d${normalised(value)}`;
  if (typeof value === 'bigint') return `d${value}`;
  if (typeof value === 'number') return Number.isInteger(value) ? `d${BigInt(value)}` : `r${value}`;
  if (value instanceof DateTime) return `t${value.year}-${value.month}-${value.day} ${value.as('datetime', 6)}`;
  if (value instanceof Duration) return `u${value.micros}`;
  if (Buffer.isBuffer(value)) return `b${value.toString('hex')}`;
  return `o${toText(value)}`;
}

function normalised(value: Decimal): string {
  const text = value.toString();
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
