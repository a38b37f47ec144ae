import { SqlError } from '../errors.js';
import { compareStrings } from './charset.js';
import { type Decimal, maxDecimal } from './decimal.js';
import { Duration, MAX_DURATION_MICROS, parseDuration } from './duration.js';
import { type FieldType, Flag, isBinaryString, isBlobType, isStringType, isUnsigned, Tp } from './field-type.js';
import { inGbk } from './gbk.js';
import { JsonDocument } from './json.js';
import { timeInJson } from './json-time.js';
import { latin1Byte } from './latin1.js';
import { toDecimal, toDouble, toInteger } from './number.js';
import { toBytes, toText } from './text.js';
import { DateTime, type DateTimeKind, dateTimeFromNumber, parseDateTime } from './time.js';
import { type TimeZone, UTC } from './time-zone.js';
import { BinaryLiteral, EnumValue, SetValue, type SqlValue } from './value.js';

/** How a write treats what does not fit. */
export interface WriteRules {
  /** STRICT_TRANS_TABLES without IGNORE: an error, otherwise a warning and the nearest value. */
  readonly strict: boolean;
  readonly noZeroDate: boolean;
  readonly noZeroInDate: boolean;
  warn(code: number, message: string): void;
  /** Where it is today for a TIME that is written as a date; UTC unless told. */
  readonly zone?: TimeZone;
  /**
   * The words TiDB has for the statement: VALUES names column and row (the default); values of a query, of ON DUPLICATE KEY and of
   * a column's new type are told as a conversion; UPDATE by a key (`point`) and other UPDATEs stand between.
   */
  readonly wording?: 'values' | 'query' | 'update' | 'point';
}

type Present = Exclude<SqlValue, null>;

/** One value on its way into a column. */
class ColumnWrite {
  constructor(
    readonly name: string,
    readonly type: FieldType,
    readonly rules: WriteRules,
    readonly row: number,
  ) {}

  /** An error in strict mode; a warning and `instead` otherwise. */
  refuse<T>(code: number, message: string, instead: T): T {
    if (this.rules.strict) throw new SqlError(code, message);
    this.rules.warn(code, message);
    return instead;
  }

  outOfRange<T>(nearest: T, conversion?: string): T {
    if (this.rules.wording === 'query' && conversion !== undefined) return this.refuse(1690, conversion, nearest);
    return this.refuse(1264, `Out of range value for column '${this.name}' at row ${this.row}`, nearest);
  }

  truncated<T>(instead: T): T {
    return this.refuse(1265, `Data truncated for column '${this.name}' at row ${this.row}`, instead);
  }

  incorrect<T>(code: 1292 | 1366, what: string, value: Present, instead: T): T {
    const text = toText(value);
    if (this.named)
      return this.refuse(
        code,
        `Incorrect ${what} value: '${text}' for column '${this.name}' at row ${this.row}`,
        instead,
      );
    if (code === 1366) {
      const byUpdate = this.rules.wording === 'update' || this.rules.wording === 'point';
      const kind = what === 'decimal' ? 'DECIMAL' : byUpdate && /int$/.test(what) ? 'INTEGER' : 'DOUBLE';
      return this.refuse(1292, `Truncated incorrect ${kind} value: '${text}'`, instead);
    }
    const words = what === 'time' ? 'Truncated incorrect time' : `Incorrect ${what}`;
    return this.refuse(1292, `${words} value: '${text}'`, instead);
  }

  cutSpaces(): void {
    this.rules.warn(1265, `Data truncated for column '${this.name}' at row ${this.row}`);
  }

  rounded(value: Decimal): void {
    if (this.named)
      this.rules.warn(1366, `Incorrect decimal value: '${value}' for column '${this.name}' at row ${this.row}`);
    else this.rules.warn(1292, `Truncated incorrect DECIMAL value: '${value}'`);
  }

  private get named(): boolean {
    return (this.rules.wording ?? 'values') === 'values';
  }

