import type { DBInfo, TableInfo } from '@tidb-js/ddl-jobs';
import { SqlError } from '../errors.js';
import { likeTest } from '../functions/like.js';
import type { ShowStatement } from '../parse/statement.js';
import type { PumpState } from '../services.js';
import { CHARSETS, COLLATIONS } from '../types/charset.js';
import { makeType, stringType, Tp } from '../types/field-type.js';
import { toText } from '../types/text.js';
import { DateTime } from '../types/time.js';
import type { SqlValue } from '../types/value.js';
import type { Warning } from '../types.js';
import { createDatabaseText, createTableText, createViewText } from './create-statement.js';
import { privilegeRows } from './privileges.js';
import { processRow } from './processes.js';
import type { ShowContext } from './show-context.js';
import { LEVEL_COLUMNS, type ShowColumn, type ShowResult, showResult } from './show-result.js';
import { columnRow, indexRows, shownColumns } from './tables.js';

const INDEX_COLUMNS: readonly ShowColumn[] = [
  'Table',
  ['Non_unique', 'int'],
  'Key_name',
  ['Seq_in_index', 'int'],
  'Column_name',
  'Collation',
  ['Cardinality', 'int'],
  ['Sub_part', 'int'],
  'Packed',
  'Null',
  'Index_type',
  'Comment',
  'Index_comment',
  'Visible',
  'Expression',
  'Clustered',
];

const STATUS_COLUMNS: readonly ShowColumn[] = [
  'Name',
  'Engine',
  ['Version', 'int'],
  'Row_format',
  ['Rows', 'int'],
  ['Avg_row_length', 'int'],
  ['Data_length', 'int'],
  ['Max_data_length', 'int'],
  ['Index_length', 'int'],
  ['Data_free', 'int'],
  ['Auto_increment', 'int'],
  ['Create_time', 'datetime'],
  ['Update_time', 'datetime'],
  ['Check_time', 'datetime'],
  'Collation',
  'Checksum',
  'Create_options',
  'Comment',
];

const ROUTINE_COLUMNS: readonly ShowColumn[] = [
  ['Db', stringType(128)],
  ['Name', stringType(128)],
  ['Type', stringType(128)],
  ['Definer', stringType(128)],
  ['Modified', 'datetime'],
  ['Created', 'datetime'],
  ['Security_type', stringType(128)],
  ['Comment', stringType(196_605)],
  ['character_set_client', stringType(32)],
  ['collation_connection', stringType(32)],
  ['Database Collation', stringType(32)],
];

