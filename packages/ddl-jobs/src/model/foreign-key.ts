import type { ColumnInfo } from './column-info.js';
import type { Name } from './name.js';
import type { SchemaState } from './schema-state.js';
import type { TableInfo } from './table-info.js';

/** What follows a change of the row that a foreign key refers to, as TiDB numbers it. */
export const ReferenceOption = {
  None: 0,
  Restrict: 1,
  Cascade: 2,
  SetNull: 3,
  NoAction: 4,
  SetDefault: 5,
} as const;
export type ReferenceOption = (typeof ReferenceOption)[keyof typeof ReferenceOption];

/** A foreign key of a table. */
export interface ForeignKeyInfo {
  readonly id: number;
  readonly fk_name: Name;
  readonly ref_schema: Name;
  readonly ref_table: Name;
  readonly ref_cols: readonly Name[];
  readonly cols: readonly Name[];
  readonly on_delete: ReferenceOption;
  readonly on_update: ReferenceOption;
  readonly state: SchemaState;
  /** 0: kept, and enforced by nobody, as before TiDB v6.6; 1: enforced. */
  readonly version: number;
}

/** The foreign key with this name, whatever its letters' case. */
export function findForeignKey(table: TableInfo, keyName: string): ForeignKeyInfo | undefined {
  return table.fk_info?.find((key) => key.fk_name.L === keyName.toLowerCase());
}

/** A table's foreign keys after one of its columns has got another name. */
export function renameInForeignKeys(table: TableInfo, column: ColumnInfo, to: Name): TableInfo {
  if (table.fk_info === null) return table;
  const rename = (each: Name) => (each.L === column.name.L ? to : each);
  return { ...table, fk_info: table.fk_info.map((key) => ({ ...key, cols: key.cols.map(rename) })) };
}
