import { BinlogError } from '../errors.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import {
  comparableFloat,
  comparableInt,
  floatOfComparable,
  intOfComparable,
  readComparableBytes,
  writeComparableBytes,
} from './comparable.js';
import { type DecimalValue, decimalBytes, readDecimal } from './decimal.js';
import { Json } from './json.js';

/**
 * A value as TiDB's codec sees it, after a column's value was flattened: dates are packed into `uint`, times into `int`
 * nanoseconds, ENUM, SET and BIT into `uint`. `duration` stands outside rows only.
 */
export type Datum =
  | { readonly kind: 'null' }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'uint'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'decimal'; readonly value: DecimalValue }
  | { readonly kind: 'duration'; readonly value: bigint }
  | { readonly kind: 'json'; readonly value: Json };

/** The datum of NULL. */
export const nullDatum: Datum = { kind: 'null' };

/** The first byte of an encoded datum. */
const flag = {
  null: 0,
  bytes: 1,
  compactBytes: 2,
  int: 3,
  uint: 4,
  float: 5,
  decimal: 6,
  duration: 7,
  varint: 8,
  uvarint: 9,
  json: 10,
  max: 250,
} as const;

/** The first byte of a signed integer in the compact form, such as a column's id. */
export const varintFlag = flag.varint;

/**
 * The comparable form: encoded datums sort, byte by byte, as the values do. Keys are made of it.
 *
 * @throws BinlogError `INVALID_VALUE` for JSON, which has no order, and for a decimal that its precision cannot hold.
 */
export function encodeKey(...datums: readonly Datum[]): Buffer {
  const writer = new ByteWriter(64);
  for (const datum of datums) writeKey(writer, datum);
  return writer.finish();
}

/**
 * The compact form, of which binlog rows are made.
 *
 * @throws BinlogError `INVALID_VALUE` for a decimal that its precision cannot hold.
 */
export function encodeValue(...datums: readonly Datum[]): Buffer {
  const writer = new ByteWriter(64);
  for (const datum of datums) writeValue(writer, datum);
  return writer.finish();
}

/** Appends the comparable form of a datum. */
export function writeKey(writer: ByteWriter, datum: Datum): void {
  switch (datum.kind) {
    case 'int':
      writer.uint8(flag.int).uint64BE(comparableInt(datum.value));
      break;
    case 'uint':
      writer.uint8(flag.uint).uint64BE(datum.value);
      break;
    case 'bytes':
      writeComparableBytes(writer.uint8(flag.bytes), datum.value);
      break;
    case 'json':
      throw new BinlogError('INVALID_VALUE', 'JSON cannot be part of a key');
    default:
      writeValue(writer, datum);
  }
}

/** Appends the compact form of a datum. */
export function writeValue(writer: ByteWriter, datum: Datum): void {
  switch (datum.kind) {
    case 'null':
      writer.uint8(flag.null);
      break;
    case 'int':
      writer.uint8(flag.varint).varint(datum.value);
      break;
    case 'uint':
      writer.uint8(flag.uvarint).uvarint(datum.value);
      break;
    case 'float':
      writer.uint8(flag.float).uint64BE(comparableFloat(datum.value));
      break;
    case 'bytes':
      writer.uint8(flag.compactBytes).size(datum.value.length).bytes(datum.value);
      break;
    case 'decimal':
      writer.uint8(flag.decimal);
      writeDecimal(writer, datum.value);
      break;
    case 'duration':
      writer.uint8(flag.duration).uint64BE(comparableInt(datum.value));
      break;
    case 'json':
      writer.uint8(flag.json).uint8(datum.value.typeCode).bytes(datum.value.data);
      break;
  }
}

/** Appends precision, digits after the point, and the digits. */
export function writeDecimal(writer: ByteWriter, value: DecimalValue): void {
  writer.uint8(value.precision).uint8(value.fraction).bytes(decimalBytes(value));
}

/** Reads what {@link writeDecimal} writes. */
export function readDecimalValue(reader: ByteReader): DecimalValue {
  const precision = reader.uint8();
  const fraction = reader.uint8();
  return { text: readDecimal(reader, precision, fraction), precision, fraction };
}

/**
 * Reads one datum of either form; the flag tells which.
 *
 * @throws BinlogError `MALFORMED`
 */
export function readDatum(reader: ByteReader): Datum {
  const first = reader.uint8();
  switch (first) {
    case flag.null:
      return nullDatum;
    case flag.varint:
      return { kind: 'int', value: reader.varint() };
    case flag.uvarint:
      return { kind: 'uint', value: reader.uvarint() };
    case flag.compactBytes:
      return { kind: 'bytes', value: reader.take(reader.length()) };
    case flag.float:
      return { kind: 'float', value: floatOfComparable(reader.uint64BE()) };
    case flag.decimal:
      return { kind: 'decimal', value: readDecimalValue(reader) };
    case flag.json:
      return { kind: 'json', value: readJson(reader) };
    case flag.int:
      return { kind: 'int', value: intOfComparable(reader.uint64BE()) };
    case flag.uint:
      return { kind: 'uint', value: reader.uint64BE() };
    case flag.bytes:
      return { kind: 'bytes', value: readComparableBytes(reader) };
    case flag.duration:
      return { kind: 'duration', value: intOfComparable(reader.uint64BE()) };
    default:
      throw new BinlogError('MALFORMED', `byte ${reader.position - 1}: ${first} is no codec flag`);
  }
}

/**
 * Reads all datums of `bytes`.
 *
 * @throws BinlogError `MALFORMED`
 */
export function decodeDatums(bytes: Uint8Array): Datum[] {
  const reader = new ByteReader(bytes);
  const datums: Datum[] = [];
  while (reader.remaining > 0) datums.push(readDatum(reader));
  return datums;
}

/** A JSON value tells its length only from within. */
function readJson(reader: ByteReader): Json {
  const typeCode = reader.uint8();
  return new Json(typeCode, reader.take(jsonSize(typeCode, reader)));
}

function jsonSize(typeCode: number, reader: ByteReader): number {
  const start = reader.position;
  try {
    switch (typeCode) {
      case 0x01:
      case 0x03:
        reader.uint32LE();
        return reader.uint32LE();
      case 0x04:
        return 1;
      case 0x0d:
        reader.uint8();
        return 1 + countedSize(reader);
      case 0x0c:
        return countedSize(reader);
      case 0x11:
        return 12;
      case 0x09:
      case 0x0a:
      case 0x0b:
      case 0x0e:
      case 0x0f:
      case 0x10:
        return 8;
      default:
        throw new BinlogError('MALFORMED', `${typeCode} is no JSON type code`);
    }
  } finally {
    reader.position = start;
  }
}

function countedSize(reader: ByteReader): number {
  const start = reader.position;
  const length = reader.uvarint();
  if (length > BigInt(reader.remaining)) {
    throw new BinlogError('MALFORMED', `a JSON string of ${length} bytes, ${reader.remaining} are left`);
  }
  return reader.position - start + Number(length);
}