/** SHOW …, before its WHERE. */
export async function executeShow(statement: ShowStatement, x: ShowContext): Promise<ShowResult> {
  const { filter } = statement;
  const like = filter.like === undefined ? undefined : likeTest(filter.like, '\\', 'utf8mb4_general_ci');
  const matches = (name: string) => like === undefined || like(name);
  switch (statement.what) {
    case 'databases':
      return showResult(
        [`Database${filter.like === undefined ? '' : ` (${filter.like})`}`],
        [...x.virtualDatabases, ...[...x.infoSchema.schemas.values()].map((each) => each.info.db_name.O)]
          .sort(compareText)
          .filter(matches)
          .map((each) => [each]),
      );
    case 'tables': {
      const db = databaseOf(statement.db, x);
      const tables = x.tableNames(db.name).filter(({ name }) => matches(name));
      const title = `Tables_in_${db.name}${filter.like === undefined ? '' : ` (${filter.like})`}`;
      if (!statement.full)
        return showResult(
          [title],
          tables.map(({ name }) => [name]),
        );
      return showResult(
        [title, 'Table_type'],
        tables.map(({ name, type }) => [name, type]),
      );
    }
    case 'tableStatus': {
      const db = databaseOf(statement.db, x);
      const tables = [...(x.infoSchema.schema(db.name)?.tables.values() ?? [])]
        .filter((table) => matches(table.name.O))
        .sort((a, b) => compareText(a.name.L, b.name.L));
      return showResult(
        STATUS_COLUMNS,
        tables.map((table) => statusRow(table, x.autoIncrement(table))),
      );
    }
    case 'columns': {
      const columns = tableColumnsOf(statement, x).filter((row) => matches(toText(row[0] ?? '')));
      return showResult(
        statement.full
          ? ['Field', 'Type', 'Collation', 'Null', 'Key', 'Default', 'Extra', 'Privileges', 'Comment']
          : ['Field', 'Type', 'Null', 'Key', 'Default', 'Extra'],
        columns,
      );
    }
    case 'index':
      return showResult(INDEX_COLUMNS, indexRows(tableOf(statement, x).table));
    case 'createTable': {
      const { table, schema } = tableOf(statement, x);
      if (table.view !== null) return viewResult(table);
      const text = createTableText(table, x.zone, await x.nextAutoId(table, schema));
      return showResult(['Table', 'Create Table'], [[table.name.O, text]]);
    }
    case 'createView': {
      const { table, schema } = tableOf(statement, x);
      if (table.view === null) throw new SqlError(1347, `'${schema.db_name.O}.${table.name.O}' is not VIEW`);
      return viewResult(table);
    }
    case 'createDatabase': {
      const schema = x.infoSchema.schema(statement.db ?? '');
      if (schema === undefined) throw new SqlError(1049, `Unknown database '${statement.db}'`);
      return showResult(['Database', 'Create Database'], [[schema.info.db_name.O, createDatabaseText(schema.info)]]);
    }
    case 'variables':
      return showResult(
        ['Variable_name', 'Value'],
        x.variables(statement.global).filter(([name]) => matches(name)),
      );
    case 'status':
      return showResult(
        ['Variable_name', 'Value'],
        Object.entries(x.status()).filter(([name]) => matches(name)),
      );
    case 'warnings':
    case 'errors':
      return warningRows(counted(statement, x.warnings));
    case 'warningCount':
      return showResult([['Count', 'int']], [[BigInt(counted(statement, x.warnings).length)]]);
    case 'processlist':
      return showResult(
        [
          ['Id', 'int'],
          'User',
          'Host',
          'db',
          'Command',
          ['Time', makeType(Tp.Long, { Flen: 11, Decimal: 0 })],
          'State',
          'Info',
        ],
        x.processes().map((each) => {
          const info = statement.full ? each.info : each.info?.slice(0, 100);
          return processRow({ ...each, info });
        }),
      );
    case 'masterStatus':
      return showResult(
        ['File', ['Position', 'int'], 'Binlog_Do_DB', 'Binlog_Ignore_DB', 'Executed_Gtid_Set'],
        [['tidb-binlog', await x.timestamp(), '', '', '']],
      );
    case 'createUser':
      return showResult(
        [`CREATE USER for ${statement.user}`],
        [
          [
            "CREATE USER 'root'@'%' IDENTIFIED WITH 'mysql_native_password' REQUIRE NONE PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK PASSWORD HISTORY DEFAULT PASSWORD REUSE INTERVAL DEFAULT",
          ],
        ],
      );
    case 'grants':
      return showResult(
        [statement.user === undefined ? 'Grants for User' : `Grants for ${statement.user}`],
        [["GRANT ALL PRIVILEGES ON *.* TO 'root'@'%' WITH GRANT OPTION"]],
      );
    case 'pumpStatus':
      return pumpResult(await x.pumps());
    case 'drainerStatus':
      return pumpResult(await x.drainers());
    default:
      return simpleShow(statement.what, matches);
  }
}

function simpleShow(what: ShowStatement['what'], matches: (name: string) => boolean): ShowResult {
  switch (what) {
    case 'engines':
      return showResult(
        ['Engine', 'Support', 'Comment', 'Transactions', 'XA', 'Savepoints'],
        [['InnoDB', 'DEFAULT', 'Supports transactions, row-level locking, and foreign keys', 'YES', 'YES', 'YES']],
      );
    case 'charset':
      return showResult(
        ['Charset', 'Description', 'Default collation', ['Maxlen', 'int']],
        CHARSETS.filter(({ name }) => matches(name)).map((each) => [
          each.name,
          each.description,
          each.defaultCollation,
          BigInt(each.maxBytes),
        ]),
      );
    case 'collation':
      return showResult(
        ['Collation', 'Charset', ['Id', 'int'], 'Default', 'Compiled', ['Sortlen', 'int']],
        COLLATIONS.filter(({ name }) => matches(name)).map((each) => [
          each.name,
          each.charset,
          BigInt(each.id),
          each.isDefault ? 'Yes' : '',
          'Yes',
          1n,
        ]),
      );
    case 'privileges':
      return showResult(['Privilege', 'Context', 'Comment'], privilegeRows);
    case 'plugins':
      return showResult(['Name', 'Status', 'Type', 'Library', 'License', 'Version'], []);
    case 'triggers':
      return showResult(
        [
          'Trigger',
          'Event',
          'Table',
          'Statement',
          'Timing',
          ['Created', 'datetime'],
          'sql_mode',
          'Definer',
          'character_set_client',
          'collation_connection',
          'Database Collation',
        ],
        [],
      );
    case 'events':
      return showResult(
        [
          'Db',
          'Name',
          'Time zone',
          'Definer',
          'Type',
          ['Execute At', 'datetime'],
          'Interval Value',
          'Interval Field',
          ['Starts', 'datetime'],
          ['Ends', 'datetime'],
          'Status',
          ['Originator', 'int'],
          'character_set_client',
          'collation_connection',
          'Database Collation',
        ],
        [],
      );
    case 'procedureStatus':
    case 'functionStatus':
      return showResult(ROUTINE_COLUMNS, []);
    case 'openTables':
      return showResult(['Database', 'Table', ['In_use', 'int'], ['Name_locked', 'int']], []);
    default:
      return showResult([['Query_ID', 'int'], 'Duration', 'Query'], []);
  }
}

