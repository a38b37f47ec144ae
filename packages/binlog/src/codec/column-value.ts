import { isUtf8 } from 'node:buffer';
import { BinlogError } from '../errors.js';
import { type Datum, nullDatum } from './datum.js';
import { decimalOf } from './decimal.js';
import { Json } from './json.js';
import {
  type ColumnInfo,
  ColumnType,
  type FieldTypeInfo,
  isBinaryColumn,
  isTextType,
  isUnsignedColumn,
} from './table-info.js';
import {
  dateText,
  durationText,
  isDuration,
  packTime,
  parseDuration,
  parseTime,
  timeText,
  unpackTime,
} from './time.js';

/**
 * What a column's value is in JavaScript:
 *
 * | SQL type | value |
 * |---|---|
 * | TINYINT to INT, YEAR | number |
 * | BIGINT, BIT | bigint |
 * | FLOAT, DOUBLE | number |
 * | DECIMAL | string, exact, with all digits after the point |
 * | CHAR, VARCHAR, TEXT | string (a Buffer where the bytes are no UTF-8) |
 * | BINARY, VARBINARY, BLOB | Buffer |
 * | ENUM | string, the element ('' for the error value; 0 where '' is an element too) |
 * | SET | string, the elements joined by commas |
 * | DATE | string `YYYY-MM-DD` |
 * | DATETIME | string `YYYY-MM-DD HH:MM:SS[.f]`: a wall clock without a zone |
 * | TIMESTAMP | string `YYYY-MM-DD HH:MM:SS[.f]Z`: an instant, in UTC (the zero timestamp has no Z) |
 * | TIME | string `[-]HH:MM:SS[.f]` |
 * | JSON | {@link Json} |
 * | NULL | null |
 *
 * To write, some more is taken: bigint for any integer, number for a BIGINT when it is a safe integer, boolean for integers,
 * Uint8Array for text, number or bigint for an ENUM or SET by index or bits, Date for a TIMESTAMP, JSON text for JSON; and a
 * {@link Datum}, for callers that have values of their own, which is taken as it is.
 */
export type ColumnValue = null | number | bigint | string | Buffer | Json;

/** What can be written to a column; see {@link ColumnValue}. */
export type ColumnInput = null | undefined | boolean | number | bigint | string | Uint8Array | Date | Json | Datum;

const integerBits: Readonly<Record<number, number>> = {
  [ColumnType.Tiny]: 8,
  [ColumnType.Short]: 16,
  [ColumnType.Int24]: 24,
  [ColumnType.Long]: 32,
  [ColumnType.LongLong]: 64,
};

/** The zero date has no instant, so it carries no zone. */
const zeroDate = '0000-00-00';

/**
 * The datum that a row holds for a value of this column.
 *
 * @throws BinlogError `INVALID_VALUE`, naming the column, for a value that it cannot hold as it is. Nothing is rounded or cut.
 */
export function toDatum(column: ColumnInfo, value: ColumnInput): Datum {
  if (value === null || value === undefined) return nullDatum;
  if (isDatum(value)) return value;
  try {
    return toDatumOfType(column, value);
  } catch (error) {
    const cause = BinlogError.from(error, 'INVALID_VALUE');
    throw new BinlogError('INVALID_VALUE', `column ${column.name.O}: ${cause.rawMessage}`, { cause });
  }
}

function isDatum(value: NonNullable<ColumnInput>): value is Datum {
  return typeof value === 'object' && 'kind' in value;
}

function toDatumOfType(column: ColumnInfo, value: NonNullable<ColumnInput>): Datum {
  const { type } = column;
  if (isTextType(type.Tp)) {
    const bytes = textBytes(value);
    if (type.Flen >= 0 && bytes.length > type.Flen) checkLength(type, bytes);
    return { kind: 'bytes', value: bytes };
  }
  switch (type.Tp) {
    case ColumnType.Tiny:
    case ColumnType.Short:
    case ColumnType.Int24:
    case ColumnType.Long:
    case ColumnType.LongLong: {
      const integer = integerOf(value);
      const unsigned = isUnsignedColumn(type);
      checkInteger(integer, integerBits[type.Tp] ?? 64, unsigned);
      return { kind: unsigned ? 'uint' : 'int', value: integer };
    }
    case ColumnType.Year: {
      const year = integerOf(value);
      if (year !== 0n && (year < 1901n || year > 2155n)) throw refused(value, 'a YEAR is 0 or 1901 to 2155');
      return { kind: 'int', value: year };
    }
    case ColumnType.Bit: {
      const bits = integerOf(value);
      if (bits < 0n || bits >= 1n << BigInt(type.Flen))
        throw refused(value, `a BIT(${type.Flen}) has ${type.Flen} bits`);
      return { kind: 'uint', value: bits };
    }
    case ColumnType.Float:
      return { kind: 'float', value: Math.fround(doubleOf(value)) };
    case ColumnType.Double:
      return { kind: 'float', value: doubleOf(value) };
    case ColumnType.NewDecimal:
      return decimalDatum(column, value);
    case ColumnType.Date:
    case ColumnType.NewDate:
    case ColumnType.DateTime:
    case ColumnType.Timestamp:
      return { kind: 'uint', value: packedTime(column, value) };
    case ColumnType.Duration: {
      const nanos = parseDuration(textOf(value, 'a string [-]HH:MM:SS[.f]'));
      checkFraction(nanos / 1000n, type.Decimal, value);
      return { kind: 'int', value: nanos };
    }
    case ColumnType.Enum:
      return { kind: 'uint', value: enumIndex(type.Elems ?? [], value) };
    case ColumnType.Set:
      return { kind: 'uint', value: setBits(type.Elems ?? [], value) };
    case ColumnType.Json:
      return { kind: 'json', value: value instanceof Json ? value : Json.parse(textOf(value, 'a Json or JSON text')) };
    default:
      throw new BinlogError('INVALID_VALUE', `its type code ${type.Tp} is not one that can be written`);
  }
}

