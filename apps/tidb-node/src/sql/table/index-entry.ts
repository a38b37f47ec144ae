import {
  type Datum,
  decodeHandle,
  decodeTableKey,
  encodeHandle,
  encodeIndexKey,
  encodeRowV2,
  type Handle,
  keyDatum,
} from '@tidb-js/binlog/codec';
import type { ColumnInfo, IndexInfo, TableInfo } from '@tidb-js/ddl-jobs';
import { sortKeyBytes } from '../types/charset.js';
import { isBinaryString, isStringType, Tp } from '../types/field-type.js';
import type { TimeZone } from '../types/time-zone.js';
import type { SqlValue } from '../types/value.js';
import { toKeyDatum } from './column-value.js';

/** An index entry as the store holds it. */
export interface IndexEntry {
  readonly key: Buffer;
  readonly value: Buffer;
  /** No other row may have this key: the index is unique and no part is NULL. */
  readonly distinct: boolean;
}

/** Begins a clustered handle in the value of an index entry. */
const COMMON_HANDLE_FLAG = 127;
/** Begins the version of an index entry's value. */
const VERSION_FLAG = 125;

/** The key datum of a value in an index part: cut to its prefix, text as its sort key. */
export function indexDatum(value: SqlValue, column: ColumnInfo, length: number, zone: TimeZone): Datum {
  return keyDatum(column, toKeyDatum(value, column, zone), length, true, sortKeyBytes);
}

/** Whether the collation's sort key does not give back the text, so that the entry holds it too. */
function needsRestored(column: ColumnInfo): boolean {
  const { type } = column;
  if (!isStringType(type) || isBinaryString(type)) return false;
  return type.Tp === Tp.VarChar || type.Tp === Tp.VarString || !type.Collate.endsWith('_bin');
}

/** A value's text cut to an index part's prefix, before collation. */
function prefixDatum(value: SqlValue, column: ColumnInfo, length: number, zone: TimeZone): Datum {
  const datum = toKeyDatum(value, column, zone);
  if (datum.kind !== 'bytes' || length < 0) return datum;
  if (isBinaryString(column.type)) return { kind: 'bytes', value: datum.value.subarray(0, length) };
  const text = [...Buffer.from(datum.value).toString('utf8')].slice(0, length).join('');
  return { kind: 'bytes', value: Buffer.from(text) };
}

function trailingSpaces(datum: Datum): Datum {
  if (datum.kind !== 'bytes') return datum;
  const text = Buffer.from(datum.value).toString('utf8');
  return { kind: 'uint', value: BigInt(text.length - text.replace(/ +$/, '').length) };
}

/** The entry of a row in an index, key and value as TiDB writes them (new collations on). `row` is by column offset. */
export function indexEntry(
  tableId: number,
  table: TableInfo,
  index: IndexInfo,
  row: readonly SqlValue[],
  handle: Handle,
  zone: TimeZone,
): IndexEntry {
  const parts = index.idx_cols.map(({ offset, length }) => {
    const column = table.cols[offset];
    if (column === undefined) throw new RangeError(`index ${index.idx_name.O}: no column at offset ${offset}`);
    const value = row[offset] ?? null;
    return { column, value, length, datum: indexDatum(value, column, length, zone) };
  });
  const distinct = index.is_unique && parts.every((part) => part.value !== null);
  const datums = parts.map((part) => part.datum);
  const key = encodeIndexKey(BigInt(tableId), BigInt(index.id), datums, distinct ? undefined : handle);
  const restored = parts.some((part) => needsRestored(part.column));
  if (table.is_common_handle && table.common_handle_version === 1) {
    return { key, distinct, value: clusteredValue(table, parts, restored, row, handle, distinct, zone) };
  }
  const cells = restored
    ? parts.map(({ column, value, length }) => ({
        columnId: column.id,
        datum: prefixDatum(value, column, length, zone),
      }))
    : [];
  return { key, distinct, value: plainValue(cells, handle, distinct) };
}

