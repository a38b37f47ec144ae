import type { ColumnInfo } from './column-info.js';
import type { ForeignKeyInfo } from './foreign-key.js';
import type { IndexInfo } from './index-info.js';
import { absentList, type Json } from './json.js';
import { withKeyFlags } from './key-flags.js';
import { type Name, name } from './name.js';
import { SchemaState } from './schema-state.js';

/** One partition of a table; it has an id of its own, under which its rows are stored. */
export interface PartitionDefinition {
  readonly id: number;
  readonly name: Name;
  readonly less_than: readonly string[] | null;
  readonly in_values?: readonly (readonly string[])[] | null;
  readonly policy_ref_info?: Json;
  readonly comment?: string;
}

/** How a table is partitioned. */
export interface PartitionInfo {
  /** 1 range, 2 hash, 3 list. */
  readonly type: number;
  readonly expr: string;
  readonly columns: readonly Name[] | null;
  readonly enable: boolean;
  readonly definitions: readonly PartitionDefinition[] | null;
  readonly adding_definitions: readonly PartitionDefinition[] | null;
  readonly dropping_definitions: readonly PartitionDefinition[] | null;
  readonly states: Json;
  readonly num: number;
  readonly ddl_state?: number;
}

/** What makes a table a view. */
export interface ViewInfo {
  readonly view_algorithm: number;
  readonly view_definer: { readonly Username: string; readonly Hostname: string; readonly CurrentUser: boolean };
  readonly view_security: number;
  readonly view_select: string;
  readonly view_checkoption: number;
  readonly view_cols: readonly Name[] | null;
}

/** A table or view, with TiDB's JSON names. Members that are not listed here are kept as they are. */
export interface TableInfo {
  readonly id: number;
  readonly name: Name;
  readonly charset: string;
  readonly collate: string;
  readonly cols: readonly ColumnInfo[];
  readonly index_info: readonly IndexInfo[];
  /** Null for none. */
  readonly fk_info: readonly ForeignKeyInfo[] | null;
  readonly state: SchemaState;
  readonly pk_is_handle: boolean;
  readonly is_common_handle: boolean;
  readonly common_handle_version: number;
  readonly comment: string;
  readonly auto_inc_id: bigint;
  readonly auto_id_cache: bigint;
  readonly auto_rand_id: bigint;
  /** Highest column id ever given in this table: ids are never used twice. */
  readonly max_col_id: number;
  readonly max_idx_id: number;
  readonly max_fk_id: number;
  /** start_ts of the transaction that wrote this. */
  readonly update_timestamp: bigint;
  readonly partition: PartitionInfo | null;
  readonly view: ViewInfo | null;
  readonly version: number;
}

/** Members whose 64-bit numbers are bigints whatever their size. */
export const tableBigints = ['auto_inc_id', 'auto_id_cache', 'auto_rand_id', 'update_timestamp'] as const;

/** A table that is to be created: columns and indexes are numbered and made public; the table's id comes with the submit. */
export function newTableInfo(
  tableName: string,
  cols: readonly ColumnInfo[],
  indexes: readonly IndexInfo[] = [],
  options: Partial<TableInfo> = {},
): TableInfo {
  const offsets = new Map(cols.map((column, offset) => [column.name.L, offset]));
  return withKeyFlags({
    id: 0,
    name: name(tableName),
    charset: 'utf8mb4',
    collate: 'utf8mb4_bin',
    cols: cols.map((column, offset) => ({ ...column, id: offset + 1, offset, state: SchemaState.Public })),
    index_info:
      indexes.length === 0
        ? (absentList as readonly never[])
        : indexes.map((index, at) => ({
            ...index,
            id: at + 1,
            state: SchemaState.Public,
            // A name that no column has keeps offset 0 here; the step that creates the table refuses it with 1072.
            idx_cols: index.idx_cols.map((part) => ({ ...part, offset: offsets.get(part.name.L) ?? 0 })),
          })),
    ...{ constraint_info: null },
    fk_info: null,
    state: SchemaState.None,
    pk_is_handle: false,
    is_common_handle: false,
    common_handle_version: 0,
    comment: '',
    auto_inc_id: 0n,
    auto_id_cache: 0n,
    auto_rand_id: 0n,
    max_col_id: cols.length,
    max_idx_id: indexes.length,
    max_fk_id: 0,
    ...{ max_cst_id: 0 },
    update_timestamp: 0n,
    ...{
      ShardRowIDBits: 0,
      max_shard_row_id_bits: 0,
      auto_random_bits: 0,
      auto_random_range_bits: 0,
      pre_split_regions: 0,
    },
    partition: null,
    ...{ compression: '' },
    view: null,
    ...{ sequence: null, Lock: null },
    version: 5,
    ...{
      tiflash_replica: null,
      is_columnar: false,
      temp_table_type: 0,
      cache_table_status: 0,
      policy_ref_info: null,
      stats_options: null,
      exchange_partition_info: null,
      ttl_info: null,
    },
    ...options,
  });
}

/** The ids under which a table's rows lie: its own, or those of its partitions. */
export function physicalTableIds(table: TableInfo): readonly number[] {
  const definitions = table.partition?.enable === true ? (table.partition.definitions ?? []) : [];
  return definitions.length > 0 ? definitions.map((definition) => definition.id) : [table.id];
}