  tooLong<T>(limit: number, length: number, instead: T): T {
    const { wording = 'values' } = this.rules;
    const named = wording === 'values' || wording === 'update';
    const message = named
      ? `Data too long for column '${this.name}' at row ${this.row}`
      : `Data Too Long, field len ${limit}, data len ${length}`;
    return this.refuse(1406, message, instead);
  }

  numeric<T>(what: string, value: Present, convert: (onCut: () => void) => T): T {
    let cut = false;
    const result = convert(() => {
      cut = true;
    });
    return cut ? this.incorrect(1366, what, value, result) : result;
  }
}

/**
 * A value as the column stores it. Errors by number in strict mode: 1264 out of range, 1292 and 1366 not of the type, 1406 too long, 1265 not an
 * element. NULL passes: NOT NULL is the row's rule.
 */
export function castForColumn(
  value: SqlValue,
  name: string,
  type: FieldType,
  rules: WriteRules,
  row: number,
): SqlValue {
  if (value === null) return null;
  const write = new ColumnWrite(name, type, rules, row);
  switch (type.Tp) {
    case Tp.Tiny:
    case Tp.Short:
    case Tp.Int24:
    case Tp.Long:
    case Tp.LongLong:
      return castInteger(value, write);
    case Tp.Float:
    case Tp.Double:
      return castDouble(value, write);
    case Tp.NewDecimal:
      return castDecimal(value, write);
    case Tp.Year:
      return castYear(value, write);
    case Tp.Date:
      return castDateTime(value, 'date', write);
    case Tp.DateTime:
      return castDateTime(value, 'datetime', write);
    case Tp.Timestamp:
      return castDateTime(value, 'timestamp', write);
    case Tp.Duration:
      return castDuration(value, write);
    case Tp.Bit:
      return castBit(value, write);
    case Tp.Enum:
      return castEnum(value, write);
    case Tp.Set:
      return castSet(value, write);
    case Tp.Json:
      return castJson(value);
    default:
      return isStringType(type) ? castString(value, write) : value;
  }
}

const BITS: Readonly<Record<number, bigint>> = {
  [Tp.Tiny]: 8n,
  [Tp.Short]: 16n,
  [Tp.Int24]: 24n,
  [Tp.Long]: 32n,
  [Tp.LongLong]: 64n,
};

/** The range of an integer type. */
export function integerRange(type: FieldType): { readonly min: bigint; readonly max: bigint } {
  const bits = BITS[type.Tp] ?? 64n;
  if (isUnsigned(type)) return { min: 0n, max: (1n << bits) - 1n };
  return { min: -(1n << (bits - 1n)), max: (1n << (bits - 1n)) - 1n };
}

const INTEGER_NAMES: Readonly<Record<number, string>> = {
  [Tp.Tiny]: 'tinyint',
  [Tp.Short]: 'smallint',
  [Tp.Int24]: 'mediumint',
  [Tp.Long]: 'int',
  [Tp.LongLong]: 'bigint',
};

function castInteger(value: Present, write: ColumnWrite): bigint {
  const { type } = write;
  const integer = write.numeric(INTEGER_NAMES[type.Tp] ?? 'bigint', value, (cut) => toInteger(value, cut));
  const { min, max } = integerRange(type);
  const shown = typeof value === 'number' ? goFloat(value) : integer;
  const conversion = `constant ${shown} overflows ${INTEGER_NAMES[type.Tp] ?? 'bigint'}`;
  if (integer < min) return write.outOfRange(min, conversion);
  return integer > max ? write.outOfRange(max, conversion) : integer;
}

/** As Go prints a float with %v. */
function goFloat(value: number): string {
  const rounded = roundedToEven(value, 0);
  if (Math.abs(rounded) < 1e6) return String(rounded);
  return rounded.toExponential().replace(/e\+(\d)$/, 'e+0$1');
}

