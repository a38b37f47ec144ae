import { type Name, name } from './name.js';
import { SchemaState } from './schema-state.js';

/** One column of an index. */
export interface IndexColumn {
  readonly name: Name;
  /** Offset of the column in its table. */
  readonly offset: number;
  /** Length of the prefix that is indexed, in characters; -1 for the whole value. */
  readonly length: number;
}

/** An index, with TiDB's JSON names. Members that are not listed here are kept as they are. */
export interface IndexInfo {
  readonly id: number;
  readonly idx_name: Name;
  readonly tbl_name: Name;
  readonly idx_cols: readonly IndexColumn[];
  readonly state: SchemaState;
  /** Always 0 here: the backfill writes the index itself, there is no second one to merge. */
  readonly backfill_state: number;
  readonly comment: string;
  /** 1 for a B-tree, the only kind there is. */
  readonly index_type: number;
  readonly is_unique: boolean;
  readonly is_primary: boolean;
  readonly is_invisible: boolean;
  readonly is_global: boolean;
  readonly mv_index?: boolean;
}

/** An index that is to be created; its id and the offsets of its columns are given by the step that adds it. */
export function newIndexInfo(
  indexName: string,
  columns: readonly (string | { readonly name: string; readonly length?: number })[],
  options: Partial<IndexInfo> = {},
): IndexInfo {
  return {
    id: 0,
    idx_name: name(indexName),
    tbl_name: name(''),
    idx_cols: columns.map((column) =>
      typeof column === 'string'
        ? { name: name(column), offset: 0, length: -1 }
        : { name: name(column.name), offset: 0, length: column.length ?? -1 },
    ),
    state: SchemaState.None,
    backfill_state: 0,
    comment: '',
    index_type: 1,
    is_unique: false,
    is_primary: false,
    is_invisible: false,
    is_global: false,
    mv_index: false,
    ...options,
  };
}
