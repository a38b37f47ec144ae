import type { DBInfo, TableInfo } from '@tidb-js/ddl-jobs';
import type { InfoSchema } from '../../domain/types.js';
import { jobRow } from '../admin/admin.js';
import type { VirtualTable, VirtualTables } from '../plan/virtual-table.js';
import type { ServerState, SqlServices } from '../services.js';
import { defaultText } from '../show/create-statement.js';
import { collationText, extraText, keyText, nullText, PRIVILEGES, shownColumns, shownIndexes } from '../show/tables.js';
import { typeName, typeText } from '../show/type-text.js';
import { CHARSETS, COLLATIONS, maxBytesPerChar } from '../types/charset.js';
import { BLOB_BYTES } from '../types/column-cast.js';
import {
  dateTimeType,
  type FieldType,
  Flag,
  isBlobType,
  isIntegerType,
  isStringType,
  makeType,
  stringType,
  Tp,
} from '../types/field-type.js';
import { DateTime } from '../types/time.js';
import type { TimeZone } from '../types/time-zone.js';
import type { SqlValue } from '../types/value.js';
import type { ProcessInfo } from '../types.js';

/** What the virtual tables are made from. */
export interface VirtualContext {
  readonly services: SqlServices;
  infoSchema(): InfoSchema;
  zone(): TimeZone;
  processes(): readonly ProcessInfo[];
  variables(global: boolean): [string, string][];
  servers(): Promise<readonly ServerState[]>;
}

const text = (length: number, flag = 0): FieldType => ({ ...stringType(length), Flag: flag });
const blob = (length: number, flag = 0): FieldType =>
  makeType(Tp.Blob, { Flag: flag, Flen: length, Decimal: 0, Charset: 'utf8mb4', Collate: 'utf8mb4_bin' });
const int = (length: number, flag = 0): FieldType => makeType(Tp.LongLong, { Flag: flag, Flen: length, Decimal: 0 });
const datetime = { ...dateTimeType(0), Flag: 0 };

type Columns = readonly (readonly [string, FieldType])[];

function virtualTable(
  name: string,
  columns: Columns,
  rows: () => readonly SqlValue[][] | Promise<readonly SqlValue[][]>,
): VirtualTable {
  return {
    name,
    columns: columns.map(([column, type]) => ({ name: column, type })),
    rows: async () => (await rows()).map((row) => [...row]),
  };
}

/** information_schema, performance_schema and metrics_schema: the tables that clients read. */
export function virtualTables(
  x: VirtualContext,
): VirtualTables & { readonly names: readonly string[]; list(database: string): readonly VirtualTable[] } {
  const tables = new Map<string, VirtualTable>();
  const list: VirtualTable[] = [...schemaTables(x), ...clusterTables(x), ...emptyTables()];
  for (const table of list) tables.set(table.name.toLowerCase(), table);
  const session = virtualTable(
    'session_variables',
    [
      ['VARIABLE_NAME', text(64)],
      ['VARIABLE_VALUE', text(1024)],
    ],
    () => x.variables(false),
  );
  const global = virtualTable(
    'global_variables',
    [
      ['VARIABLE_NAME', text(64)],
      ['VARIABLE_VALUE', text(1024)],
    ],
    () => x.variables(true),
  );
  const databases = new Map<string, readonly VirtualTable[]>([
    ['INFORMATION_SCHEMA', list],
    ['METRICS_SCHEMA', []],
    ['PERFORMANCE_SCHEMA', [session, global]],
  ]);
  const names = [...databases.keys()];
  return {
    names,
    database: (name) => names.find((each) => each === name.toUpperCase()),
    list: (database) => databases.get(database.toUpperCase()) ?? [],
    table: (database, name) =>
      (databases.get(database.toUpperCase()) ?? []).find((each) => each.name.toLowerCase() === name.toLowerCase()),
  };
}

interface Entry {
  readonly schema: DBInfo;
  readonly table: TableInfo;
}

