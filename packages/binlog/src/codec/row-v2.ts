import { BinlogError } from '../errors.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { comparableFloat, floatOfComparable } from './comparable.js';
import { type Datum, nullDatum, readDecimalValue, writeDecimal } from './datum.js';
import { Json } from './json.js';
import type { Cell } from './row-v1.js';
import { type ColumnInfo, ColumnType, type FieldTypeInfo, isTextType, isUnsignedColumn } from './table-info.js';

/** The first byte of a row in the second format, which no codec flag shares. */
export const rowV2Version = 0x80;

const largeFlag = 1;
const checksumFlag = 2;

/**
 * A row in the second format (TiDB 4.0 and later, in the storage only): the columns' ids in ascending order, then their values'
 * ends, then the values.
 */
export function encodeRowV2(cells: readonly Cell[]): Buffer {
  const sorted = isAscending(cells) ? cells : [...cells].sort((a, b) => a.columnId - b.columnId);
  const present = sorted.filter(({ datum }) => datum.kind !== 'null');
  const absent = sorted.filter(({ datum }) => datum.kind === 'null');
  if (!sorted.some(({ columnId }) => columnId > 0xff)) {
    const writer = new ByteWriter();
    // How long the values are shows only when they are written, and few rows are that long.
    if (writeCells(writer, present, absent, false) <= 0xffff) return writer.finish();
  }
  const writer = new ByteWriter();
  writeCells(writer, present, absent, true);
  return writer.finish();
}

function isAscending(cells: readonly Cell[]): boolean {
  let last = -1;
  for (const { columnId } of cells) {
    if (columnId < last) return false;
    last = columnId;
  }
  return true;
}

/** Writes the row and returns the length of its values, which a row that is not large must not have above 65535. */
function writeCells(writer: ByteWriter, present: readonly Cell[], absent: readonly Cell[], large: boolean): number {
  writer.uint8(rowV2Version).uint8(large ? largeFlag : 0);
  writer.uint16LE(present.length).uint16LE(absent.length);
  for (const { columnId } of present) large ? writer.uint32LE(columnId) : writer.uint8(columnId);
  for (const { columnId } of absent) large ? writer.uint32LE(columnId) : writer.uint8(columnId);
  let endAt = writer.length;
  const start = endAt + present.length * (large ? 4 : 2);
  writer.skip(start - endAt);
  for (const { datum } of present) {
    writeDatum(writer, datum);
    const end = writer.length - start;
    if (large) {
      writer.patchUint32LE(end, endAt);
      endAt += 4;
    } else {
      writer.patchUint8(end & 0xff, endAt);
      writer.patchUint8((end >>> 8) & 0xff, endAt + 1);
      endAt += 2;
    }
  }
  return writer.length - start;
}

