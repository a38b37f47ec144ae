/** A name as written and in lower case. */
export interface CaseInsensitiveName {
  readonly O: string;
  readonly L: string;
}

/** A column's type, with the names TiDB's JSON has. */
export interface FieldTypeInfo {
  /** MySQL's type code; see {@link ColumnType}. */
  readonly Tp: number;
  /** Bits; see {@link ColumnFlag}. */
  readonly Flag: number;
  readonly Flen: number;
  /** Digits after the point; -1 for unspecified. */
  readonly Decimal: number;
  readonly Charset: string;
  readonly Collate: string;
  /** The elements of an ENUM or SET. */
  readonly Elems?: readonly string[] | null | undefined;
}

/** A column, as far as the codec looks at it. */
export interface ColumnInfo {
  readonly id: number | bigint;
  readonly name: CaseInsensitiveName;
  readonly offset: number;
  readonly type: FieldTypeInfo;
  /** 5 is public; from 2 (write-only) on a row is written with it. */
  readonly state: number;
  /** The default, null for NULL or none. */
  readonly default?: unknown;
  /** The default of a BIT column, as base64. */
  readonly default_bit?: unknown;
  /** What rows written before the column was added are taken to hold. */
  readonly origin_default?: unknown;
  readonly origin_default_bit?: unknown;
  readonly generated_expr_string?: string | undefined;
  readonly generated_stored?: boolean | undefined;
}

/** A column of an index: its place among the table's columns, and the length of a prefix (-1 for all of it). */
export interface IndexColumnInfo {
  readonly name: CaseInsensitiveName;
  readonly offset: number;
  readonly length: number;
}

/** An index, as far as the codec looks at it. */
export interface IndexInfo {
  readonly id: number | bigint;
  readonly idx_name: CaseInsensitiveName;
  readonly idx_cols: readonly IndexColumnInfo[];
  readonly is_unique: boolean;
  readonly is_primary: boolean;
  readonly state: number;
}

/**
 * A table, with the names TiDB's JSON has: what `GET /schema/db/table` answers, a DDL job's `tableInfo`, and the TableInfo of
 * `@tidb-js/ddl-jobs` all fit.
 */
export interface TableInfo {
  readonly id: number | bigint;
  readonly name: CaseInsensitiveName;
  readonly cols: readonly ColumnInfo[] | null;
  readonly index_info?: readonly IndexInfo[] | null | undefined;
  /** The primary key is one integer column, and the row's handle. */
  readonly pk_is_handle: boolean;
  /** The primary key is something else, and the row's handle all the same (a clustered index). */
  readonly is_common_handle?: boolean | undefined;
  readonly common_handle_version?: number | undefined;
}

/** MySQL's type codes. */
export const ColumnType = {
  Tiny: 1,
  Short: 2,
  Long: 3,
  Float: 4,
  Double: 5,
  Null: 6,
  Timestamp: 7,
  LongLong: 8,
  Int24: 9,
  Date: 10,
  Duration: 11,
  DateTime: 12,
  Year: 13,
  NewDate: 14,
  VarChar: 15,
  Bit: 16,
  Json: 245,
  NewDecimal: 246,
  Enum: 247,
  Set: 248,
  TinyBlob: 249,
  MediumBlob: 250,
  LongBlob: 251,
  Blob: 252,
  VarString: 253,
  String: 254,
} as const;

/** The bits of a type's flag that the codec needs. */
export const ColumnFlag = { NotNull: 1, PrimaryKey: 2, Unsigned: 32 } as const;

/** The schema states of columns that the codec tells apart. */
export const ColumnState = { WriteOnly: 2, Public: 5 } as const;

/** Whether a row holds bytes, not text, in this column. */
export function isBinaryColumn(type: FieldTypeInfo): boolean {
  return type.Charset === 'binary';
}

/** Whether numbers of this column are unsigned. */
export function isUnsignedColumn(type: FieldTypeInfo): boolean {
  return (type.Flag & ColumnFlag.Unsigned) !== 0;
}

/** Whether a column is computed when it is read, and so never stored. */
export function isVirtualColumn(column: ColumnInfo): boolean {
  return (column.generated_expr_string ?? '') !== '' && column.generated_stored !== true;
}

/** Whether a column is the integer primary key that is the row's handle. */
export function isHandleColumn(table: TableInfo, column: ColumnInfo): boolean {
  return table.pk_is_handle && (column.type.Flag & ColumnFlag.PrimaryKey) !== 0;
}

/** The columns of a clustered primary key that is no integer, in the key's order; empty for other tables. */
export function commonHandleColumns(table: TableInfo): { column: ColumnInfo; length: number }[] {
  if (table.is_common_handle !== true) return [];
  const primary = table.index_info?.find((index) => index.is_primary);
  return (primary?.idx_cols ?? []).flatMap(({ offset, length }) => {
    const column = table.cols?.[offset];
    return column === undefined ? [] : [{ column, length }];
  });
}

/**
 * Whether the encoded primary key does not give back this column's exact text, so that the row must hold it too: under the new
 * collations, for any text but fixed-length text with a binary collation (whose sort key only lacks trailing spaces it never has).
 */
export function needsRestoredData(type: FieldTypeInfo): boolean {
  const isText = isTextType(type.Tp) && !isBinaryColumn(type);
  if (!isText || type.Collate === 'utf8mb4_0900_bin') return false;
  const isVarying = type.Tp === ColumnType.VarChar || type.Tp === ColumnType.VarString;
  return isVarying || !type.Collate.endsWith('_bin');
}

/** Whether the type is one of MySQL's strings, of characters or bytes. */
export function isTextType(tp: number): boolean {
  return (
    tp === ColumnType.VarChar ||
    tp === ColumnType.VarString ||
    tp === ColumnType.String ||
    (tp >= ColumnType.TinyBlob && tp <= ColumnType.Blob)
  );
}
