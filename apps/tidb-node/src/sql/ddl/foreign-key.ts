import { type ColumnInfo, type ForeignKeyInfo, name, ReferenceOption } from '@tidb-js/ddl-jobs';
import { SqlError } from '../errors.js';
import type { Constraint } from '../parse/ddl-ast.js';
import type { ColumnContext } from './column-definition.js';

type ForeignKey = Extract<Constraint, { kind: 'foreign' }>;

const OPTIONS: Readonly<Record<string, ReferenceOption>> = {
  RESTRICT: ReferenceOption.Restrict,
  CASCADE: ReferenceOption.Cascade,
  'SET NULL': ReferenceOption.SetNull,
  'NO ACTION': ReferenceOption.NoAction,
  'SET DEFAULT': ReferenceOption.SetDefault,
};

/**
 * A foreign key as the table keeps it: shown, and enforced by nobody, as in a TiDB whose tidb_enable_foreign_key is off. `id` names one without a
 * name. Errors 1072 and 1239 for one that could be none.
 */
export function buildForeignKey(
  key: ForeignKey,
  columns: readonly ColumnInfo[],
  id: number,
  database: string,
  context: Pick<ColumnContext, 'warn'>,
): Omit<ForeignKeyInfo, 'id' | 'state'> {
  const cols = key.columns.map((written) => {
    const column = columns.find((each) => each.name.L === written.toLowerCase());
    if (column === undefined) throw new SqlError(1072, `Key column '${written}' doesn't exist in table`);
    return column.name;
  });
  const { table, columns: references, onDelete, onUpdate } = key.reference;
  if (cols.length !== references.length) {
    throw new SqlError(
      1239,
      `Incorrect foreign key definition for '${key.name ?? 'fk_1'}': Key reference and table reference don't match`,
    );
  }
  context.warn(1105, 'FOREIGN KEY constraints are parsed but not enforced');
  return {
    fk_name: name(key.name ?? `fk_${id}`),
    ref_schema: name(table.db ?? database),
    ref_table: name(table.name),
    ref_cols: references.map(name),
    cols,
    on_delete: OPTIONS[onDelete] ?? ReferenceOption.None,
    on_update: OPTIONS[onUpdate] ?? ReferenceOption.None,
    version: 0,
  };
}