const MAX_FLOAT = 3.4028234663852886e38;

function castDouble(value: Present, write: ColumnWrite): number {
  const { type } = write;
  const isFloat = type.Tp === Tp.Float;
  let double = write.numeric(isFloat ? 'float' : 'double', value, (cut) => toDouble(value, cut));
  if (type.Decimal >= 0 && type.Flen > 0) {
    const limit = 10 ** (type.Flen - type.Decimal) - 10 ** -type.Decimal;
    double = roundedToEven(double, type.Decimal);
    if (Math.abs(double) > limit) double = write.outOfRange(Math.sign(double) * limit);
  }
  if (!Number.isFinite(double)) double = write.outOfRange(Math.sign(double) * Number.MAX_VALUE);
  if (isFloat && Math.abs(double) > MAX_FLOAT) double = write.outOfRange(Math.sign(double) * MAX_FLOAT);
  if (isUnsigned(type) && double < 0) double = write.outOfRange(0);
  return isFloat ? Math.fround(double) : double;
}

/** As TiDB rounds FLOAT(m,d) and DOUBLE(m,d): halves to the even neighbour. */
function roundedToEven(double: number, decimals: number): number {
  const shift = 10 ** decimals;
  const scaled = double * shift;
  if (!Number.isFinite(scaled)) return double;
  const floor = Math.floor(scaled);
  const part = scaled - floor;
  return (part > 0.5 || (part === 0.5 && floor % 2 !== 0) ? floor + 1 : floor) / shift;
}

function castDecimal(value: Present, write: ColumnWrite): Decimal {
  const { type } = write;
  const scale = Math.max(type.Decimal, 0);
  const precision = type.Flen > 0 ? type.Flen : 10;
  let wasCut = false;
  const whole = write.numeric('decimal', value, (cut) =>
    toDecimal(value, () => {
      wasCut = true;
      cut();
    }),
  );
  const decimal = whole.round(scale);
  const max = maxDecimal(precision, scale);
  const conversion = `DECIMAL value is out of range in '(${precision}, ${scale})'`;
  if (decimal.compare(max) > 0) return write.outOfRange(max, conversion);
  if (decimal.compare(max.negate()) < 0) return write.outOfRange(max.negate(), conversion);
  if (isUnsigned(type) && decimal.unscaled < 0n) return write.outOfRange(max.subtract(max).round(scale));
  // Digits that are rounded away are only warned of, in every mode.
  if (!wasCut && decimal.compare(whole) !== 0) write.rounded(whole);
  return decimal;
}

function castYear(value: Present, write: ColumnWrite): bigint {
  const text = typeof value === 'string' ? value.trim() : undefined;
  const year =
    value instanceof DateTime ? BigInt(value.year) : write.numeric('year', value, (cut) => toInteger(value, cut));
  if (year === 0n) return text !== undefined && text.length < 4 && /^\d/.test(text) ? 2000n : 0n;
  if (year < 0n) return write.outOfRange(0n);
  if (year > 0n && year < 70n) return 2000n + year;
  if (year >= 70n && year < 100n) return 1900n + year;
  return year < 1901n ? write.outOfRange(1901n) : year > 2155n ? write.outOfRange(2155n) : year;
}

const TIMESTAMP_MIN = new DateTime('datetime', 1970, 1, 1, 0, 0, 0);
const TIMESTAMP_MAX = new DateTime('datetime', 2038, 1, 20, 0, 0, 0);

