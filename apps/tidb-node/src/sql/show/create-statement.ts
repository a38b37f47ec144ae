import {
  ColumnFlag,
  type ColumnInfo,
  type DBInfo,
  type ForeignKeyInfo,
  type IndexInfo,
  type ReferenceOption,
  type TableInfo,
} from '@tidb-js/ddl-jobs';
import { storedDefault } from '../table/layout.js';
import { charsetNamed } from '../types/charset.js';
import { Flag, isStringType, Tp } from '../types/field-type.js';
import { toText } from '../types/text.js';
import { DateTime } from '../types/time.js';
import type { TimeZone } from '../types/time-zone.js';
import { BinaryLiteral } from '../types/value.js';
import { typeText } from './type-text.js';

export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\n', '\\n').replaceAll('\0', '\\0')}'`;
}

/** A column's default as SHOW COLUMNS gives it. */
export function defaultText(column: ColumnInfo, zone: TimeZone): string | null {
  const raw = column.default;
  if (typeof raw === 'string' && /^current_timestamp/i.test(raw)) return nowText('CURRENT_TIMESTAMP', column);
  if (typeof raw === 'string' && column.default_is_expr) return raw;
  const value = storedDefault(column, 'default');
  if (value === null) return null;
  // A decimal is shown as it was written.
  if (column.type.Tp === Tp.NewDecimal && typeof raw === 'string') return raw;
  if (value instanceof BinaryLiteral) return `b'${value.toBigInt().toString(2)}'`;
  return toText(column.type.Tp === Tp.Timestamp && value instanceof DateTime ? zone.fromUtc(value) : value);
}

/** The time of the statement with the digits that the column has. */
export function nowText(name: string, { type }: ColumnInfo): string {
  return type.Decimal > 0 ? `${name}(${type.Decimal})` : name;
}

/** SHOW CREATE TABLE. `nextId` is printed for a table with AUTO_INCREMENT that has given out ids. */
export function createTableText(table: TableInfo, zone: TimeZone, nextId: bigint): string {
  const columns = table.cols
    .filter((column) => column.state === 5 && !column.hidden)
    .map((column) => `  ${columnText(column, table, zone)}`);
  const handle = table.pk_is_handle
    ? table.cols.find((column) => (column.type.Flag & Flag.PrimaryKey) !== 0)
    : undefined;
  const keys =
    handle === undefined ? [] : [`  PRIMARY KEY (${quoteName(handle.name.O)}) /*T![clustered_index] CLUSTERED */`];
  for (const index of table.index_info) if (index.state === 5) keys.push(`  ${indexText(index, table)}`);
  for (const key of table.fk_info ?? []) keys.push(`  ${foreignKeyText(key)}`);
  const collate = ` COLLATE=${table.collate}`;
  const auto =
    nextId > 1n && table.cols.some((column) => (column.type.Flag & ColumnFlag.AutoIncrement) !== 0)
      ? ` AUTO_INCREMENT=${nextId}`
      : '';
  const comment = table.comment === '' ? '' : ` COMMENT=${quoteText(table.comment)}`;
  return `CREATE TABLE ${quoteName(table.name.O)} (\n${[...columns, ...keys].join(',\n')}\n) ENGINE=InnoDB DEFAULT CHARSET=${table.charset}${collate}${auto}${comment}`;
}

function columnText(column: ColumnInfo, table: TableInfo, zone: TimeZone): string {
  const { type } = column;
  let text = `${quoteName(column.name.O)} ${typeText(type)}`;
  if ((isStringType(type) || type.Elems !== null) && type.Charset !== 'binary') {
    if (type.Charset !== table.charset) text += ` CHARACTER SET ${type.Charset} COLLATE ${type.Collate}`;
    else if (type.Collate !== table.collate) text += ` COLLATE ${type.Collate}`;
    else if (type.Collate !== charsetNamed(type.Charset).defaultCollation) text += ` COLLATE ${type.Collate}`;
  }
  if (column.generated_expr_string !== '') {
    text += ` GENERATED ALWAYS AS (${column.generated_expr_string.trim()}) ${column.generated_stored ? 'STORED' : 'VIRTUAL'}`;
    if ((type.Flag & Flag.NotNull) !== 0) text += ' NOT NULL';
  } else {
    const notNull = (type.Flag & Flag.NotNull) !== 0;
    const auto = (type.Flag & ColumnFlag.AutoIncrement) !== 0;
    const value = defaultText(column, zone);
    if (notNull) text += ' NOT NULL';
    if (auto) text += ' AUTO_INCREMENT';
    // A TIMESTAMP that may be NULL says so, unless its default already does.
    if (!notNull && type.Tp === Tp.Timestamp && value === null) text += ' NULL';
    if (!auto && (type.Flag & Flag.NoDefaultValue) === 0) {
      if (value === null) {
        if (!notNull) text += ' DEFAULT NULL';
      } else if (/^current_timestamp/i.test(value)) text += ` DEFAULT ${value}`;
      else if (column.default_is_expr) text += ` DEFAULT (${value})`;
      else text += type.Tp === Tp.Bit ? ` DEFAULT ${value}` : ` DEFAULT ${quoteText(value)}`;
    }
    if ((type.Flag & Flag.OnUpdateNow) !== 0) text += ` ON UPDATE ${nowText('CURRENT_TIMESTAMP', column)}`;
  }
  return column.comment === '' ? text : `${text} COMMENT ${quoteText(column.comment)}`;
}

function indexText(index: IndexInfo, table: TableInfo): string {
  const parts = index.idx_cols
    .map((part) => quoteName(part.name.O) + (part.length < 0 ? '' : `(${part.length})`))
    .join(',');
  const comment = index.comment === '' ? '' : ` COMMENT ${quoteText(index.comment)}`;
  if (index.is_primary) {
    return `PRIMARY KEY (${parts}) /*T![clustered_index] ${table.is_common_handle ? 'CLUSTERED' : 'NONCLUSTERED'} */${comment}`;
  }
  const invisible = index.is_invisible ? ' /*!80000 INVISIBLE */' : '';
  return `${index.is_unique ? 'UNIQUE KEY' : 'KEY'} ${quoteName(index.idx_name.O)} (${parts})${invisible}${comment}`;
}

/** CASCADE and the like; empty where nothing was said. */
export function referenceOptionText(option: ReferenceOption): string {
  return ['', 'RESTRICT', 'CASCADE', 'SET NULL', 'NO ACTION', 'SET DEFAULT'][option] ?? '';
}

function foreignKeyText(key: ForeignKeyInfo): string {
  const names = (list: ForeignKeyInfo['cols']) => list.map(({ O }) => quoteName(O)).join(',');
  const [onDelete, onUpdate] = [referenceOptionText(key.on_delete), referenceOptionText(key.on_update)];
  const table = `${quoteName(key.ref_schema.O)}.${quoteName(key.ref_table.O)}`;
  let text = `CONSTRAINT ${quoteName(key.fk_name.O)} FOREIGN KEY (${names(key.cols)}) REFERENCES ${table} (${names(key.ref_cols)})`;
  if (onDelete !== '') text += ` ON DELETE ${onDelete}`;
  if (onUpdate !== '') text += ` ON UPDATE ${onUpdate}`;
  // TiDB's words for one that nobody enforces.
  return key.version > 0 ? text : `${text} /* FOREIGN KEY INVALID */`;
}

export function createDatabaseText(schema: DBInfo): string {
  const collate = schema.collate === charsetNamed(schema.charset).defaultCollation ? '' : ` COLLATE ${schema.collate}`;
  return `CREATE DATABASE ${quoteName(schema.db_name.O)} /*!40100 DEFAULT CHARACTER SET ${schema.charset}${collate} */`;
}

export function createViewText(table: TableInfo): string {
  const columns = (table.view?.view_cols ?? table.cols.map((each) => each.name))
    .map((each) => quoteName(each.O))
    .join(', ');
  return `CREATE ALGORITHM=UNDEFINED DEFINER=\`root\`@\`%\` SQL SECURITY DEFINER VIEW ${quoteName(table.name.O)} (${columns}) AS ${table.view?.view_select ?? ''}`;
}