/** What SHOW ERRORS tells of, or SHOW WARNINGS. */
function counted(statement: ShowStatement, warnings: readonly Warning[]): readonly Warning[] {
  return statement.what === 'errors' || statement.onlyErrors === true
    ? warnings.filter(({ level }) => level === 'Error')
    : warnings;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function databaseOf(name: string | undefined, x: ShowContext): { readonly name: string } {
  const db = name ?? x.database;
  if (db === undefined) throw new SqlError(1046, 'No database selected');
  const virtual = x.virtualDatabases.find((each) => each.toLowerCase() === db.toLowerCase());
  const found = virtual ?? x.infoSchema.schema(db)?.info.db_name.O;
  if (found === undefined) throw new SqlError(1049, `Unknown database '${db}'`);
  return { name: found };
}

function tableOf(statement: ShowStatement, x: ShowContext): { readonly table: TableInfo; readonly schema: DBInfo } {
  const db = statement.table?.db ?? x.database;
  if (db === undefined) throw new SqlError(1046, 'No database selected');
  const schema = x.infoSchema.schema(db)?.info;
  const table = x.infoSchema.table(db, statement.table?.name ?? '');
  if (schema === undefined || table === undefined)
    throw new SqlError(1146, `Table '${db}.${statement.table?.name}' doesn't exist`);
  return { table, schema };
}

function tableColumnsOf(statement: ShowStatement, x: ShowContext): SqlValue[][] {
  const db = statement.table?.db ?? x.database;
  const virtual = db === undefined ? undefined : x.virtualColumns(db, statement.table?.name ?? '');
  if (virtual !== undefined) return virtual;
  const { table } = tableOf(statement, x);
  return shownColumns(table).map((column) => columnRow(column, statement.full, x.zone));
}

function statusRow(table: TableInfo, autoIncrement: bigint | null): SqlValue[] {
  const created = DateTime.fromEpoch(Number(BigInt(table.update_timestamp) >> 18n), 0, 'datetime', 0, 0);
  if (table.view !== null)
    return [table.name.O, ...Array<null>(10).fill(null), created, null, null, null, '', null, 'VIEW'];
  return [
    table.name.O,
    'InnoDB',
    10n,
    'Compact',
    0n,
    0n,
    0n,
    0n,
    0n,
    0n,
    autoIncrement,
    created,
    null,
    null,
    table.collate,
    '',
    '',
    table.comment,
  ];
}

function viewResult(table: TableInfo): ShowResult {
  return showResult(
    ['View', 'Create View', 'character_set_client', 'collation_connection'],
    [[table.name.O, createViewText(table), 'utf8mb4', 'utf8mb4_bin']],
  );
}

function warningRows(warnings: readonly Warning[]): ShowResult {
  return showResult(
    LEVEL_COLUMNS,
    warnings.map(({ level, code, message }) => [level, BigInt(code), message]),
  );
}

function pumpResult(pumps: readonly PumpState[]): ShowResult {
  const rows = pumps.map((each): SqlValue[] => [
    each.nodeId,
    each.address,
    each.state,
    each.maxCommitTs,
    new Date(each.updateTime).toISOString().slice(0, 19).replace('T', ' '),
  ]);
  return showResult(['NodeID', 'Address', 'State', ['Max_Commit_Ts', 'int'], 'Update_Time'], rows);
}
