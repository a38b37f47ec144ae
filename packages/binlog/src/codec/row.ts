import { BinlogError } from '../errors.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { type ColumnInput, type ColumnValue, fromDatum, toDatum } from './column-value.js';
import type { Datum } from './datum.js';
import { defaultValue } from './default-value.js';
import { generalCiKey } from './general-ci.js';
import type { Handle } from './keys.js';
import { type Cell, readRowV1, writeRowV1 } from './row-v1.js';
import { encodeRowV2, readRowV2Datums, rowV2Version } from './row-v2.js';
import {
  type ColumnInfo,
  ColumnState,
  ColumnType,
  commonHandleColumns,
  isHandleColumn,
  isVirtualColumn,
  needsRestoredData,
  type TableInfo,
} from './table-info.js';

/** A row: values by column name, as the table spells it. See {@link ColumnValue} for what they are. */
export type Row = Record<string, ColumnValue>;

/** A row to write. A column that is left out is NULL. */
export type RowInput = Readonly<Record<string, ColumnInput>>;

/** How collations of the cluster work; it decides what a clustered primary key leaves to the row. */
export interface CollationOptions {
  /** Whether the cluster was made with `new_collations_enabled_on_first_bootstrap` (the default since 4.0). Default true. */
  readonly newCollation?: boolean;
}

export interface EncodeRowOptions extends CollationOptions {
  /** `v2` (the default) is what TiDB stores since 4.0; `v1` is what it stored before, and what binlogs hold. */
  readonly format?: 'v1' | 'v2';
}

export interface DecodeRowOptions {
  /** The row's handle, from its key: gives the columns that the row itself leaves to it. */
  readonly handle?: Handle;
  /**
   * `stored` (the default): a column missing in the row has the value that the column was added with.
   * `binlog`: a column missing in the row is NULL.
   */
  readonly missing?: 'stored' | 'binlog';
  /** `public` (the default) or `all`: whether columns that are being added or dropped are among the values. */
  readonly columns?: 'public' | 'all';
}

/**
 * A row's value in the storage, or the second half of an inserted row in a binlog: without the columns that the key holds, without
 * virtual ones, and without NULLs where a row that lacks the column shows NULL.
 *
 * @throws BinlogError `INVALID_VALUE`, naming the column, for a value that its column cannot hold, or a column that the table lacks.
 */
export function encodeRow(table: TableInfo, row: RowInput, options: EncodeRowOptions = {}): Buffer {
  const cells = storedCells(table, row, options);
  if (options.format !== 'v1') return encodeRowV2(cells);
  const writer = new ByteWriter();
  writeRowV1(writer, cells);
  return writer.finish();
}

/** The cells of {@link encodeRow}. */
export function storedCells(table: TableInfo, row: RowInput, { newCollation = true }: CollationOptions = {}): Cell[] {
  checkNames(table, row);
  const cells: Cell[] = [];
  const { inHandle, columns } = layoutOf(table);
  for (const column of columns) {
    if (column.state < ColumnState.WriteOnly || isVirtualColumn(column) || isHandleColumn(table, column)) continue;
    const keyLength = inHandle.get(column);
    if (keyLength === -1 && !(newCollation && needsRestoredData(column.type))) continue;
    const datum = toDatum(column, row[column.name.O]);
    if (datum.kind === 'null' && !showsWithout(column)) continue;
    cells.push({ columnId: Number(column.id), datum });
  }
  return cells;
}

/** Whether a row that lacks the column may show a value: its default, or the one it was added with, though its default is NULL by now. */
function showsWithout({ default: now, default_bit, origin_default, origin_default_bit }: ColumnInfo): boolean {
  return (now ?? default_bit ?? origin_default ?? origin_default_bit ?? null) !== null;
}

/**
 * Reads a row's value, of either format (the first byte tells).
 *
 * @throws BinlogError `MALFORMED`
 */
export function decodeRow(table: TableInfo, bytes: Uint8Array, options: DecodeRowOptions = {}): Row {
  const { columns, byId } = layoutOf(table);
  if (bytes[0] === rowV2Version) return rowOf(table, columns, readRowV2Datums(bytes, byId), options);
  const datums = new Map<number, Datum>();
  for (const { columnId, datum } of readRowV1(new ByteReader(bytes))) datums.set(columnId, datum);
  return rowOf(table, columns, datums, options);
}

/** Puts a row together from its datums and its handle. */
export function rowOf(
  table: TableInfo,
  columns: readonly ColumnInfo[],
  datums: ReadonlyMap<number, Datum>,
  { handle, missing = 'stored', columns: which = 'public' }: DecodeRowOptions,
): Row {
  const row: Row = {};
  for (const column of columns) {
    if (column.state !== ColumnState.Public && which === 'public') continue;
    const datum = datums.get(Number(column.id)) ?? handleDatum(table, column, handle);
    if (datum !== undefined) setColumn(row, column.name.O, fromDatum(column, datum));
    else if (!isVirtualColumn(column)) {
      setColumn(row, column.name.O, missing === 'stored' ? defaultValue(column, 'origin') : null);
    }
  }
  return row;
}

