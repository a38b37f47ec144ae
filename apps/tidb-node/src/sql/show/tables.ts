import { ColumnFlag, type ColumnInfo, type IndexInfo, type TableInfo } from '@tidb-js/ddl-jobs';
import type { AutoIds } from '../../domain/types.js';
import { Flag, isStringType } from '../types/field-type.js';
import type { TimeZone } from '../types/time-zone.js';
import type { SqlValue } from '../types/value.js';
import { defaultText, nowText } from './create-statement.js';
import { typeText } from './type-text.js';

export const PRIVILEGES = 'select,insert,update,references';

/** The next AUTO_INCREMENT of a table that has one. */
export function autoIncrementOf(table: TableInfo, ids: Pick<AutoIds, 'nextHere'>): bigint | null {
  return table.cols.some((column) => (column.type.Flag & ColumnFlag.AutoIncrement) !== 0) ? ids.nextHere(table) : null;
}

/** The columns that statements see. */
export function shownColumns(table: TableInfo): readonly ColumnInfo[] {
  return table.cols.filter((column) => column.state === 5 && !column.hidden);
}

/** PRI, UNI, MUL or nothing. */
export function keyText({ type }: ColumnInfo): string {
  if ((type.Flag & Flag.PrimaryKey) !== 0) return 'PRI';
  if ((type.Flag & Flag.UniqueKey) !== 0) return 'UNI';
  return (type.Flag & Flag.MultipleKey) !== 0 ? 'MUL' : '';
}

export function extraText(column: ColumnInfo): string {
  const { type } = column;
  if ((type.Flag & ColumnFlag.AutoIncrement) !== 0) return 'auto_increment';
  if (column.generated_expr_string !== '') return column.generated_stored ? 'STORED GENERATED' : 'VIRTUAL GENERATED';
  if ((type.Flag & Flag.OnUpdateNow) !== 0)
    return `DEFAULT_GENERATED on update ${nowText('CURRENT_TIMESTAMP', column)}`;
  return column.default_is_expr ? 'DEFAULT_GENERATED' : '';
}

export function nullText({ type }: ColumnInfo): string {
  return (type.Flag & Flag.NotNull) !== 0 ? 'NO' : 'YES';
}

/** The collation that a column shows; null for what is no text. */
export function collationText({ type }: ColumnInfo): string | null {
  return (isStringType(type) || type.Elems !== null) && type.Charset !== 'binary' ? type.Collate : null;
}

/** A row of SHOW [FULL] COLUMNS. */
export function columnRow(column: ColumnInfo, full: boolean, zone: TimeZone): SqlValue[] {
  const before: SqlValue[] = [column.name.O, typeText(column.type)];
  const middle: SqlValue[] = [nullText(column), keyText(column), defaultText(column, zone), extraText(column)];
  return full ? [...before, collationText(column), ...middle, PRIVILEGES, column.comment] : [...before, ...middle];
}

/** The indexes of a table that statements see; an integer primary key that is the handle is one of them. */
export function shownIndexes(table: TableInfo): readonly (Pick<
  IndexInfo,
  'idx_name' | 'idx_cols' | 'is_unique' | 'is_primary' | 'is_invisible' | 'comment'
> & {
  readonly clustered: boolean;
})[] {
  const handle = table.pk_is_handle
    ? table.cols.find((column) => (column.type.Flag & Flag.PrimaryKey) !== 0)
    : undefined;
  const own = table.index_info
    .filter((index) => index.state === 5)
    .map((index) => ({ ...index, clustered: index.is_primary && table.is_common_handle }));
  if (handle === undefined) return own;
  const primary = {
    idx_name: { O: 'PRIMARY', L: 'primary' },
    idx_cols: [{ name: handle.name, offset: handle.offset, length: -1 }],
    is_unique: true,
    is_primary: true,
    is_invisible: false,
    comment: '',
    clustered: true,
  };
  return [primary, ...own];
}

/** The rows of SHOW INDEX. */
export function indexRows(table: TableInfo): SqlValue[][] {
  return shownIndexes(table).flatMap((index) =>
    index.idx_cols.map((part, at): SqlValue[] => {
      const column = table.cols[part.offset];
      const nullable = column !== undefined && (column.type.Flag & Flag.NotNull) === 0;
      return [
        table.name.O,
        index.is_unique ? 0n : 1n,
        index.idx_name.O,
        BigInt(at + 1),
        part.name.O,
        'A',
        0n,
        part.length < 0 ? null : BigInt(part.length),
        null,
        nullable ? 'YES' : '',
        'BTREE',
        '',
        index.comment,
        index.is_invisible ? 'NO' : 'YES',
        null,
        index.clustered ? 'YES' : 'NO',
      ];
    }),
  );
}