function entries(schema: InfoSchema): Entry[] {
  return [...schema.schemas.values()]
    .flatMap(({ info, tables }) => [...tables.values()].map((table) => ({ schema: info, table })))
    .sort((a, b) => compareText(`${a.schema.db_name.L}.${a.table.name.L}`, `${b.schema.db_name.L}.${b.table.name.L}`));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function schemaTables(x: VirtualContext): VirtualTable[] {
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
      () => entries(x.infoSchema()).map(tableRow),
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
      () => entries(x.infoSchema()).flatMap((entry) => columnRows(entry, x.zone())),
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
      'KEY_COLUMN_USAGE',
      [
        ['CONSTRAINT_CATALOG', text(512, 1)],
        ['CONSTRAINT_SCHEMA', text(64, 1)],
        ['CONSTRAINT_NAME', text(64, 1)],
        ['TABLE_CATALOG', text(512, 1)],
        ['TABLE_SCHEMA', text(64, 1)],
        ['TABLE_NAME', text(64, 1)],
        ['COLUMN_NAME', text(64, 1)],
        ['ORDINAL_POSITION', int(10, 1)],
        ['POSITION_IN_UNIQUE_CONSTRAINT', int(10)],
        ['REFERENCED_TABLE_SCHEMA', text(64)],
        ['REFERENCED_TABLE_NAME', text(64)],
        ['REFERENCED_COLUMN_NAME', text(64)],
      ],
      () =>
        entries(x.infoSchema()).flatMap(({ schema, table }) =>
          shownIndexes(table)
            .filter((index) => index.is_unique)
            .flatMap((index) =>
              index.idx_cols.map((part, at): SqlValue[] => [
                'def',
                schema.db_name.O,
                index.idx_name.O,
                'def',
                schema.db_name.O,
                table.name.O,
                part.name.O,
                BigInt(at + 1),
                table.pk_is_handle && index.is_primary ? 1n : null,
                null,
                null,
                null,
              ]),
            ),
        ),
    ),
    virtualTable(
      'TABLE_CONSTRAINTS',
      [
        ['CONSTRAINT_CATALOG', text(512)],
        ['CONSTRAINT_SCHEMA', text(64)],
        ['CONSTRAINT_NAME', text(64)],
        ['TABLE_SCHEMA', text(64)],
        ['TABLE_NAME', text(64)],
        ['CONSTRAINT_TYPE', text(64)],
      ],
      () =>
        entries(x.infoSchema()).flatMap(({ schema, table }) =>
          shownIndexes(table)
            .filter((index) => index.is_unique)
            .map((index): SqlValue[] => [
              'def',
              schema.db_name.O,
              index.idx_name.O,
              schema.db_name.O,
              table.name.O,
              index.is_primary ? 'PRIMARY KEY' : 'UNIQUE',
            ]),
        ),
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

function tableRow({ schema, table }: Entry): SqlValue[] {
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
    null,
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

function columnRows({ schema, table }: Entry, zone: TimeZone): SqlValue[][] {
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
      schema.db_name.O,
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
      PRIVILEGES,
      column.comment,
      column.generated_expr_string.trim(),
    ];
  });
}

function statisticsRows({ schema, table }: Entry): SqlValue[][] {
  return shownIndexes(table).flatMap((index) =>
    index.idx_cols.map((part, at): SqlValue[] => {
      const column = table.cols[part.offset];
      const nullable = column !== undefined && (column.type.Flag & Flag.NotNull) === 0;
      return [
        'def',
        schema.db_name.O,
        table.name.O,
        index.is_unique ? '0' : '1',
        schema.db_name.O,
        index.idx_name.O,
        BigInt(at + 1),
        part.name.O,
        'A',
        0n,
        // TiDB tells a prefix's length in SHOW INDEX alone.
        null,
        null,
        nullable ? 'YES' : '',
        'BTREE',
        '',
        index.comment,
        index.is_invisible ? 'NO' : 'YES',
        null,
      ];
    }),
  );
}

function clusterTables(x: VirtualContext): VirtualTable[] {
  return [
    virtualTable(
      'DDL_JOBS',
      [
        ['JOB_ID', int(21)],
        ['DB_NAME', text(64)],
        ['TABLE_NAME', text(64)],
        ['JOB_TYPE', text(64)],
        ['SCHEMA_STATE', text(64)],
        ['SCHEMA_ID', int(21)],
        ['TABLE_ID', int(21)],
        ['ROW_COUNT', int(21)],
        ['CREATE_TIME', datetime],
        ['START_TIME', datetime],
        ['END_TIME', datetime],
        ['STATE', text(64)],
        ['QUERY', text(64)],
      ],
      async () => {
        const { ddl } = x.services;
        const jobs = [...(await ddl.queued()), ...(await ddl.history(1000))];
        return jobs.map((job) => [...jobRow(job, { infoSchema: x.infoSchema(), zone: x.zone() }), job.query]);
      },
    ),
    virtualTable(
      'TIDB_SERVERS_INFO',
      [
        ['DDL_ID', text(64)],
        ['IP', text(64)],
        ['PORT', int(21)],
        ['STATUS_PORT', int(21)],
        ['LEASE', text(64)],
        ['VERSION', text(64)],
        ['GIT_HASH', text(64)],
        ['BINLOG_STATUS', text(64)],
        ['LABELS', text(128)],
      ],
      async () =>
        (await x.servers()).map((each): SqlValue[] => [
          each.ddlId,
          each.ip,
          BigInt(each.port),
          BigInt(each.statusPort),
          each.lease,
          each.version,
          each.gitHash,
          each.binlogStatus,
          '',
        ]),
    ),
    virtualTable(
      'PROCESSLIST',
      [
        ['ID', int(21, 1)],
        ['USER', text(16, 1)],
        ['HOST', text(64, 1)],
        ['DB', text(64)],
        ['COMMAND', text(16, 1)],
        ['TIME', int(7, 1)],
        ['STATE', text(7)],
        ['INFO', text(512)],
      ],
      () =>
        x
          .processes()
          .map((each): SqlValue[] => [
            each.id,
            each.user,
            each.host,
            each.db ?? null,
            each.command,
            BigInt(Math.floor((Date.now() - each.since) / 1000)),
            'autocommit',
            each.info ?? null,
          ]),
    ),
    virtualTable(
      'SESSION_VARIABLES',
      [
        ['VARIABLE_NAME', text(64)],
        ['VARIABLE_VALUE', text(1024)],
      ],
      () => x.variables(false),
    ),
    virtualTable(
      'GLOBAL_VARIABLES',
      [
        ['VARIABLE_NAME', text(64)],
        ['VARIABLE_VALUE', text(1024)],
      ],
      () => x.variables(true),
    ),
  ];
}