function castDateTime(value: Present, kind: DateTimeKind, write: ColumnWrite): DateTime {
  const { rules } = write;
  const fsp = Math.max(write.type.Decimal, 0);
  let result: DateTime | undefined;
  if (value instanceof DateTime) {
    result = value.round(kind === 'date' ? 0 : fsp).as(kind, fsp);
    if ((result.isZero() && rules.noZeroDate) || (!result.isZero() && zeroPart(result) && rules.noZeroInDate)) {
      result = undefined;
    }
    if (kind === 'date') result = value.as('date');
  } else if (value instanceof Duration) {
    // Today, in the time zone of who writes, and so much later.
    const midnight = (rules.zone ?? UTC).wallClock(Date.now(), 0, 'datetime', 0).as('date').toUtcMs();
    result = DateTime.fromEpoch(midnight + Math.floor(value.micros / 1000), 0, 'datetime', 6)
      .round(fsp)
      .as(kind, fsp);
  } else if (typeof value === 'bigint') result = dateTimeFromNumber(value, kind, fsp, rules);
  else result = parseDateTime(toText(value), kind, fsp, rules);
  const what = kind === 'date' ? 'date' : kind === 'timestamp' ? 'timestamp' : 'datetime';
  const zero = new DateTime(kind, 0, 0, 0, 0, 0, 0, 0, fsp);
  if (result === undefined) return write.incorrect(1292, what, value, zero);
  if (kind !== 'timestamp' || result.isZero()) return result;
  const inRange = result.compare(TIMESTAMP_MIN) > 0 && result.compare(TIMESTAMP_MAX) < 0 && !zeroPart(result);
  return inRange ? result : write.incorrect(1292, what, value, zero);
}

function zeroPart(value: DateTime): boolean {
  return value.month === 0 || value.day === 0;
}

function castDuration(value: Present, write: ColumnWrite): Duration {
  const fsp = Math.max(write.type.Decimal, 0);
  let result: Duration | undefined;
  const moment = value instanceof DateTime ? value : momentOfNumber(value, fsp);
  if (value instanceof Duration) result = value.round(fsp);
  else if (moment !== undefined) {
    result = Duration.fromParts(false, moment.hour, moment.minute, moment.second, moment.micro, 6).round(fsp);
  } else result = parseDuration(toText(value), fsp);
  if (result === undefined) return write.incorrect(1292, 'time', value, new Duration(0, fsp));
  if (Math.abs(result.micros) <= MAX_DURATION_MICROS) return result;
  return write.incorrect(1292, 'time', value, new Duration(Math.sign(result.micros) * MAX_DURATION_MICROS, fsp));
}

/** What a number is that is a whole date and time, as 20200102030405; undefined for any other. */
function momentOfNumber(value: Present, fsp: number): DateTime | undefined {
  if ((typeof value !== 'bigint' && typeof value !== 'number') || Math.abs(Number(value)) < 1e10) return undefined;
  return typeof value === 'bigint'
    ? dateTimeFromNumber(value, 'datetime', fsp)
    : parseDateTime(toText(value), 'datetime', fsp);
}

function castBit(value: Present, write: ColumnWrite): BinaryLiteral {
  const bits = write.type.Flen > 0 ? write.type.Flen : 1;
  const width = Math.ceil(bits / 8);
  let number: bigint;
  if (typeof value === 'string' || Buffer.isBuffer(value)) number = new BinaryLiteral(toBytes(value)).toBigInt();
  else number = toInteger(value, () => undefined);
  const max = (1n << BigInt(bits)) - 1n;
  if (number < 0n || number > max) {
    number = write.tooLong(bits, toBytes(value).length * 8, max);
  }
  return BinaryLiteral.fromBigInt(number, width);
}

function castEnum(value: Present, write: ColumnWrite): EnumValue {
  const elements = write.type.Elems ?? [];
  const text = typeof value === 'string' || Buffer.isBuffer(value) || value instanceof EnumValue;
  if (text) {
    const name = toText(value);
    const index = elements.findIndex((each) => compareStrings(each, name, write.type.Collate) === 0);
    if (index >= 0) return new EnumValue(index + 1, elements[index] ?? '');
    if (value instanceof EnumValue && value.index === 0) return value;
    if (/^\d+$/.test(name)) {
      const number = Number(name);
      if (number >= 1 && number <= elements.length) return new EnumValue(number, elements[number - 1] ?? '');
    }
    return write.truncated(new EnumValue(0, ''));
  }
  const index = Number(toInteger(value, () => undefined));
  const name = elements[index - 1];
  return name === undefined ? write.truncated(new EnumValue(0, '')) : new EnumValue(index, name);
}

