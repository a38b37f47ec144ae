import { DdlError } from '../errors.js';
import type { ColumnInfo, ColumnPosition } from './column-info.js';
import type { IndexInfo } from './index-info.js';
import { type Name, sameName } from './name.js';
import type { TableInfo } from './table-info.js';

/*
 * Changes of a table's columns and indexes. A table is a value: each returns a new one, in which columns stand where their offsets say and indexes
 * point at them. Columns that are not public stand behind those that are, so that a reader can cut them off.
 */

export function findColumn(table: TableInfo, columnName: Name | string): ColumnInfo | undefined {
  return table.cols.find((column) => sameName(column.name, columnName));
}

/** @throws DdlError BAD_COLUMN (1054). */
export function requireColumn(table: TableInfo, columnName: Name | string): ColumnInfo {
  const column = findColumn(table, columnName);
  if (column === undefined) {
    throw new DdlError('BAD_COLUMN', `Unknown column '${textOf(columnName)}' in '${table.name.O}'`);
  }
  return column;
}

export function findIndex(table: TableInfo, indexName: Name | string): IndexInfo | undefined {
  return table.index_info.find((index) => sameName(index.idx_name, indexName));
}

/** Puts columns into a new order: offsets follow, and the indexes that point at them. */
export function orderColumns(table: TableInfo, cols: readonly ColumnInfo[]): TableInfo {
  const ordered = cols.map((column, offset) => (column.offset === offset ? column : { ...column, offset }));
  const offsetOf = new Map(ordered.map((column) => [column.name.L, column.offset]));
  const byOld = new Map(cols.map((column, offset) => [column.offset, offset]));
  return {
    ...table,
    cols: ordered.map((column) =>
      column.change_state_info === null
        ? column
        : {
            ...column,
            change_state_info: {
              ...column.change_state_info,
              relative_col_offset:
                byOld.get(column.change_state_info.relative_col_offset) ?? column.change_state_info.relative_col_offset,
            },
          },
    ),
    index_info: table.index_info.map((index) => ({
      ...index,
      idx_cols: index.idx_cols.map((part) => ({ ...part, offset: offsetOf.get(part.name.L) ?? part.offset })),
    })),
  };
}

/** Replaces a column where it stands, by id. */
export function replaceColumn(table: TableInfo, column: ColumnInfo): TableInfo {
  return { ...table, cols: table.cols.map((each) => (each.id === column.id ? column : each)) };
}

/** Appends a column behind all others. */
export function appendColumn(table: TableInfo, column: ColumnInfo): TableInfo {
  return orderColumns(table, [...table.cols, { ...column, offset: table.cols.length }]);
}

export function removeColumn(table: TableInfo, column: ColumnInfo): TableInfo {
  return orderColumns(
    table,
    table.cols.filter((each) => each.id !== column.id),
  );
}

/** Moves a column to a position among the others. @throws DdlError BAD_COLUMN when the one it should follow is missing. */
export function moveColumn(
  table: TableInfo,
  column: ColumnInfo,
  position: ColumnPosition,
  publicCount: number,
): TableInfo {
  const others = table.cols.filter((each) => each.id !== column.id);
  const moved = table.cols.find((each) => each.id === column.id) ?? column;
  if (position === 'last') {
    return orderColumns(table, others.toSpliced(publicCount, 0, moved));
  }
  if (position === 'first') {
    return orderColumns(table, [moved, ...others]);
  }
  const after = requireColumn({ ...table, cols: others }, position.after);
  return orderColumns(table, others.toSpliced(others.indexOf(after) + 1, 0, moved));
}

/** Replaces an index, by id. */
export function replaceIndex(table: TableInfo, index: IndexInfo): TableInfo {
  return { ...table, index_info: table.index_info.map((each) => (each.id === index.id ? index : each)) };
}

export function removeIndex(table: TableInfo, index: IndexInfo): TableInfo {
  return { ...table, index_info: table.index_info.filter((each) => each.id !== index.id) };
}

function textOf(columnName: Name | string): string {
  return typeof columnName === 'string' ? columnName : columnName.O;
}
