import { ByteReader } from '../codec/byte-reader.js';
import { ByteWriter } from '../codec/byte-writer.js';
import { toDatum } from '../codec/column-value.js';
import { type Datum, readDatum, writeValue } from '../codec/datum.js';
import type { Handle } from '../codec/keys.js';
import {
  type CollationOptions,
  checkNames,
  layoutOf,
  type Row,
  type RowInput,
  rowOf,
  storedCells,
} from '../codec/row.js';
import { type Cell, readRowV1, writeRowV1 } from '../codec/row-v1.js';
import { ColumnState, isVirtualColumn, type TableInfo } from '../codec/table-info.js';
import { BinlogError } from '../errors.js';

/** The column id under which a row's hidden handle is written. */
const hiddenHandleId = -1;

/** A row that was read from a binlog. */
export interface DecodedRow {
  readonly row: Row;
  /** What the binlog says of the row's handle; undefined where it says nothing. */
  readonly handle: Handle | undefined;
}

/** Both sides of an updated row. `before` is undefined in binlogs of TiDB before February 2017, which hold the new side only. */
export interface DecodedUpdate {
  readonly before: DecodedRow | undefined;
  readonly after: DecodedRow;
}

/** An inserted row: its handle, then its stored cells in the first row format. */
export function encodeInsertedRow(table: TableInfo, row: RowInput, handle: Handle, options?: CollationOptions): Buffer {
  const writer = new ByteWriter();
  if (typeof handle === 'bigint') writeValue(writer, { kind: 'int', value: handle });
  else for (const datum of handle) writeValue(writer, datum);
  writeRowV1(writer, storedCells(table, row, options));
  return writer.finish();
}

/** An updated row: all its cells before, then all its cells after. */
export function encodeUpdatedRow(table: TableInfo, before: RowInput, after: RowInput, handle: Handle): Buffer {
  const writer = new ByteWriter();
  for (const row of [before, after]) {
    checkNames(table, row);
    const columns = writtenColumns(table).filter((column) => !isVirtualColumn(column));
    const cells = columns.map((column) => ({
      columnId: Number(column.id),
      datum: toDatum(column, row[column.name.O]),
    }));
    writeRowV1(writer, [...cells, ...hiddenHandle(table, handle)]);
  }
  return writer.finish();
}

/** A deleted row: all its cells, those of virtual columns too where the caller knows them. */
export function encodeDeletedRow(table: TableInfo, row: RowInput, handle: Handle): Buffer {
  checkNames(table, row);
  const writer = new ByteWriter();
  const cells: Cell[] = [];
  for (const column of writtenColumns(table)) {
    const value = row[column.name.O];
    if (value === undefined && isVirtualColumn(column)) continue;
    cells.push({ columnId: Number(column.id), datum: toDatum(column, value) });
  }
  writeRowV1(writer, [...cells, ...hiddenHandle(table, handle)]);
  return writer.finish();
}

/**
 * Reads an inserted row.
 *
 * @throws BinlogError `MALFORMED`
 */
export function decodeInsertedRow(table: TableInfo, bytes: Uint8Array): DecodedRow {
  const reader = new ByteReader(bytes);
  const keyColumns = layoutOf(table).inHandle.size;
  const handle =
    keyColumns === 0 ? intHandle(readDatum(reader)) : Array.from({ length: keyColumns }, () => readDatum(reader));
  return decodedRow(table, readRowV1(reader), handle);
}

/**
 * Reads an updated row. An odd number of datums is the layout of tables with a primary key before February 2017: the handle, then
 * the new side only.
 *
 * @throws BinlogError `MALFORMED`
 */
export function decodeUpdatedRow(table: TableInfo, bytes: Uint8Array): DecodedUpdate {
  const reader = new ByteReader(bytes);
  if (countDatums(bytes) % 2 === 1) {
    const handle = intHandle(readDatum(reader));
    return { before: undefined, after: decodedRow(table, readRowV1(reader), handle) };
  }
  const before: Cell[] = [];
  const after: Cell[] = [];
  const seen = new Set<number>();
  for (const cell of readRowV1(reader)) {
    (seen.has(cell.columnId) ? after : before).push(cell);
    seen.add(cell.columnId);
  }
  return { before: decodedRow(table, before), after: decodedRow(table, after) };
}

/**
 * Reads a deleted row.
 *
 * @throws BinlogError `MALFORMED`
 */
export function decodeDeletedRow(table: TableInfo, bytes: Uint8Array): DecodedRow {
  return decodedRow(table, readRowV1(new ByteReader(bytes)));
}

/** Reads a delete of 2016 that names the row by its integer primary key. */
export function decodeDeletedId(table: TableInfo, id: bigint): DecodedRow {
  return decodedRow(table, [], id, true);
}

/**
 * Reads a delete of 2016 that names the row by its primary key's columns.
 *
 * @throws BinlogError `MALFORMED`
 */
export function decodeDeletedPk(table: TableInfo, bytes: Uint8Array): DecodedRow {
  const reader = new ByteReader(bytes);
  const primary = table.index_info?.find((index) => index.is_primary);
  const cells = (primary?.idx_cols ?? []).map(({ offset }) => ({
    columnId: Number(table.cols?.[offset]?.id ?? 0),
    datum: readDatum(reader),
  }));
  if (reader.remaining > 0 || cells.length === 0) {
    throw new BinlogError(
      'MALFORMED',
      `table ${table.name.O}: a deleted primary key does not fit the table's primary key`,
    );
  }
  return decodedRow(table, cells, undefined, true);
}

function writtenColumns(table: TableInfo) {
  return layoutOf(table).columns.filter((column) => column.state >= ColumnState.WriteOnly);
}

function hiddenHandle(table: TableInfo, handle: Handle): Cell[] {
  if (table.pk_is_handle || table.is_common_handle === true || typeof handle !== 'bigint') return [];
  return [{ columnId: hiddenHandleId, datum: { kind: 'int', value: handle } }];
}

function intHandle(datum: Datum): bigint {
  if (datum.kind === 'int' || datum.kind === 'uint') return BigInt.asIntN(64, datum.value);
  throw new BinlogError('MALFORMED', `a row begins with its handle, an integer, not with a ${datum.kind}`);
}

function decodedRow(table: TableInfo, cells: readonly Cell[], handle?: Handle, keyOnly = false): DecodedRow {
  const datums = new Map(cells.map(({ columnId, datum }) => [columnId, datum]));
  const hidden = datums.get(hiddenHandleId);
  const known = handle ?? (hidden === undefined ? undefined : intHandle(hidden));
  const columns = layoutOf(table).columns;
  const isKnown = (id: number, flag: number) => datums.has(id) || (table.pk_is_handle && (flag & 2) !== 0);
  const wanted = keyOnly ? columns.filter(({ id, type }) => isKnown(Number(id), type.Flag)) : columns;
  const row = rowOf(table, wanted, datums, { missing: 'binlog', ...(known === undefined ? {} : { handle: known }) });
  return { row, handle: known };
}

function countDatums(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes);
  let count = 0;
  for (; reader.remaining > 0; count++) readDatum(reader);
  return count;
}