/** A SET value from its bits, the names in the order of the definition. */
export function setFromBits(bits: bigint, elements: readonly string[]): SetValue {
  const names = elements.filter((_, at) => (bits >> BigInt(at)) & 1n);
  return new SetValue(bits, names.join(','));
}

function castSet(value: Present, write: ColumnWrite): SetValue {
  const elements = write.type.Elems ?? [];
  let bits = 0n;
  let bad = false;
  if (typeof value === 'string' || Buffer.isBuffer(value) || value instanceof SetValue || value instanceof EnumValue) {
    for (const name of toText(value).split(',')) {
      if (name === '') continue;
      const index = elements.findIndex((each) => compareStrings(each, name, write.type.Collate) === 0);
      if (index >= 0) bits |= 1n << BigInt(index);
      else if (/^\d+$/.test(toText(value)) && BigInt(toText(value)) < 1n << BigInt(elements.length)) {
        bits = BigInt(toText(value));
      } else bad = true;
    }
  } else {
    bits = toInteger(value, () => undefined);
    const all = (1n << BigInt(elements.length)) - 1n;
    bad = bits < 0n || bits > all;
    bits &= all;
  }
  const result = setFromBits(bits, elements);
  return bad ? write.truncated(setFromBits(0n, elements)) : result;
}

function castJson(value: Present): JsonDocument {
  if (value instanceof JsonDocument) return value;
  if (typeof value === 'bigint') return new JsonDocument(value);
  if (typeof value === 'number') return new JsonDocument(value);
  if (typeof value === 'string') return JsonDocument.parse(value);
  if (Buffer.isBuffer(value) || value instanceof BinaryLiteral) {
    throw new SqlError(3144, "Cannot create a JSON value from a string with CHARACTER SET 'binary'.");
  }
  if (value instanceof DateTime || value instanceof Duration) return new JsonDocument(timeInJson(value));
  const text = toText(value);
  return JsonDocument.parse(/^-?\d/.test(text) ? text : JSON.stringify(text));
}

/** Longest value in bytes of the TEXT and BLOB types. */
export const BLOB_BYTES: Readonly<Record<number, number>> = {
  [Tp.TinyBlob]: 255,
  [Tp.Blob]: 65_535,
  [Tp.MediumBlob]: 16_777_215,
  [Tp.LongBlob]: 4_294_967_295,
};

function castString(value: Present, write: ColumnWrite): string | Buffer {
  return isBinaryString(write.type) ? castBytes(value, write) : castCharacters(value, write);
}

function castBytes(value: Present, write: ColumnWrite): Buffer {
  const { type } = write;
  let bytes = toBytes(value);
  const limit = isBlobType(type.Tp) ? (BLOB_BYTES[type.Tp] ?? type.Flen) : type.Flen;
  if (limit >= 0 && bytes.length > limit) {
    bytes = write.tooLong(limit, bytes.length, bytes.subarray(0, limit));
  }
  // BINARY(n) is filled up with zero bytes.
  if (type.Tp === Tp.String && bytes.length < type.Flen) {
    bytes = Buffer.concat([bytes, Buffer.alloc(type.Flen - bytes.length)]);
  }
  return bytes;
}

