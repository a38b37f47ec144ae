import { ColumnFlag } from './column-info.js';
import { SchemaState } from './schema-state.js';
import type { TableInfo } from './table-info.js';

/** The flags by which clients see keys (PRI, UNI, MUL), as they follow from the public indexes. */
export function withKeyFlags(table: TableInfo): TableInfo {
  const keys = ColumnFlag.PrimaryKey | ColumnFlag.UniqueKey | ColumnFlag.MultipleKey;
  const flags = new Map<string, number>();
  const add = (column: string, flag: number) => flags.set(column, (flags.get(column) ?? 0) | flag);
  for (const index of table.index_info.filter((each) => each.state === SchemaState.Public)) {
    const [first] = index.idx_cols;
    if (index.is_primary) {
      for (const part of index.idx_cols) {
        add(part.name.L, ColumnFlag.PrimaryKey | ColumnFlag.NotNull);
      }
    } else if (first !== undefined) {
      const flag = index.is_unique && index.idx_cols.length === 1 ? ColumnFlag.UniqueKey : ColumnFlag.MultipleKey;
      add(first.name.L, flag);
    }
  }
  return {
    ...table,
    cols: table.cols.map((column) => {
      const kept = table.pk_is_handle || table.is_common_handle ? column.type.Flag & ColumnFlag.PrimaryKey : 0;
      const Flag = (column.type.Flag & ~keys) | kept | (flags.get(column.name.L) ?? 0);
      return Flag === column.type.Flag ? column : { ...column, type: { ...column.type, Flag } };
    }),
  };
}
