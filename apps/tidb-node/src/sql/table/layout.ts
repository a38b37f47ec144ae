import {
  datumOfRaw,
  decodeRow as decodeOldRow,
  encodeRowKey,
  type Handle,
  keyDatum,
  readRowV2,
} from '@tidb-js/binlog/codec';
import { type ColumnInfo, type IndexInfo, physicalTableIds, SchemaState, type TableInfo } from '@tidb-js/ddl-jobs';
import { SqlError } from '../errors.js';
import { sortKeyBytes } from '../types/charset.js';
import { castForColumn, type WriteRules } from '../types/column-cast.js';
import { Flag } from '../types/field-type.js';
import type { TimeZone } from '../types/time-zone.js';
import { BinaryLiteral, type Row, type SqlValue } from '../types/value.js';
import { fromStored, toKeyDatum } from './column-value.js';

/** What is looked up of a table for every row, worked out once. */
export interface TableLayout {
  readonly table: TableInfo;
  /** Columns that statements see, in their order; their index is their offset. */
  readonly visible: readonly ColumnInfo[];
  /** Columns that writes fill: visible ones and those on their way in or out. */
  readonly writable: readonly ColumnInfo[];
  /** Indexes that reads may use. */
  readonly readable: readonly IndexInfo[];
  /** The integer primary key that is the handle. */
  readonly handleColumn: ColumnInfo | undefined;
  /** The columns of a clustered primary key that is no integer. */
  readonly clustered: readonly { readonly column: ColumnInfo; readonly length: number }[];
  readonly byId: ReadonlyMap<number, ColumnInfo>;
  /** What rows written before a column existed show in it, by offset. */
  readonly origins: readonly SqlValue[];
  readonly physicalId: number;
}

const layouts = new WeakMap<TableInfo, TableLayout>();

/** The layout of a table. A TableInfo never changes, so it is made once. */
export function layoutOf(table: TableInfo): TableLayout {
  const known = layouts.get(table);
  if (known !== undefined) return known;
  const primary = table.index_info.find((index) => index.is_primary);
  const layout: TableLayout = {
    table,
    visible: table.cols.filter((column) => column.state === SchemaState.Public && !column.hidden),
    writable: table.cols.filter(
      ({ state }) =>
        state === SchemaState.Public || state === SchemaState.WriteOnly || state === SchemaState.WriteReorganization,
    ),
    readable: table.index_info.filter((index) => index.state === SchemaState.Public && !index.is_invisible),
    handleColumn: table.pk_is_handle
      ? table.cols.find((column) => (column.type.Flag & Flag.PrimaryKey) !== 0)
      : undefined,
    clustered: table.is_common_handle
      ? (primary?.idx_cols ?? []).flatMap(({ offset, length }) => {
          const column = table.cols[offset];
          return column === undefined ? [] : [{ column, length }];
        })
      : [],
    byId: new Map(table.cols.map((column) => [column.id, column])),
    origins: table.cols.map(originOf),
    physicalId: physicalTableIds(table)[0] ?? table.id,
  };
  layouts.set(table, layout);
  return layout;
}

/** Rules for values that the schema holds: they were checked when it was made. */
export const LENIENT: WriteRules = { strict: false, noZeroDate: false, noZeroInDate: false, warn: () => undefined };

/** A default as the schema keeps it (text; bits as base64), as a value. Times are in UTC for a TIMESTAMP. */
export function storedDefault(column: ColumnInfo, which: 'default' | 'origin'): SqlValue {
  const bits = which === 'default' ? column.default_bit : column.origin_default_bit;
  if (typeof bits === 'string' && bits !== '') {
    return castForColumn(new BinaryLiteral(Buffer.from(bits, 'base64')), column.name.O, column.type, LENIENT, 1);
  }
  const value = which === 'default' ? column.default : column.origin_default;
  if (value === null || typeof value === 'object' || typeof value === 'boolean') return null;
  const plain = typeof value === 'number' ? (Number.isInteger(value) ? BigInt(value) : value) : value;
  return castForColumn(plain, column.name.O, column.type, LENIENT, 1);
}

function originOf(column: ColumnInfo): SqlValue {
  return /^current_timestamp/i.test(String(column.origin_default ?? '')) ? null : storedDefault(column, 'origin');
}

/** The row's values by column offset, virtual columns left NULL. */
export function decodeStoredRow(layout: TableLayout, handle: Handle, value: Buffer, zone: TimeZone): Row {
  const row: Row = [...layout.origins];
  const { handleColumn, clustered, byId } = layout;
  for (const column of layout.table.cols) {
    if (column.type.Tp === 7 && row[column.offset] !== null)
      row[column.offset] = timestampOrigin(row[column.offset] ?? null, zone);
  }
  if (handleColumn !== undefined && typeof handle === 'bigint') {
    row[handleColumn.offset] = fromStored({ kind: 'int', value: handle }, handleColumn, zone);
  } else if (typeof handle !== 'bigint') {
    for (const [index, { column, length }] of clustered.entries()) {
      const datum = handle[index];
      if (datum !== undefined && length < 0) row[column.offset] = fromStored(datum, column, zone);
    }
  }
  if (value[0] !== 0x80) return decodeFirstFormat(layout, handle, value, zone, row);
  for (const { columnId, bytes } of readRowV2(value)) {
    const column = byId.get(columnId);
    if (column !== undefined) row[column.offset] = fromStored(datumOfRaw(column.type, bytes), column, zone);
  }
  return row;
}

function timestampOrigin(value: SqlValue, zone: TimeZone): SqlValue {
  return typeof value === 'object' && value !== null && 'kind' in value ? zone.fromUtc(value) : value;
}

function decodeFirstFormat(layout: TableLayout, handle: Handle, value: Buffer, zone: TimeZone, row: Row): Row {
  const values = decodeOldRow(layout.table, value, { handle, columns: 'all' });
  for (const column of layout.table.cols) {
    const stored = values[column.name.O];
    if (stored === null || stored === undefined) row[column.offset] = null;
    else if (typeof stored === 'object' && !Buffer.isBuffer(stored))
      row[column.offset] = castForColumn(stored.toString(), column.name.O, column.type, LENIENT, 1);
    else {
      const plain = typeof stored === 'number' && Number.isInteger(stored) ? BigInt(stored) : stored;
      const isUtc = typeof plain === 'string' && column.type.Tp === 7;
      const cast = castForColumn(isUtc ? plain.replace(/Z$/, '') : plain, column.name.O, column.type, LENIENT, 1);
      row[column.offset] = isUtc ? timestampOrigin(cast, zone) : cast;
    }
  }
  return row;
}

/** The handle of a row from its primary key; undefined when the table numbers its rows itself. */
export function handleOfRow(layout: TableLayout, row: readonly SqlValue[], zone: TimeZone): Handle | undefined {
  const { handleColumn, clustered } = layout;
  if (handleColumn !== undefined) {
    const value = row[handleColumn.offset];
    if (typeof value !== 'bigint') throw new SqlError(1048, `Column '${handleColumn.name.O}' cannot be null`);
    return BigInt.asIntN(64, value);
  }
  if (clustered.length === 0) return undefined;
  return clustered.map(({ column, length }) =>
    keyDatum(column, toKeyDatum(row[column.offset] ?? null, column, zone), length, true, sortKeyBytes),
  );
}

export function rowKey(layout: TableLayout, handle: Handle): Buffer {
  return encodeRowKey(BigInt(layout.physicalId), handle);
}
