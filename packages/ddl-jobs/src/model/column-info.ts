import type { Json } from './json.js';
import { type Name, name } from './name.js';
import { SchemaState } from './schema-state.js';

/** The type of a column, as TiDB writes it since 6.6 (before, the members had no capital letters' meaning but the same names). */
export interface FieldType {
  /** MySQL's type byte: 3 int, 8 bigint, 15 varchar, 12 datetime, 246 decimal, 252 blob … */
  readonly Tp: number;
  /** MySQL's column flags; see {@link ColumnFlag}. */
  readonly Flag: number;
  /** Display width, or length in characters; -1 for none. */
  readonly Flen: number;
  readonly Decimal: number;
  readonly Charset: string;
  readonly Collate: string;
  readonly Elems: readonly string[] | null;
  readonly ElemsIsBinaryLit?: Json;
  readonly Array?: boolean;
}

/** The column flags that a schema change reads or sets. */
export const ColumnFlag = {
  NotNull: 1,
  PrimaryKey: 2,
  UniqueKey: 4,
  MultipleKey: 8,
  Unsigned: 32,
  AutoIncrement: 512,
  NoDefaultValue: 4096,
  /** A NULL → NOT NULL change is under way: writes already refuse NULL. */
  PreventNullInsert: 1 << 22,
} as const;

/** How a column whose type changes hangs on the column it replaces. */
export interface ChangeStateInfo {
  /** Offset of the column that is replaced: a write to that one writes the changing one as well. */
  readonly relative_col_offset: number;
}

/** A column, with TiDB's JSON names. Members that are not listed here are kept as they are. */
export interface ColumnInfo {
  readonly id: number;
  readonly name: Name;
  readonly offset: number;
  /** The value that rows written before the column existed show. */
  readonly origin_default: Json;
  readonly origin_default_bit?: string | null;
  readonly default: Json;
  readonly default_bit?: string | null;
  readonly default_is_expr: boolean;
  readonly generated_expr_string: string;
  readonly generated_stored: boolean;
  /** Names of the columns a generated column is made of. */
  readonly dependences: { readonly [columnName: string]: Json } | null;
  readonly type: FieldType;
  readonly state: SchemaState;
  readonly comment: string;
  readonly hidden: boolean;
  readonly change_state_info: ChangeStateInfo | null;
  readonly version: number;
}

/** Where a column goes: last, first, or after another one. */
export type ColumnPosition = 'last' | 'first' | { readonly after: string };

/** A column that is to be created; its id and offset are given by the step that adds it. */
export function newColumnInfo(
  columnName: string,
  { Tp, ...type }: Partial<FieldType> & { readonly Tp: number },
  options: Partial<ColumnInfo> = {},
): ColumnInfo {
  return {
    id: 0,
    name: name(columnName),
    offset: 0,
    origin_default: null,
    origin_default_bit: null,
    default: null,
    default_bit: null,
    default_is_expr: false,
    generated_expr_string: '',
    generated_stored: false,
    dependences: null,
    // In the order in which TiDB writes them.
    type: {
      Tp,
      Flag: 0,
      Flen: -1,
      Decimal: -1,
      Charset: 'binary',
      Collate: 'binary',
      Elems: null,
      ElemsIsBinaryLit: null,
      Array: false,
      ...type,
    },
    state: SchemaState.None,
    comment: '',
    hidden: false,
    change_state_info: null,
    version: 2,
    ...options,
  };
}
