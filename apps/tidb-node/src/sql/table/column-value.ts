import { type ColumnInput, type Datum, Json, packTime, unpackTime } from '@tidb-js/binlog/codec';
import type { ColumnInfo } from '@tidb-js/ddl-jobs';
import { setFromBits } from '../types/column-cast.js';
import { Decimal } from '../types/decimal.js';
import { Duration } from '../types/duration.js';
import { isBinaryString, Tp } from '../types/field-type.js';
import { JsonDocument, type JsonValue } from '../types/json.js';
import { DateTime } from '../types/time.js';
import type { TimeZone } from '../types/time-zone.js';
import { BinaryLiteral, EnumValue, SetValue, type SqlValue } from '../types/value.js';

/** A column's value as the row codec takes it. The value was cast for the column before. */
export function toColumnInput(value: SqlValue, column: ColumnInfo, zone: TimeZone): ColumnInput {
  if (value === null || typeof value === 'bigint' || typeof value === 'number' || typeof value === 'string')
    return value;
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Decimal || value instanceof Duration) return value.toString();
  if (value instanceof DateTime) {
    if (column.type.Tp !== Tp.Timestamp) return value.toString();
    return value.isZero() ? value.toString() : `${zone.toUtc(value)}Z`;
  }
  if (value instanceof EnumValue) return BigInt(value.index);
  if (value instanceof SetValue) return value.bits;
  if (value instanceof BinaryLiteral) return value.toBigInt();
  return Json.from(value.value as Parameters<typeof Json.from>[0], { numbers: 'exact' });
}

/** The datum that a key holds for a value, before collation and prefix. */
export function toKeyDatum(value: SqlValue, column: ColumnInfo, zone: TimeZone): Datum {
  if (value === null) return { kind: 'null' };
  const unsigned = (column.type.Flag & 32) !== 0;
  if (typeof value === 'bigint') return { kind: unsigned && column.type.Tp !== Tp.Year ? 'uint' : 'int', value };
  if (typeof value === 'number') return { kind: 'float', value };
  if (typeof value === 'string') return { kind: 'bytes', value: Buffer.from(value) };
  if (Buffer.isBuffer(value)) return { kind: 'bytes', value };
  if (value instanceof Decimal) {
    const fraction = Math.max(column.type.Decimal, 0);
    const precision = column.type.Flen > 0 ? column.type.Flen : 10;
    return { kind: 'decimal', value: { text: value.round(fraction).toString(), precision, fraction } };
  }
  if (value instanceof DateTime) {
    return { kind: 'uint', value: packTime(column.type.Tp === Tp.Timestamp ? zone.toUtc(value) : value) };
  }
  if (value instanceof Duration) return { kind: 'int', value: BigInt(value.micros) * 1000n };
  if (value instanceof EnumValue) return { kind: 'uint', value: BigInt(value.index) };
  if (value instanceof SetValue) return { kind: 'uint', value: value.bits };
  if (value instanceof BinaryLiteral) return { kind: 'uint', value: value.toBigInt() };
  return { kind: 'json', value: Json.parse(value.toString()) };
}

/** A stored datum as SQL sees it. */
export function fromStored(datum: Datum, column: ColumnInfo, zone: TimeZone): SqlValue {
  const { type } = column;
  switch (datum.kind) {
    case 'null':
      return null;
    case 'bytes':
      return isBinaryString(type) ? asBuffer(datum.value) : asBuffer(datum.value).toString('utf8');
    case 'float':
      return datum.value;
    case 'decimal':
      return Decimal.parse(datum.value.text) ?? null;
    case 'json':
      return new JsonDocument(datum.value.toValue({ numbers: 'exact' }) as JsonValue);
    case 'duration':
      return new Duration(Number(datum.value / 1000n), Math.max(type.Decimal, 0));
    default:
      return fromInteger(datum.value, column, zone);
  }
}

function fromInteger(value: bigint, { type }: ColumnInfo, zone: TimeZone): SqlValue {
  const fsp = Math.max(type.Decimal, 0);
  switch (type.Tp) {
    case Tp.Date:
    case Tp.DateTime:
    case Tp.Timestamp: {
      const { year, month, day, hour, minute, second, micro } = unpackTime(value);
      const kind = type.Tp === Tp.Date ? 'date' : type.Tp === Tp.DateTime ? 'datetime' : 'timestamp';
      const time = new DateTime(kind, year, month, day, hour, minute, second, micro, kind === 'date' ? 0 : fsp);
      return type.Tp === Tp.Timestamp ? zone.fromUtc(time) : time;
    }
    case Tp.Duration:
      return new Duration(Number(value / 1000n), fsp);
    case Tp.Bit:
      return BinaryLiteral.fromBigInt(value, Math.ceil(type.Flen / 8));
    case Tp.Enum:
      return new EnumValue(Number(value), type.Elems?.[Number(value) - 1] ?? '');
    case Tp.Set:
      return setFromBits(value, type.Elems ?? []);
    default:
      return (type.Flag & 32) !== 0 ? BigInt.asUintN(64, value) : value;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