/** Tables that are there for clients that join them, and are always empty here. */
function emptyTables(): VirtualTable[] {
  const of = (name: string, columns: string) =>
    virtualTable(
      name,
      columns.split(' ').map((each) => [each, text(64)] as const),
      () => [],
    );
  return [
    of(
      'REFERENTIAL_CONSTRAINTS',
      'CONSTRAINT_CATALOG CONSTRAINT_SCHEMA CONSTRAINT_NAME UNIQUE_CONSTRAINT_CATALOG UNIQUE_CONSTRAINT_SCHEMA UNIQUE_CONSTRAINT_NAME MATCH_OPTION UPDATE_RULE DELETE_RULE TABLE_NAME REFERENCED_TABLE_NAME',
    ),
    of(
      'ROUTINES',
      'SPECIFIC_NAME ROUTINE_CATALOG ROUTINE_SCHEMA ROUTINE_NAME ROUTINE_TYPE DATA_TYPE ROUTINE_BODY ROUTINE_DEFINITION SQL_MODE ROUTINE_COMMENT DEFINER CREATED LAST_ALTERED',
    ),
    of(
      'PARAMETERS',
      'SPECIFIC_CATALOG SPECIFIC_SCHEMA SPECIFIC_NAME ORDINAL_POSITION PARAMETER_MODE PARAMETER_NAME DATA_TYPE',
    ),
    of(
      'TRIGGERS',
      'TRIGGER_CATALOG TRIGGER_SCHEMA TRIGGER_NAME EVENT_MANIPULATION EVENT_OBJECT_CATALOG EVENT_OBJECT_SCHEMA EVENT_OBJECT_TABLE ACTION_ORDER ACTION_CONDITION ACTION_STATEMENT ACTION_ORIENTATION ACTION_TIMING CREATED SQL_MODE DEFINER',
    ),
    of(
      'EVENTS',
      'EVENT_CATALOG EVENT_SCHEMA EVENT_NAME DEFINER TIME_ZONE EVENT_BODY EVENT_DEFINITION EVENT_TYPE STATUS',
    ),
    of(
      'PARTITIONS',
      'TABLE_CATALOG TABLE_SCHEMA TABLE_NAME PARTITION_NAME PARTITION_ORDINAL_POSITION PARTITION_METHOD PARTITION_EXPRESSION PARTITION_DESCRIPTION TABLE_ROWS CREATE_TIME',
    ),
    of(
      'FILES',
      'FILE_ID FILE_NAME FILE_TYPE TABLESPACE_NAME TABLE_CATALOG TABLE_SCHEMA TABLE_NAME LOGFILE_GROUP_NAME ENGINE EXTENT_SIZE INITIAL_SIZE TOTAL_EXTENTS EXTRA',
    ),
    of('PLUGINS', 'PLUGIN_NAME PLUGIN_VERSION PLUGIN_STATUS PLUGIN_TYPE PLUGIN_DESCRIPTION'),
    of('USER_PRIVILEGES', 'GRANTEE TABLE_CATALOG PRIVILEGE_TYPE IS_GRANTABLE'),
    of('SCHEMA_PRIVILEGES', 'GRANTEE TABLE_CATALOG TABLE_SCHEMA PRIVILEGE_TYPE IS_GRANTABLE'),
    of('TABLE_PRIVILEGES', 'GRANTEE TABLE_CATALOG TABLE_SCHEMA TABLE_NAME PRIVILEGE_TYPE IS_GRANTABLE'),
    of('COLUMN_PRIVILEGES', 'GRANTEE TABLE_CATALOG TABLE_SCHEMA TABLE_NAME COLUMN_NAME PRIVILEGE_TYPE IS_GRANTABLE'),
    of('COLUMN_STATISTICS', 'SCHEMA_NAME TABLE_NAME COLUMN_NAME HISTOGRAM'),
    of('CHECK_CONSTRAINTS', 'CONSTRAINT_CATALOG CONSTRAINT_SCHEMA CONSTRAINT_NAME CHECK_CLAUSE'),
  ];
}