function handleDatum(table: TableInfo, column: ColumnInfo, handle: Handle | undefined): Datum | undefined {
  if (handle === undefined) return undefined;
  if (typeof handle === 'bigint') return isHandleColumn(table, column) ? { kind: 'int', value: handle } : undefined;
  return handle[[...layoutOf(table).inHandle.keys()].indexOf(column)];
}

function setColumn(row: Row, name: string, value: ColumnValue): void {
  if (name !== '__proto__') row[name] = value;
  else Object.defineProperty(row, name, { value, enumerable: true, configurable: true, writable: true });
}

interface Layout {
  readonly columns: readonly ColumnInfo[];
  readonly byId: ReadonlyMap<number, ColumnInfo>;
  readonly names: ReadonlySet<string>;
  /** The columns of a clustered primary key in its order, with the length of their prefix (-1 for all). */
  readonly inHandle: ReadonlyMap<ColumnInfo, number>;
}

const layouts = new WeakMap<TableInfo, Layout>();

/** What is looked up of a table for each row, kept as long as the TableInfo lives (which nobody changes). */
export function layoutOf(table: TableInfo): Layout {
  const known = layouts.get(table);
  if (known !== undefined) return known;
  const columns = table.cols ?? [];
  const layout: Layout = {
    columns,
    byId: new Map(columns.map((column) => [Number(column.id), column])),
    names: new Set(columns.map(({ name }) => name.O)),
    inHandle: new Map(commonHandleColumns(table).map(({ column, length }) => [column, length])),
  };
  layouts.set(table, layout);
  return layout;
}

/**
 * Looks that a row to be written names no column that the table lacks, whose value would be lost without a word.
 *
 * @throws BinlogError `INVALID_VALUE`, naming the column.
 */
export function checkNames(table: TableInfo, row: RowInput): void {
  const { names } = layoutOf(table);
  for (const name in row) {
    if (names.has(name)) continue;
    throw new BinlogError(
      'INVALID_VALUE',
      `table ${table.name.O} has no column ${name}: names are as its TableInfo spells them (${[...names].join(', ')})`,
    );
  }
}

/** How the sort key of a text is made; needed only for collations other than the binary and the general_ci ones. */
export type CollationKey = (text: string, collate: string) => Uint8Array;

/**
 * The handle of a row in a table that takes it from the primary key; undefined for a table that numbers its rows itself.
 *
 * @throws BinlogError `INVALID_VALUE` for a NULL in the key, or for a collation that `collationKey` is needed for.
 */
export function handleOf(
  table: TableInfo,
  row: RowInput,
  { newCollation = true, collationKey }: CollationOptions & { readonly collationKey?: CollationKey } = {},
): Handle | undefined {
  const { columns, inHandle } = layoutOf(table);
  const handleColumn = columns.find((column) => isHandleColumn(table, column));
  if (handleColumn !== undefined) {
    const datum = toDatum(handleColumn, row[handleColumn.name.O]);
    if (datum.kind === 'int' || datum.kind === 'uint') return BigInt.asIntN(64, datum.value);
    throw new BinlogError('INVALID_VALUE', `column ${handleColumn.name.O} is the primary key and must not be NULL`);
  }
  if (inHandle.size === 0) return undefined;
  return [...inHandle].map(([column, length]) => {
    const datum = toDatum(column, row[column.name.O]);
    if (datum.kind === 'null') {
      throw new BinlogError('INVALID_VALUE', `column ${column.name.O} is of the primary key and must not be NULL`);
    }
    return keyDatum(column, datum, length, newCollation, collationKey);
  });
}

/**
 * A column's datum as it stands in a key: cut to the index's prefix, text as its sort key, and a TIME as a duration (rows have it as
 * a number).
 *
 * @throws BinlogError `INVALID_VALUE` for a collation that `collationKey` is needed for.
 */
export function keyDatum(
  column: ColumnInfo,
  datum: Datum,
  length: number,
  newCollation: boolean,
  collationKey?: CollationKey,
): Datum {
  if (datum.kind === 'int' && column.type.Tp === ColumnType.Duration) return { kind: 'duration', value: datum.value };
  if (datum.kind !== 'bytes') return datum;
  const { Charset, Collate } = column.type;
  if (Charset === 'binary') return { kind: 'bytes', value: length < 0 ? datum.value : datum.value.subarray(0, length) };
  const whole = Buffer.from(datum.value).toString();
  const text = length < 0 ? whole : [...whole].slice(0, length).join('');
  if (!newCollation || Collate === 'utf8mb4_0900_bin') return { kind: 'bytes', value: Buffer.from(text) };
  // The binary collations pad with spaces: trailing ones do not count.
  if (Collate.endsWith('_bin')) return { kind: 'bytes', value: Buffer.from(text.replace(/ +$/, '')) };
  const sortKey = collationKey ?? (Collate.endsWith('_general_ci') ? generalCiKey : undefined);
  if (sortKey === undefined) {
    throw new BinlogError(
      'INVALID_VALUE',
      `column ${column.name.O}: give collationKey to make sort keys of ${Collate}`,
    );
  }
  return { kind: 'bytes', value: sortKey(text, Collate) };
}
