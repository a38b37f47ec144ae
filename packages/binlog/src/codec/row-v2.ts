import { BinlogError } from '../errors.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { comparableFloat, floatOfComparable } from './comparable.js';
import { type Datum, nullDatum, readDecimalValue, writeDecimal } from './datum.js';
import { Json } from './json.js';
import type { Cell } from './row-v1.js';
import { ColumnType, type FieldTypeInfo, isTextType, isUnsignedColumn } from './table-info.js';

/** The first byte of a row in the second format, which no codec flag shares. */
export const rowV2Version = 0x80;

const largeFlag = 1;
const checksumFlag = 2;

/**
 * A row in the second format (TiDB 4.0 and later, in the storage only): the columns' ids in ascending order, then their values'
 * ends, then the values.
 */
export function encodeRowV2(cells: readonly Cell[]): Buffer {
  const sorted = [...cells].sort((a, b) => a.columnId - b.columnId);
  const present = sorted.filter(({ datum }) => datum.kind !== 'null');
  const absent = sorted.filter(({ datum }) => datum.kind === 'null');
  const data = new ByteWriter();
  const ends: number[] = [];
  for (const { datum } of present) {
    writeDatum(data, datum);
    ends.push(data.length);
  }
  const large = data.length > 0xffff || sorted.some(({ columnId }) => columnId > 0xff);
  const writer = new ByteWriter(data.length + 64);
  writer.uint8(rowV2Version).uint8(large ? largeFlag : 0);
  writer.uint16LE(present.length).uint16LE(absent.length);
  for (const { columnId } of [...present, ...absent]) {
    if (large) writer.uint32LE(columnId);
    else writer.uint8(columnId);
  }
  for (const end of ends) {
    if (large) writer.uint32LE(end);
    else writer.uint16LE(end);
  }
  return writer.bytes(data.finish()).finish();
}

function writeDatum(writer: ByteWriter, datum: Datum): void {
  switch (datum.kind) {
    case 'int':
    case 'duration':
      writeInteger(writer, datum.value, (bits) => BigInt.asIntN(bits, datum.value) === datum.value);
      break;
    case 'uint':
      writeInteger(writer, datum.value, (bits) => BigInt.asUintN(bits, datum.value) === datum.value);
      break;
    case 'bytes':
      writer.bytes(datum.value);
      break;
    case 'float':
      writer.uint64BE(comparableFloat(datum.value));
      break;
    case 'decimal':
      writeDecimal(writer, datum.value);
      break;
    case 'json':
      writer.uint8(datum.value.typeCode).bytes(datum.value.data);
      break;
  }
}

function writeInteger(writer: ByteWriter, value: bigint, fits: (bits: number) => boolean): void {
  if (fits(8)) writer.uint8(Number(BigInt.asUintN(8, value)));
  else if (fits(16)) writer.uint16LE(Number(BigInt.asUintN(16, value)));
  else if (fits(32)) writer.uint32LE(Number(BigInt.asUintN(32, value)));
  else writer.uint64LE(BigInt.asUintN(64, value));
}

/** A column of a second-format row: its bytes, or undefined for NULL. What they mean, the column's type says. */
export interface RawCell {
  readonly columnId: number;
  readonly bytes: Buffer | undefined;
}

/**
 * Takes a row of the second format apart. A checksum at its end (TiDB 7.1 and later) is left alone.
 *
 * @throws BinlogError `MALFORMED`
 */
export function readRowV2(bytes: Uint8Array): RawCell[] {
  const reader = new ByteReader(bytes);
  const version = reader.uint8();
  if (version !== rowV2Version)
    throw new BinlogError('MALFORMED', `a row of the second format begins with 80, not ${version.toString(16)}`);
  const flags = reader.uint8();
  if ((flags & ~(largeFlag | checksumFlag)) !== 0) throw new BinlogError('MALFORMED', `unknown row flags ${flags}`);
  const large = (flags & largeFlag) !== 0;
  const present = reader.uint16LE();
  const absent = reader.uint16LE();
  const ids = Array.from({ length: present + absent }, () => (large ? reader.uint32LE() : reader.uint8()));
  const ends = Array.from({ length: present }, () => (large ? reader.uint32LE() : reader.uint16LE()));
  const data = reader.take(reader.remaining);
  return ids.map((columnId, index) => {
    if (index >= present) return { columnId, bytes: undefined };
    const start = ends[index - 1] ?? 0;
    const end = ends[index] ?? 0;
    if (start > end || end > data.length) {
      throw new BinlogError(
        'MALFORMED',
        `column ${columnId} lies from ${start} to ${end} in ${data.length} bytes of values`,
      );
    }
    return { columnId, bytes: data.subarray(start, end) };
  });
}

/**
 * The datum that a second-format value is, for a column of this type.
 *
 * @throws BinlogError `MALFORMED`
 */
export function datumOfRaw(type: FieldTypeInfo, bytes: Buffer | undefined): Datum {
  if (bytes === undefined) return nullDatum;
  if (isTextType(type.Tp)) return { kind: 'bytes', value: bytes };
  switch (type.Tp) {
    case ColumnType.Float:
    case ColumnType.Double:
      return { kind: 'float', value: floatOfComparable(new ByteReader(bytes).uint64BE()) };
    case ColumnType.NewDecimal:
      return { kind: 'decimal', value: readDecimalValue(new ByteReader(bytes)) };
    case ColumnType.Json:
      return { kind: 'json', value: new Json(new ByteReader(bytes).uint8(), bytes.subarray(1)) };
    case ColumnType.Duration:
    case ColumnType.Year:
      return { kind: 'int', value: BigInt.asIntN(bytes.length * 8, readInteger(bytes)) };
    case ColumnType.Tiny:
    case ColumnType.Short:
    case ColumnType.Int24:
    case ColumnType.Long:
    case ColumnType.LongLong:
      if (!isUnsignedColumn(type)) return { kind: 'int', value: BigInt.asIntN(bytes.length * 8, readInteger(bytes)) };
      return { kind: 'uint', value: readInteger(bytes) };
    default:
      return { kind: 'uint', value: readInteger(bytes) };
  }
}

function readInteger(bytes: Buffer): bigint {
  switch (bytes.length) {
    case 1:
    case 2:
    case 4:
      return BigInt(bytes.readUIntLE(0, bytes.length));
    case 8:
      return bytes.readBigUInt64LE();
    default:
      throw new BinlogError('MALFORMED', `an integer of ${bytes.length} bytes: 1, 2, 4 or 8 are possible`);
  }
}