type Cells = Parameters<typeof encodeRowV2>[0];

function handleBytes(handle: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt.asIntN(64, handle));
  return bytes;
}

function commonHandle(handle: readonly Datum[]): Buffer {
  const encoded = encodeHandle(handle);
  const head = Buffer.from([COMMON_HANDLE_FLAG, 0, 0]);
  head.writeUInt16BE(encoded.length, 1);
  return Buffer.concat([head, encoded]);
}

function plainValue(cells: Cells, handle: Handle, distinct: boolean): Buffer {
  if (cells.length === 0 && typeof handle === 'bigint') return distinct ? handleBytes(handle) : Buffer.from('0');
  const parts: Buffer[] = [Buffer.from([0])];
  if (typeof handle !== 'bigint' && distinct) parts.push(commonHandle(handle));
  if (cells.length > 0) parts.push(encodeRowV2(cells));
  let tail: Buffer = Buffer.alloc(0);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (typeof handle === 'bigint' && distinct) tail = handleBytes(handle);
  else if (length < 10) tail = Buffer.alloc(10 - length);
  const value = Buffer.concat([...parts, tail]);
  value[0] = tail.length;
  return value;
}

interface Part {
  readonly column: ColumnInfo;
  readonly value: SqlValue;
  readonly length: number;
}

function clusteredValue(
  table: TableInfo,
  parts: readonly Part[],
  restored: boolean,
  row: readonly SqlValue[],
  handle: Handle,
  distinct: boolean,
  zone: TimeZone,
): Buffer {
  const pieces: Buffer[] = [Buffer.from([0, VERSION_FLAG, 1])];
  if (distinct && typeof handle !== 'bigint') pieces.push(commonHandle(handle));
  const restoredOf = (column: ColumnInfo, value: SqlValue, length: number) => {
    const datum = prefixDatum(value, column, length, zone);
    return { columnId: column.id, datum: column.type.Collate.endsWith('_bin') ? trailingSpaces(datum) : datum };
  };
  const primary = table.index_info.find((each) => each.is_primary)?.idx_cols ?? [];
  const handleCells = primary.flatMap(({ offset, length }) => {
    const column = table.cols[offset];
    return column === undefined || !needsRestored(column) ? [] : [restoredOf(column, row[offset] ?? null, length)];
  });
  const ownCells = parts
    .filter(({ column }) => needsRestored(column) && !handleCells.some((cell) => cell.columnId === column.id))
    .map(({ column, value, length }) => restoredOf(column, value, length));
  if (restored || handleCells.length > 0) pieces.push(encodeRowV2([...ownCells, ...handleCells]));
  return Buffer.concat(pieces);
}

/** The handle that an index entry leads to. */
export function entryHandle(table: TableInfo, index: IndexInfo, key: Uint8Array, value: Uint8Array): Handle {
  const bytes = Buffer.from(value);
  if (!table.is_common_handle) {
    const decoded = keyTail(key, index);
    const last = decoded[0];
    if (last !== undefined && (last.kind === 'int' || last.kind === 'uint')) return BigInt.asIntN(64, last.value);
    if (bytes.length === 8 || bytes.length === 9) return bytes.readBigInt64BE(0);
    const tail = bytes[0] ?? 0;
    return bytes.readBigInt64BE(bytes.length - tail);
  }
  const decoded = keyTail(key, index);
  if (decoded.length > 0) return decoded;
  const at = bytes.indexOf(COMMON_HANDLE_FLAG, 1);
  const length = bytes.readUInt16BE(at + 1);
  return decodeHandle(bytes.subarray(at + 3, at + 3 + length));
}

function keyTail(key: Uint8Array, index: IndexInfo): readonly Datum[] {
  const decoded = decodeTableKey(key);
  const tail = decoded.kind === 'index' ? decoded.values.slice(index.idx_cols.length) : [];
  // A short handle is filled up with zeros, which read as NULL; no part of a handle is.
  return tail.filter(({ kind }) => kind !== 'null');
}