function castCharacters(value: Present, write: ColumnWrite): string {
  const { type, name } = write;
  let text = toText(value);
  if (Buffer.isBuffer(value) && text.includes('\ufffd') && !Buffer.from(text, 'utf8').equals(value)) {
    const shown = [...value.subarray(0, 6)].map((byte) =>
      byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16).toUpperCase()}`,
    );
    text = write.refuse(1366, `Incorrect string value '${shown.join('')}' for column '${name}'`, '');
  }
  text = checkCharset(text, type, write);
  if (isBlobType(type.Tp)) {
    const limit = BLOB_BYTES[type.Tp] ?? type.Flen;
    const length = Buffer.byteLength(text);
    if (length > limit) text = write.tooLong(limit, length, Buffer.from(text).subarray(0, limit).toString());
    return text;
  }
  if (type.Flen >= 0 && text.length > type.Flen) {
    const characters = [...text];
    if (characters.length > type.Flen) {
      const kept = characters.slice(0, type.Flen).join('');
      const onlySpaces = /^ *$/.test(characters.slice(type.Flen).join(''));
      // Spaces beyond the end are cut with a warning, whatever the mode.
      if (onlySpaces) {
        text = kept;
        if (type.Tp !== Tp.String) write.cutSpaces();
      } else text = write.tooLong(type.Flen, characters.length, kept);
    }
  }
  // CHAR gives back no trailing spaces, so they are not stored.
  return type.Tp === Tp.String ? text.replace(/ +$/, '') : text;
}

/** Whether a character is in a column's character set, or can be ordered by its collation. latin1_bin takes all, as TiDB's does. */
const CHARSET_TESTS: Readonly<Record<string, (char: string) => boolean>> = {
  ascii: (char) => char <= '\x7f',
  utf8: (char) => (char.codePointAt(0) ?? 0) <= 0xffff,
  gbk: inGbk,
  latin1_general_ci: (char) => latin1Byte(char) !== undefined,
  latin1_general_cs: (char) => latin1Byte(char) !== undefined,
  latin1_swedish_ci: (char) => latin1Byte(char) !== undefined,
};

function checkCharset(text: string, type: FieldType, write: ColumnWrite): string {
  const holds = CHARSET_TESTS[type.Collate] ?? CHARSET_TESTS[type.Charset];
  if (holds === undefined || /^[\0-\x7f]*$/.test(text)) return text;
  const found = [...text].find((char) => !holds(char));
  if (found === undefined) return text;
  const bytes = [...Buffer.from(found)].map((byte) => `\\x${byte.toString(16).toUpperCase()}`).join('');
  return write.refuse(
    1366,
    `Incorrect string value '${bytes}' for column '${write.name}'`,
    [...text].map((char) => (holds(char) ? char : '?')).join(''),
  );
}

/** True when the column must be told apart from its default by NOT NULL. */
export function isNotNull(type: FieldType): boolean {
  return (type.Flag & Flag.NotNull) !== 0;
}

/** The value MySQL writes where a NOT NULL column gets none outside strict mode. */
export function zeroValue(type: FieldType): Exclude<SqlValue, null> {
  switch (type.Tp) {
    case Tp.Tiny:
    case Tp.Short:
    case Tp.Int24:
    case Tp.Long:
    case Tp.LongLong:
    case Tp.Year:
      return 0n;
    case Tp.Float:
    case Tp.Double:
      return 0;
    case Tp.NewDecimal:
      return maxDecimal(0, 0).round(Math.max(type.Decimal, 0));
    case Tp.Date:
      return new DateTime('date', 0, 0, 0);
    case Tp.DateTime:
    case Tp.Timestamp:
      return new DateTime(
        type.Tp === Tp.DateTime ? 'datetime' : 'timestamp',
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        Math.max(type.Decimal, 0),
      );
    case Tp.Duration:
      return new Duration(0, Math.max(type.Decimal, 0));
    case Tp.Bit:
      return BinaryLiteral.fromBigInt(0n, Math.ceil(type.Flen / 8));
    case Tp.Enum:
      return new EnumValue(1, type.Elems?.[0] ?? '');
    case Tp.Set:
      return new SetValue(0n, '');
    case Tp.Json:
      return new JsonDocument(null);
    default:
      return isBinaryString(type) ? Buffer.alloc(type.Tp === Tp.String ? type.Flen : 0) : '';
  }
}
