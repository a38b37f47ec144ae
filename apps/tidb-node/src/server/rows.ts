import { Decimal } from '../sql/types/decimal.js';
import { Duration } from '../sql/types/duration.js';
import { shortestFloat } from '../sql/types/float.js';
import { JsonDocument } from '../sql/types/json.js';
import { DateTime } from '../sql/types/time.js';
import { BinaryLiteral, EnumValue, type Row, SetValue, type SqlValue } from '../sql/types/value.js';
import type { ResultColumn } from '../sql/types.js';
import { PayloadWriter } from './payload.js';

/** Protocol types (MySQL's `enum_field_types`) whose binary form is not a string. */
export const FieldType = {
  Tiny: 1,
  Short: 2,
  Long: 3,
  Float: 4,
  Double: 5,
  Null: 6,
  Timestamp: 7,
  LongLong: 8,
  Int24: 9,
  Date: 10,
  Time: 11,
  DateTime: 12,
  Year: 13,
} as const;

const NULL_TEXT = 0xfb;
/** Beyond these, TiDB writes a double and a float with an exponent. */
const EXPONENT = { above: 1e15, below: 1e-15 };
const FLOAT_EXPONENT = { above: Math.fround(1e15), below: Math.fround(1e-15) };

/** A value as the text protocol shows it. */
export function textOf(value: Exclude<SqlValue, null>, column: ResultColumn): string | Buffer {
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value;
  if (typeof value === 'bigint') {
    const text = value.toString();
    return column.type === FieldType.Year && value === 0n ? '0000' : text;
  }
  if (typeof value === 'number') return textOfNumber(value, column);
  if (value instanceof BinaryLiteral) return value.bytes;
  if (value instanceof EnumValue) return value.name;
  if (value instanceof SetValue) return value.names;
  return value.toString();
}

function textOfNumber(value: number, column: ResultColumn): string {
  // 31 means "as many as there are". A fixed number of decimals is shown in full where it is an expression's; a table's column is shown as short as it is.
  const isFixed = column.table === '' && column.decimals > 0 && column.decimals < 31;
  if (isFixed && (column.type === FieldType.Float || column.type === FieldType.Double)) {
    return value.toFixed(column.decimals);
  }
  const text = Object.is(value, -0)
    ? '-0'
    : column.type === FieldType.Float
      ? String(shortestFloat(value))
      : String(value);
  const size = Math.abs(value);
  const isFloat = column.type === FieldType.Float;
  const { above, below } = isFloat ? FLOAT_EXPONENT : EXPONENT;
  if (value !== 0 && (size >= above || size < below)) {
    // Beyond the limits a FLOAT has six digits, as it has in MySQL.
    const shown = isFloat ? Number(Number(text).toExponential(5)) : Number(text);
    return shown.toExponential().replace('e+', 'e');
  }
  return text.includes('e') ? plain(text) : text;
}

/** 1.5e-7 as 0.00000015. */
function plain(text: string): string {
  const [mantissa = '', exponent = '0'] = text.split('e');
  const sign = mantissa.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const places = Number(exponent);
  if (places < 0) return `${sign}0.${'0'.repeat(-places - 1)}${whole}${fraction}`;
  return `${sign}${whole}${fraction.padEnd(places, '0')}`;
}

/** ProtocolText::ResultsetRow. */
export function encodeTextRow(columns: readonly ResultColumn[], row: Row): Buffer {
  const writer = new PayloadWriter(columns.length * 16);
  columns.forEach((column, i) => {
    const value = row[i] ?? null;
    if (value === null) writer.uint8(NULL_TEXT);
    else writer.lenencBytes(textOf(value, column));
  });
  return writer.finish();
}

/** ProtocolBinary::ResultsetRow: a header byte, a bitmap of NULLs that begins at bit 2, the values. */
export function encodeBinaryRow(columns: readonly ResultColumn[], row: Row): Buffer {
  const bitmap = Buffer.alloc((columns.length + 9) >> 3);
  columns.forEach((_, i) => {
    if ((row[i] ?? null) === null) bitmap[(i + 2) >> 3] = (bitmap[(i + 2) >> 3] ?? 0) | (1 << ((i + 2) & 7));
  });
  const writer = new PayloadWriter(columns.length * 16).uint8(0).raw(bitmap);
  columns.forEach((column, i) => {
    const value = row[i] ?? null;
    if (value !== null) encodeBinaryValue(writer, column, value);
  });
  return writer.finish();
}

function encodeBinaryValue(writer: PayloadWriter, column: ResultColumn, value: Exclude<SqlValue, null>): void {
  switch (column.type) {
    case FieldType.Tiny:
      writer.uint8(Number(BigInt.asUintN(8, integerOf(value))));
      return;
    case FieldType.Short:
    case FieldType.Year:
      writer.uint16(Number(BigInt.asUintN(16, integerOf(value))));
      return;
    case FieldType.Int24:
    case FieldType.Long:
      writer.uint32(Number(BigInt.asUintN(32, integerOf(value))));
      return;
    case FieldType.LongLong:
      writer.uint64(integerOf(value));
      return;
    case FieldType.Float:
      writer.float(Number(value));
      return;
    case FieldType.Double:
      writer.double(Number(value));
      return;
    case FieldType.Date:
    case FieldType.DateTime:
    case FieldType.Timestamp:
      if (value instanceof DateTime) {
        encodeDateTime(writer, value);
        return;
      }
      break;
    case FieldType.Time:
      if (value instanceof Duration) {
        encodeDuration(writer, value);
        return;
      }
      break;
  }
  writer.lenencBytes(textOf(value, column));
}

function integerOf(value: Exclude<SqlValue, null>): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return BigInt(Math.round(value));
  if (value instanceof Decimal || value instanceof BinaryLiteral) return value.toBigInt();
  if (value instanceof EnumValue) return BigInt(value.index);
  if (value instanceof SetValue) return value.bits;
  if (value instanceof DateTime || value instanceof Duration) return value.toInteger();
  if (value instanceof JsonDocument) return BigInt(value.toString());
  return BigInt(value.toString());
}

function encodeDateTime(writer: PayloadWriter, value: DateTime): void {
  const hasTime = value.kind !== 'date';
  if (value.isZero() && value.isMidnight()) {
    writer.uint8(0);
    return;
  }
  const length = !hasTime || value.isMidnight() ? 4 : value.micro === 0 ? 7 : 11;
  writer.uint8(length).uint16(value.year).uint8(value.month).uint8(value.day);
  if (length > 4) writer.uint8(value.hour).uint8(value.minute).uint8(value.second);
  if (length > 7) writer.uint32(value.micro);
}

function encodeDuration(writer: PayloadWriter, value: Duration): void {
  if (value.micros === 0) {
    writer.uint8(0);
    return;
  }
  writer
    .uint8(value.micro === 0 ? 8 : 12)
    .uint8(value.negative ? 1 : 0)
    .uint32(Math.floor(value.hour / 24))
    .uint8(value.hour % 24)
    .uint8(value.minute)
    .uint8(value.second);
  if (value.micro !== 0) writer.uint32(value.micro);
}