function writeDatum(writer: ByteWriter, datum: Datum): void {
  switch (datum.kind) {
    case 'int':
    case 'duration':
      writeInteger(writer, datum.value, true);
      break;
    case 'uint':
      writeInteger(writer, datum.value, false);
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

/** In the fewest of 1, 2, 4 and 8 bytes. */
function writeInteger(writer: ByteWriter, value: bigint, signed: boolean): void {
  // Beyond 2^53 the plain number is not exact, but it is beyond 32 bits all the same.
  const number = Number(value);
  // A signed number needs a bit for its sign.
  const magnitude = signed ? (number < 0 ? -1 - number : number) * 2 : number;
  if (magnitude <= 0xff) writer.uint8(number & 0xff);
  else if (magnitude <= 0xffff) writer.uint16LE(number & 0xffff);
  else if (magnitude <= 0xffff_ffff) writer.uint32LE(number >>> 0);
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
  const row = asBuffer(bytes);
  const cells: RawCell[] = [];
  forEachCell(row, (columnId, start, end) => {
    cells.push({ columnId, bytes: start < 0 ? undefined : row.subarray(start, end) });
  });
  return cells;
}

/**
 * The datums of a second-format row by column id, of those columns that are in `columns`.
 *
 * @throws BinlogError `MALFORMED`
 */
export function readRowV2Datums(bytes: Uint8Array, columns: ReadonlyMap<number, ColumnInfo>): Map<number, Datum> {
  const row = asBuffer(bytes);
  const datums = new Map<number, Datum>();
  forEachCell(row, (columnId, start, end) => {
    const column = columns.get(columnId);
    if (column !== undefined) datums.set(columnId, start < 0 ? nullDatum : datumAt(column.type, row, start, end));
  });
  return datums;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Visits each cell with the bounds of its bytes in the row; both are -1 for NULL. */
function forEachCell(row: Buffer, visit: (columnId: number, start: number, end: number) => void): void {
  const reader = new ByteReader(row);
  const version = reader.uint8();
  if (version !== rowV2Version)
    throw new BinlogError('MALFORMED', `a row of the second format begins with 80, not ${version.toString(16)}`);
  const flags = reader.uint8();
  if ((flags & ~(largeFlag | checksumFlag)) !== 0) throw new BinlogError('MALFORMED', `unknown row flags ${flags}`);
  const large = (flags & largeFlag) !== 0;
  const present = reader.uint16LE();
  const absent = reader.uint16LE();
  const idsAt = reader.position;
  const endsAt = idsAt + (present + absent) * (large ? 4 : 1);
  const dataAt = endsAt + present * (large ? 4 : 2);
  const dataLength = row.length - dataAt;
  if (dataLength < 0) throw new BinlogError('MALFORMED', `a row of ${row.length} bytes ends before its values begin`);
  let start = 0;
  for (let index = 0; index < present + absent; index++) {
    const columnId = large ? row.readUInt32LE(idsAt + index * 4) : row.readUInt8(idsAt + index);
    if (index >= present) {
      visit(columnId, -1, -1);
      continue;
    }
    const end = large ? row.readUInt32LE(endsAt + index * 4) : row.readUInt16LE(endsAt + index * 2);
    if (start > end || end > dataLength) {
      throw new BinlogError(
        'MALFORMED',
        `column ${columnId} lies from ${start} to ${end} in ${dataLength} bytes of values`,
      );
    }
    visit(columnId, dataAt + start, dataAt + end);
    start = end;
  }
}

/**
 * The datum that a second-format value is, for a column of this type.
 *
 * @throws BinlogError `MALFORMED`
 */
export function datumOfRaw(type: FieldTypeInfo, bytes: Buffer | undefined): Datum {
  return bytes === undefined ? nullDatum : datumAt(type, bytes, 0, bytes.length);
}

function datumAt(type: FieldTypeInfo, row: Buffer, start: number, end: number): Datum {
  if (isTextType(type.Tp)) return { kind: 'bytes', value: row.subarray(start, end) };
  switch (type.Tp) {
    case ColumnType.Float:
    case ColumnType.Double:
      return { kind: 'float', value: floatOfComparable(new ByteReader(row.subarray(start, end)).uint64BE()) };
    case ColumnType.NewDecimal:
      return { kind: 'decimal', value: readDecimalValue(new ByteReader(row.subarray(start, end))) };
    case ColumnType.Json: {
      const typeCode = new ByteReader(row.subarray(start, end)).uint8();
      return { kind: 'json', value: new Json(typeCode, row.subarray(start + 1, end)) };
    }
    case ColumnType.Duration:
    case ColumnType.Year:
      return { kind: 'int', value: readInteger(row, start, end) };
    case ColumnType.Tiny:
    case ColumnType.Short:
    case ColumnType.Int24:
    case ColumnType.Long:
    case ColumnType.LongLong:
      if (!isUnsignedColumn(type)) return { kind: 'int', value: readInteger(row, start, end) };
      return { kind: 'uint', value: readUnsigned(row, start, end) };
    default:
      return { kind: 'uint', value: readUnsigned(row, start, end) };
  }
}

function readInteger(row: Buffer, start: number, end: number): bigint {
  const length = integerLength(end - start);
  return length === 8 ? row.readBigInt64LE(start) : BigInt(row.readIntLE(start, length));
}

function readUnsigned(row: Buffer, start: number, end: number): bigint {
  const length = integerLength(end - start);
  return length === 8 ? row.readBigUInt64LE(start) : BigInt(row.readUIntLE(start, length));
}

function integerLength(length: number): number {
  if (length === 1 || length === 2 || length === 4 || length === 8) return length;
  throw new BinlogError('MALFORMED', `an integer of ${length} bytes: 1, 2, 4 or 8 are possible`);
}
