import { newColumnInfo, newTableInfo, type TableInfo } from '@tidb-js/ddl-jobs';
import type { VirtualTable } from '../plan/virtual-table.js';
import { defaultText } from '../show/create-statement.js';
import {
  autoIncrementOf,
  collationText,
  extraText,
  indexRows,
  keyText,
  nullText,
  PRIVILEGES,
  shownColumns,
} from '../show/tables.js';
import { typeName, typeText } from '../show/type-text.js';
import { CHARSETS, COLLATIONS, maxBytesPerChar } from '../types/charset.js';
import { BLOB_BYTES } from '../types/column-cast.js';
import { Flag, isBlobType, isIntegerType, isStringType, Tp } from '../types/field-type.js';
import { DateTime } from '../types/time.js';
import { type TimeZone, UTC } from '../types/time-zone.js';
import type { SqlValue } from '../types/value.js';
import { blob, compareText, datetime, int, text, type VirtualContext, virtualTable } from './definition.js';
import { type Entry, entries } from './entries.js';

/** A virtual table and where it is. */
interface Virtual {
  readonly database: string;
  readonly table: VirtualTable;
}

/**
 * Databases, tables, columns, indexes and what else follows from the schema, the session and the server.
 *
 * @param own all virtual tables, these among them.
 */