/**
 * The value that a datum of this column stands for.
 *
 * @throws BinlogError `MALFORMED`, naming the column, for a datum of another kind than the column's type has.
 */
export function fromDatum(column: ColumnInfo, datum: Datum): ColumnValue {
  if (datum.kind === 'null') return null;
  const { type } = column;
  if (isTextType(type.Tp)) {
    const bytes = asBuffer(expect(column, datum, 'bytes'));
    return isBinaryColumn(type) || !isUtf8(bytes) ? Buffer.from(bytes) : bytes.toString();
  }
  switch (type.Tp) {
    case ColumnType.Tiny:
    case ColumnType.Short:
    case ColumnType.Int24:
    case ColumnType.Long:
    case ColumnType.Year:
      return Number(integerDatum(column, datum));
    case ColumnType.LongLong:
      return integerDatum(column, datum);
    case ColumnType.Bit:
      return expect(column, datum, 'uint');
    case ColumnType.Float:
    case ColumnType.Double:
      return expect(column, datum, 'float');
    case ColumnType.NewDecimal:
      return expect(column, datum, 'decimal').text;
    case ColumnType.Date:
    case ColumnType.NewDate:
      return dateText(unpackTime(expect(column, datum, 'uint')));
    case ColumnType.DateTime:
      return timeText(unpackTime(expect(column, datum, 'uint')), type.Decimal);
    case ColumnType.Timestamp: {
      const packed = expect(column, datum, 'uint');
      return `${timeText(unpackTime(packed), type.Decimal)}${packed === 0n ? '' : 'Z'}`;
    }
    case ColumnType.Duration: {
      const nanos = datum.kind === 'duration' ? datum.value : expect(column, datum, 'int');
      if (!isDuration(nanos))
        throw new BinlogError('MALFORMED', `column ${column.name.O}: ${nanos} ns is beyond a TIME`);
      return durationText(nanos, type.Decimal);
    }
    case ColumnType.Enum:
      return enumName(column, expect(column, datum, 'uint'));
    case ColumnType.Set:
      return setNames(column, expect(column, datum, 'uint'));
    case ColumnType.Json:
      return expect(column, datum, 'json');
    default:
      throw new BinlogError('MALFORMED', `column ${column.name.O}: type code ${type.Tp} is not one that can be read`);
  }
}

type ValueOf<K> = K extends 'null' ? never : Extract<Datum, { kind: K; value: unknown }>['value'];

function expect<K extends Datum['kind']>(column: ColumnInfo, datum: Datum, kind: K): ValueOf<K> {
  if (datum.kind === kind && 'value' in datum) return datum.value as ValueOf<K>;
  const { name, type } = column;
  throw new BinlogError('MALFORMED', `column ${name.O} of type ${type.Tp}: a ${datum.kind} where a ${kind} belongs`);
}

/** A handle is stored as a signed number whatever the column is: the column's type says how its bits are meant. */
function integerDatum(column: ColumnInfo, datum: Datum): bigint {
  if (datum.kind === (isUnsignedColumn(column.type) ? 'uint' : 'int')) return datum.value;
  const value = datum.kind === 'uint' ? datum.value : expect(column, datum, 'int');
  return isUnsignedColumn(column.type) ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function refused(value: unknown, rule: string): BinlogError {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value);
  return new BinlogError('INVALID_VALUE', `${shown} is refused: ${rule}`);
}

function textOf(value: ColumnInput, wanted: string): string {
  if (typeof value === 'string') return value;
  throw refused(value, `${wanted} is wanted, not a ${value instanceof Date ? 'Date' : typeof value}`);
}

function textBytes(value: ColumnInput): Uint8Array {
  if (value instanceof Uint8Array) return value;
  return Buffer.from(textOf(value, 'a string or bytes'));
}

/** CHAR and VARCHAR count characters, all others bytes. */
function checkLength(type: FieldTypeInfo, bytes: Uint8Array): void {
  const isCounted = type.Tp === ColumnType.String || type.Tp === ColumnType.VarChar || type.Tp === ColumnType.VarString;
  if (!isCounted || isBinaryColumn(type)) throw tooLong(`${bytes.length} bytes`, type);
  let characters = 0;
  // Every byte of UTF-8 begins a character but those of the form 10xxxxxx.
  for (const byte of bytes) if ((byte & 0xc0) !== 0x80) characters++;
  if (characters > type.Flen) throw tooLong(`${characters} characters`, type);
}

