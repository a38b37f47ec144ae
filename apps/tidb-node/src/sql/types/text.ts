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

/** A double as a text: its shortest digits, never with an exponent. */
export function doubleText(value: number): string {
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  return text.includes('e') ? Decimal.fromNumber(value).toString() : text;
}