export function schemaTables(x: VirtualContext, own: () => readonly Virtual[]): VirtualTable[] {
  return [
    virtualTable(
      'SCHEMATA',
      [
        ['CATALOG_NAME', text(512)],
        ['SCHEMA_NAME', text(64)],
        ['DEFAULT_CHARACTER_SET_NAME', text(64)],
        ['DEFAULT_COLLATION_NAME', text(32)],
        ['SQL_PATH', text(512)],
        ['TIDB_PLACEMENT_POLICY_NAME', text(64)],
      ],
      () => {
        const own = [...x.infoSchema().schemas.values()].map(
          ({ info }) => [info.db_name.O, info.charset, info.collate] as const,
        );
        const virtual = ['INFORMATION_SCHEMA', 'METRICS_SCHEMA', 'PERFORMANCE_SCHEMA'].map(
          (name) => [name, 'utf8mb4', 'utf8mb4_bin'] as const,
        );
        return [...virtual, ...own]
          .sort((a, b) => compareText(a[0].toLowerCase(), b[0].toLowerCase()))
          .map(([name, charset, collate]) => ['def', name, charset, collate, null, null]);
      },
    ),
    virtualTable(
      'TABLES',
      [
        ['TABLE_CATALOG', text(512)],
        ['TABLE_SCHEMA', text(64)],
        ['TABLE_NAME', text(64)],
        ['TABLE_TYPE', text(64)],
        ['ENGINE', text(64)],
        ['VERSION', int(21)],
        ['ROW_FORMAT', text(10)],
        ['TABLE_ROWS', int(21)],
        ['AVG_ROW_LENGTH', int(21)],
        ['DATA_LENGTH', int(21)],
        ['MAX_DATA_LENGTH', int(21)],
        ['INDEX_LENGTH', int(21)],
        ['DATA_FREE', int(21)],
        ['AUTO_INCREMENT', int(21)],
        ['CREATE_TIME', datetime],
        ['UPDATE_TIME', datetime],
        ['CHECK_TIME', datetime],
        ['TABLE_COLLATION', text(32)],
        ['CHECKSUM', int(21)],
        ['CREATE_OPTIONS', text(255)],
        ['TABLE_COMMENT', text(2048)],
        ['TIDB_TABLE_ID', int(21)],
        ['TIDB_ROW_ID_SHARDING_INFO', text(255)],
        ['TIDB_PK_TYPE', text(64)],
        ['TIDB_PLACEMENT_POLICY_NAME', text(64)],
      ],
      () => [
        ...own().map(virtualRow),
        ...entries(x.infoSchema()).map((entry) =>
          tableRow(entry, autoIncrementOf(entry.table, x.services.domain.autoIds)),
        ),
      ],
    ),
    virtualTable(
      'COLUMNS',
      [
        ['TABLE_CATALOG', text(512)],
        ['TABLE_SCHEMA', text(64)],
        ['TABLE_NAME', text(64)],
        ['COLUMN_NAME', text(64)],
        ['ORDINAL_POSITION', int(64)],
        ['COLUMN_DEFAULT', blob(196_606)],
        ['IS_NULLABLE', text(3)],
        ['DATA_TYPE', text(64)],
        ['CHARACTER_MAXIMUM_LENGTH', int(21)],
        ['CHARACTER_OCTET_LENGTH', int(21)],
        ['NUMERIC_PRECISION', int(21)],
        ['NUMERIC_SCALE', int(21)],
        ['DATETIME_PRECISION', int(21)],
        ['CHARACTER_SET_NAME', text(32)],
        ['COLLATION_NAME', text(32)],
        ['COLUMN_TYPE', blob(196_606)],
        ['COLUMN_KEY', text(3)],
        ['EXTRA', text(30)],
        ['PRIVILEGES', text(80)],
        ['COLUMN_COMMENT', text(1024)],
        ['GENERATION_EXPRESSION', blob(589_779, Flag.NotNull)],
      ],
      () => [
        ...own().flatMap(virtualColumnRows),
        ...entries(x.infoSchema()).flatMap(({ schema, table }) => columnRows(schema.db_name.O, table, x.zone())),
      ],
    ),
    virtualTable(
      'STATISTICS',
      [
        ['TABLE_CATALOG', text(512)],
        ['TABLE_SCHEMA', text(64)],
        ['TABLE_NAME', text(64)],
        ['NON_UNIQUE', text(1)],
        ['INDEX_SCHEMA', text(64)],
        ['INDEX_NAME', text(64)],
        ['SEQ_IN_INDEX', int(2)],
        ['COLUMN_NAME', text(21)],
        ['COLLATION', text(1)],
        ['CARDINALITY', int(21)],
        ['SUB_PART', int(3)],
        ['PACKED', text(10)],
        ['NULLABLE', text(3)],
        ['INDEX_TYPE', text(16)],
        ['COMMENT', text(16)],
        ['INDEX_COMMENT', text(1024)],
        ['IS_VISIBLE', text(3)],
        ['Expression', text(64)],
      ],
      () => entries(x.infoSchema()).flatMap(statisticsRows),
    ),
    virtualTable(
      'TIDB_INDEXES',
      [
        ['TABLE_SCHEMA', text(64)],
        ['TABLE_NAME', text(64)],
        ['NON_UNIQUE', int(21)],
        ['KEY_NAME', text(64)],
        ['SEQ_IN_INDEX', int(21)],
        ['COLUMN_NAME', text(64)],
        ['SUB_PART', int(21)],
        ['INDEX_COMMENT', text(1024)],
        ['Expression', text(64)],
        ['INDEX_ID', int(21)],
        ['IS_VISIBLE', text(64)],
        ['CLUSTERED', text(64)],
      ],
      () => entries(x.infoSchema()).flatMap(tidbIndexRows),
    ),
    virtualTable(
      'VIEWS',
      [
        ['TABLE_CATALOG', text(512, 1)],
        ['TABLE_SCHEMA', text(64, 1)],
        ['TABLE_NAME', text(64, 1)],
        ['VIEW_DEFINITION', blob(196_606, 1)],
        ['CHECK_OPTION', text(8, 1)],
        ['IS_UPDATABLE', text(3, 1)],
        ['DEFINER', text(77, 1)],
        ['SECURITY_TYPE', text(7, 1)],
        ['CHARACTER_SET_CLIENT', text(32, 1)],
        ['COLLATION_CONNECTION', text(32, 1)],
      ],
      () =>
        entries(x.infoSchema()).flatMap(({ schema, table }): SqlValue[][] =>
          table.view === null
            ? []
            : [
                [
                  'def',
                  schema.db_name.O,
                  table.name.O,
                  table.view.view_select,
                  'CASCADED',
                  'NO',
                  'root@%',
                  'DEFINER',
                  'utf8mb4',
                  'utf8mb4_bin',
                ],
              ],
        ),
    ),
    virtualTable(
      'CHARACTER_SETS',
      [
        ['CHARACTER_SET_NAME', text(32)],
        ['DEFAULT_COLLATE_NAME', text(32)],
        ['DESCRIPTION', text(60)],
        ['MAXLEN', int(3)],
      ],
      () =>
        CHARSETS.map((each): SqlValue[] => [each.name, each.defaultCollation, each.description, BigInt(each.maxBytes)]),
    ),
    virtualTable(
      'COLLATIONS',
      [
        ['COLLATION_NAME', text(32)],
        ['CHARACTER_SET_NAME', text(32)],
        ['ID', int(11)],
        ['IS_DEFAULT', text(3)],
        ['IS_COMPILED', text(3)],
        ['SORTLEN', int(3)],
      ],
      () =>
        COLLATIONS.map((each): SqlValue[] => [
          each.name,
          each.charset,
          BigInt(each.id),
          each.isDefault ? 'Yes' : '',
          'Yes',
          1n,
        ]),
    ),
    virtualTable(
      'COLLATION_CHARACTER_SET_APPLICABILITY',
      [
        ['COLLATION_NAME', text(32, 1)],
        ['CHARACTER_SET_NAME', text(32, 1)],
      ],
      () => COLLATIONS.map((each): SqlValue[] => [each.name, each.charset]),
    ),
    virtualTable(
      'ENGINES',
      [
        ['ENGINE', text(64)],
        ['SUPPORT', text(8)],
        ['COMMENT', text(80)],
        ['TRANSACTIONS', text(3)],
        ['XA', text(3)],
        ['SAVEPOINTS', text(3)],
      ],
      () => [['InnoDB', 'DEFAULT', 'Supports transactions, row-level locking, and foreign keys', 'YES', 'YES', 'YES']],
    ),
  ];
}

