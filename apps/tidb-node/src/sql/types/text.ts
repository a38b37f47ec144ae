import { Decimal } from './decimal.js';
import { BinaryLiteral, EnumValue, SetValue, type SqlValue } from './value.js';

/** A value as a character string, as CONCAT or CAST … AS CHAR give it. Bytes are read as UTF-8. */
export function toText(value: Exclude<SqlValue, null>): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'bigint':
      return value.toString();
    case 'number':
      return doubleText(value);
  }
  if (Buffer.isBuffer(value)) return value.toString('utf8');
  if (value instanceof BinaryLiteral) return value.bytes.toString('utf8');
  if (value instanceof EnumValue) return value.name;
  if (value instanceof SetValue) return value.names;
  return value.toString();
}

/** A value as bytes. */
export function toBytes(value: Exclude<SqlValue, null>): Buffer {
  if (Buffer.isBuffer(value)) return value;
  return value instanceof BinaryLiteral ? value.bytes : Buffer.from(toText(value), 'utf8');
}

/** A double as TiDB writes it: plain digits between 1e-15 and 1e15, else mantissa and exponent. */
export function doubleText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15 || (size < 1e-15 && size > 0)) return value.toExponential().replace('e+', 'e');
  const text = String(value);
  return text.includes('e') ? Decimal.fromNumber(value).toString() : text;
}