function tooLong(length: string, { Flen }: FieldTypeInfo): BinlogError {
  return new BinlogError('INVALID_VALUE', `${length} are refused: it has room for ${Flen}`);
}

function integerOf(value: ColumnInput): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw refused(value, 'an integer is wanted, as a bigint from 2^53 on');
    return BigInt(value);
  }
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return BigInt(value);
  throw refused(value, 'an integer is wanted');
}

function checkInteger(value: bigint, bits: number, unsigned: boolean): void {
  const fits = unsigned ? BigInt.asUintN(bits, value) === value : BigInt.asIntN(bits, value) === value;
  if (!fits) throw refused(value, `${unsigned ? 'an unsigned' : 'a signed'} integer of ${bits} bits is wanted`);
}

function doubleOf(value: ColumnInput): number {
  const double = typeof value === 'number' ? value : Number(typeof value === 'string' ? value : Number.NaN);
  if (!Number.isFinite(double)) throw refused(value, 'a finite number is wanted');
  return double;
}

function decimalDatum(column: ColumnInfo, value: ColumnInput): Datum {
  const { Flen, Decimal } = column.type;
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw refused(value, 'a decimal is written as a string, since a double does not hold it exactly');
  }
  const text =
    typeof value === 'number' || typeof value === 'bigint' ? String(value) : textOf(value, 'a string of digits');
  if (Flen <= 0) return { kind: 'decimal', value: decimalOf(text) };
  return { kind: 'decimal', value: { text, precision: Flen, fraction: Math.max(Decimal, 0) } };
}

function packedTime(column: ColumnInfo, value: ColumnInput): bigint {
  const { Tp, Decimal } = column.type;
  if (Tp === ColumnType.Timestamp) {
    const text = value instanceof Date ? value.toISOString() : textOf(value, 'a string … Z in UTC, or a Date');
    if (!text.endsWith('Z') && !text.startsWith(zeroDate)) {
      throw refused(text, 'a TIMESTAMP is an instant: write it in UTC with a Z at the end');
    }
    return timeWithin(text.replace(/Z$/, ''), Decimal);
  }
  if (value instanceof Date) {
    throw refused(value, 'a Date is an instant, this column a wall clock: write a string YYYY-MM-DD HH:MM:SS');
  }
  const text = textOf(value, 'a string YYYY-MM-DD[ HH:MM:SS[.f]]');
  if (Tp !== ColumnType.DateTime && text.length !== 10) throw refused(text, 'a DATE is YYYY-MM-DD');
  return timeWithin(text, Decimal);
}

function timeWithin(text: string, digits: number): bigint {
  const parts = parseTime(text);
  checkFraction(BigInt(parts.micro), digits, text);
  return packTime(parts);
}

function checkFraction(micros: bigint, digits: number, value: ColumnInput): void {
  const kept = Math.max(digits, 0);
  if (micros % 10n ** BigInt(6 - Math.min(kept, 6)) !== 0n) {
    throw refused(value, `the column keeps ${kept} digits of a second's fraction; round it first`);
  }
}

function enumIndex(elements: readonly string[], value: ColumnInput): bigint {
  if (typeof value === 'string') {
    const index = elements.indexOf(value);
    if (index < 0 && value !== '') throw refused(value, `the elements are ${elements.join(', ')}`);
    return BigInt(index + 1);
  }
  const index = integerOf(value);
  if (index < 0n || index > BigInt(elements.length))
    throw refused(value, `the elements are numbered 1 to ${elements.length}`);
  return index;
}

function setBits(elements: readonly string[], value: ColumnInput): bigint {
  if (typeof value !== 'string') {
    const bits = integerOf(value);
    if (bits < 0n || bits >= 1n << BigInt(elements.length))
      throw refused(value, `the set has ${elements.length} elements`);
    return bits;
  }
  let bits = 0n;
  for (const name of value === '' ? [] : value.split(',')) {
    const index = elements.indexOf(name);
    if (index < 0) throw refused(name, `the elements are ${elements.join(', ')}`);
    bits |= 1n << BigInt(index);
  }
  return bits;
}

function enumName(column: ColumnInfo, index: bigint): string | number {
  if (index === 0n) return column.type.Elems?.includes('') ? 0 : '';
  const name = column.type.Elems?.[Number(index) - 1];
  if (name === undefined)
    throw new BinlogError('MALFORMED', `column ${column.name.O}: the ENUM has no element ${index}`);
  return name;
}

function setNames(column: ColumnInfo, bits: bigint): string {
  const elements = column.type.Elems ?? [];
  if (bits >> BigInt(elements.length) !== 0n) {
    throw new BinlogError(
      'MALFORMED',
      `column ${column.name.O}: the SET has ${elements.length} elements, bits ${bits}`,
    );
  }
  return elements.filter((_, index) => ((bits >> BigInt(index)) & 1n) === 1n).join(',');
}