function tableRow({ schema, table }: Entry, autoIncrement: bigint | null): SqlValue[] {
  const isView = table.view !== null;
  const created = DateTime.fromEpoch(Number(BigInt(table.update_timestamp) >> 18n), 0, 'datetime', 0, 0);
  const zero = isView ? null : 0n;
  return [
    'def',
    schema.db_name.O,
    table.name.O,
    isView ? 'VIEW' : 'BASE TABLE',
    isView ? null : 'InnoDB',
    isView ? null : 10n,
    isView ? null : 'Compact',
    zero,
    zero,
    zero,
    zero,
    zero,
    zero,
    autoIncrement,
    created,
    null,
    null,
    isView ? null : table.collate,
    null,
    '',
    isView ? 'VIEW' : table.comment,
    BigInt(table.id),
    null,
    isView ? null : table.pk_is_handle || table.is_common_handle ? 'CLUSTERED' : 'NONCLUSTERED',
    null,
  ];
}

/** TiDB numbers its virtual tables from here on; which has which number depends on the version. */
const FIRST_VIRTUAL_ID = 2n ** 62n;

function virtualRow({ database, table }: Virtual, at: number): SqlValue[] {
  const created = DateTime.fromEpoch(0, 0, 'datetime', 0, 0);
  const zeros = Array<SqlValue>(6).fill(0n);
  const id = FIRST_VIRTUAL_ID + BigInt(at + 1);
  const kind = ['SYSTEM VIEW', 'InnoDB', 10n, 'Compact'];
  const more = [null, created, null, null, 'utf8mb4_bin', null, '', '', id, null, 'NONCLUSTERED', null];
  return ['def', database, table.name, ...kind, ...zeros, ...more];
}

function virtualColumnRows({ database, table }: Virtual): SqlValue[][] {
  const columns = table.columns.map(({ name, type }, offset) => newColumnInfo(name, type, { offset }));
  return columnRows(database, newTableInfo(table.name, columns, []), UTC, 'select');
}

function columnRows(database: string, table: TableInfo, zone: TimeZone, privileges = PRIVILEGES): SqlValue[][] {
  return shownColumns(table).map((column, index) => {
    const { type } = column;
    const isText = isStringType(type) || type.Elems !== null;
    const length = isBlobType(type.Tp) ? (BLOB_BYTES[type.Tp] ?? type.Flen) : type.Flen;
    const octets = length * maxBytesPerChar(type.Charset);
    const isInteger = isIntegerType(type) || type.Tp === Tp.Bit;
    const isReal = type.Tp === Tp.Float || type.Tp === Tp.Double;
    const isExact = type.Tp === Tp.NewDecimal;
    const timed = type.Tp === Tp.DateTime || type.Tp === Tp.Timestamp || type.Tp === Tp.Duration;
    return [
      'def',
      database,
      table.name.O,
      column.name.O,
      BigInt(index + 1),
      defaultText(column, zone),
      nullText(column),
      typeName(type),
      isText ? BigInt(length) : null,
      isText ? BigInt(octets) : null,
      isInteger || isReal || isExact ? BigInt(type.Flen) : null,
      isInteger || isExact
        ? BigInt(Math.max(type.Decimal, 0))
        : isReal && type.Decimal >= 0
          ? BigInt(type.Decimal)
          : null,
      timed ? BigInt(Math.max(type.Decimal, 0)) : null,
      isText && type.Charset !== 'binary' ? type.Charset : null,
      collationText(column),
      typeText(type).replace(/ zerofill$/, ''),
      keyText(column),
      extraText(column),
      privileges,
      column.comment,
      column.generated_expr_string.trim(),
    ];
  });
}

/** What SHOW INDEX tells, but for the length of a prefix, and whether the index is clustered. */
function statisticsRows({ schema, table }: Entry): SqlValue[][] {
  const database = schema.db_name.O;
  return indexRows(table).map(([name = null, nonUnique = null, ...rest]): SqlValue[] => {
    const [about, more] = [rest.slice(0, 5), rest.slice(6, -1)];
    return ['def', database, name, String(nonUnique), database, ...about, null, ...more];
  });
}

/** SHOW INDEX once more, with the numbers of the indexes; a primary key that is the row's handle has the number 0. */
function tidbIndexRows({ schema, table }: Entry): SqlValue[][] {
  const ids = new Map(table.index_info.map((index) => [index.idx_name.O, BigInt(index.id)]));
  return indexRows(table).map((row): SqlValue[] => {
    const [name, nonUnique, key, place, column] = row.slice(0, 5);
    const [part, comment, visible, expression, clustered] = [row[7], ...row.slice(12)];
    const id = ids.get(String(key)) ?? 0n;
    const cells = [name, nonUnique, key, place, column, part, comment, expression, id, visible, clustered];
    return [schema.db_name.O, ...cells.map((cell) => cell ?? null)];
  });
}
