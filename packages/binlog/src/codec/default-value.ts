import { type ColumnValue, fromDatum, toDatum } from './column-value.js';
import { type ColumnInfo, ColumnType } from './table-info.js';

/**
 * The default of a column as a value: `current` for rows to be inserted, `origin` for rows written before the column was added.
 * Null where there is none. An expression (`CURRENT_TIMESTAMP`) is no value, so null too.
 */
export function defaultValue(column: ColumnInfo, which: 'current' | 'origin'): ColumnValue {
  const bits = which === 'current' ? column.default_bit : column.origin_default_bit;
  const value = which === 'current' ? column.default : column.origin_default;
  if (column.type.Tp === ColumnType.Bit) {
    if (typeof bits !== 'string') return null;
    return BigInt(`0x${Buffer.from(bits, 'base64').toString('hex') || '0'}`);
  }
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') return null;
  const text = String(value);
  if (column.type.Tp === ColumnType.Timestamp && !/^\d/.test(text)) return null;
  if (column.type.Tp === ColumnType.String && column.type.Charset === 'binary') {
    return fromDatum(column, toDatum(column, padded(Buffer.from(text, 'utf8'), Number(column.type.Flen))));
  }
  if (column.type.Tp === ColumnType.NewDecimal) {
    return fromDatum(column, toDatum(column, withFraction(text, Number(column.type.Decimal))));
  }
  const isInstant = column.type.Tp === ColumnType.Timestamp && !text.startsWith('0000-00-00') && !text.endsWith('Z');
  return fromDatum(column, toDatum(column, isInstant ? `${text}Z` : text));
}

/** BINARY holds its padding. */
function padded(bytes: Buffer, length: number): Buffer {
  return bytes.length < length ? Buffer.concat([bytes, Buffer.alloc(length - bytes.length)]) : bytes;
}

/** `0` as `0.00`: a decimal shows all the digits of its column. */
function withFraction(text: string, digits: number): string {
  const fraction = /^-?\d*\.?(\d*)$/.exec(text)?.[1];
  if (fraction === undefined || fraction.length >= digits) return text;
  return `${text}${text.includes('.') ? '' : '.'}${'0'.repeat(digits - fraction.length)}`;
}
