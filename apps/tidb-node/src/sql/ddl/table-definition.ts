import {
  ColumnFlag,
  type ColumnInfo,
  type IndexInfo,
  newIndexInfo,
  newTableInfo,
  SchemaState,
  type TableInfo,
} from '@tidb-js/ddl-jobs';
import { SqlError } from '../errors.js';
import type { Expression } from '../parse/ast.js';
import type { Constraint, CreateTable, IndexPart, TableOption } from '../parse/ddl-ast.js';
import { parseExpressionText } from '../parse/index.js';
import { compile } from '../plan/compile.js';
import { tableColumns } from '../plan/from.js';
import { Scope } from '../plan/scope.js';
import { isSubquery, some } from '../plan/walk.js';
import { maxBytesPerChar } from '../types/charset.js';
import { isIntegerType, isStringType } from '../types/field-type.js';
import { buildColumn, type ColumnContext, namesIn } from './column-definition.js';
import { type CharsetDefaults, isLong, resolveCharset } from './column-type.js';
import { buildForeignKey } from './foreign-key.js';

type KeyConstraint = Extract<Constraint, { kind: 'primary' | 'unique' | 'index' | 'fulltext' }>;

/** Most bytes of the columns of one index. */
const MAX_KEY_BYTES = 3072;

/** Character set and collation that the options of a table or database ask for. */
export function charsetOptions(options: readonly TableOption[], defaults: CharsetDefaults): CharsetDefaults {
  const value = (wanted: string) => {
    const found = options.filter(({ name }) => name === wanted).at(-1)?.value;
    return found === undefined ? undefined : String(found);
  };
  return resolveCharset(value('CHARSET'), value('COLLATE'), defaults);
}

/** Checks options that only have effect by being right: the engine. Error 1286. */
export function checkEngine(options: readonly TableOption[]): void {
  for (const { name, value } of options) {
    if (
      name === 'ENGINE' &&
      !/^(innodb|myisam|memory|heap|archive|csv|blackhole|merge|ndb|aria)$/i.test(String(value))
    ) {
      throw new SqlError(1286, `Unknown storage engine '${value}'`);
    }
  }
}

/** The table that CREATE TABLE describes. Errors as TiDB gives them before it queues a job. */
export function buildTable(
  statement: CreateTable,
  context: ColumnContext,
  clusteredByDefault: 'ON' | 'OFF' | 'INT_ONLY',
  database: string,
): TableInfo {
  checkTableName(statement.name.name);
  const charset = charsetOptions(statement.options, context.defaults);
  const inner = { ...context, defaults: charset };
  const seen = new Set<string>();
  for (const { name } of statement.columns) {
    if (seen.has(name.toLowerCase())) throw new SqlError(1060, `Duplicate column name '${name}'`);
    seen.add(name.toLowerCase());
  }
  const built = statement.columns.map((each) => buildColumn(each, inner));
  // Keys that stand with their columns come after the others.
  const constraints = [...statement.constraints, ...built.flatMap((each) => each.constraints)];
  for (const each of constraints) {
    if (each.kind === 'check') context.warn(8231, 'CONSTRAINT CHECK is not supported');
    if (each.kind === 'fulltext') context.warn(1214, "The used table type doesn't support FULLTEXT indexes");
  }
  if (statement.partition !== undefined) refusePartition(statement);
  const columns = built.map((each) => each.info);
  const foreignKeys = statement.constraints
    .filter((each) => each.kind === 'foreign')
    .map((each, at) => ({
      id: at + 1,
      state: SchemaState.Public,
      ...buildForeignKey(each, columns, at + 1, database, context),
    }));
  const keyNames = new Set<string>();
  for (const { fk_name } of foreignKeys) {
    if (keyNames.has(fk_name.L)) throw new SqlError(1826, `Duplicate foreign key constraint name '${fk_name.O}'`);
    keyNames.add(fk_name.L);
  }
  if (columns.length === 0) throw new SqlError(1113, 'A table must have at least 1 column');
  const keys = constraints.filter(
    (each): each is KeyConstraint => each.kind === 'primary' || each.kind === 'unique' || each.kind === 'index',
  );
  const primaries = keys.filter(({ kind }) => kind === 'primary');
  if (primaries.length > 1) throw new SqlError(1068, 'Multiple primary key defined');
  const [primary] = primaries;
  const isHandle =
    primary !== undefined &&
    isIntegerHandle(primary, columns) &&
    primary.options.clustered !== false &&
    (primary.options.clustered === true || clusteredByDefault !== 'OFF');
  const isCommon = primary !== undefined && !isHandle && (primary.options.clustered ?? clusteredByDefault === 'ON');
  const names = new Set<string>();
  const indexes = keys.flatMap((each): IndexInfo[] => {
    const index = buildIndex(each, columns, names);
    return each.kind === 'primary' && isHandle ? [] : [index];
  });
  const flagged = withKeyFlags(columns, keys);
  checkAutoIncrement(flagged, keys);
  const auto = statement.options.filter(({ name }) => name === 'AUTO_INCREMENT').at(-1)?.value;
  const table = newTableInfo(statement.name.name, flagged, indexes, {
    charset: charset.charset,
    collate: charset.collate,
    pk_is_handle: isHandle,
    is_common_handle: isCommon,
    common_handle_version: isCommon ? 1 : 0,
    comment: String(statement.options.filter(({ name }) => name === 'COMMENT').at(-1)?.value ?? ''),
    auto_inc_id: typeof auto === 'bigint' ? auto : 0n,
    fk_info: foreignKeys.length === 0 ? null : foreignKeys,
    max_fk_id: foreignKeys.length,
  });
  checkGenerated(table, context);
  return table;
}

export function checkTableName(name: string): void {
  if ([...name].length > 64) throw new SqlError(1059, `Identifier name '${name}' is too long`);
  if (name === '' || name.endsWith(' ')) throw new SqlError(1103, `Incorrect table name '${name}'`);
}

function refusePartition(statement: CreateTable): never {
  const seen = new Set<string>();
  for (const { name } of statement.partition?.definitions ?? []) {
    if (seen.has(name.toLowerCase())) throw new SqlError(1517, `Duplicate partition name ${name}`);
    seen.add(name.toLowerCase());
  }
  throw new SqlError(
    8200,
    'Unsupported PARTITION BY: tables with partitions are not implemented; leave the clause out',
  );
}

function isIntegerHandle(primary: KeyConstraint, columns: readonly ColumnInfo[]): boolean {
  const [part] = primary.parts;
  const column = columns.find((each) => each.name.L === part?.column?.toLowerCase());
  return primary.parts.length === 1 && column !== undefined && isIntegerType(column.type) && part?.length === undefined;
}

/** An index from its definition; its name is made up when it has none. Errors 1061, 1072, 1089, 1170, 1071, 1280. */
export function buildIndex(key: KeyConstraint, columns: readonly ColumnInfo[], taken: Set<string>): IndexInfo {
  const isPrimary = key.kind === 'primary';
  if (isPrimary) {
    for (const { column } of key.parts) {
      if (column !== undefined && !columns.some((each) => each.name.L === column.toLowerCase()))
        throw new SqlError(1072, `Key column '${column}' doesn't exist in table`);
    }
  }
  const parts = key.parts.map((part) => indexPart(part, columns));
  const name = isPrimary ? 'PRIMARY' : (key.name ?? freeName(parts[0]?.name ?? '', taken));
  if ([...name].length > 64) throw new SqlError(1059, `Identifier name '${name}' is too long`);
  if (!isPrimary && name.toUpperCase() === 'PRIMARY') throw new SqlError(1280, `Incorrect index name '${name}'`);
  if (taken.has(name.toLowerCase())) throw new SqlError(1061, `duplicate key name ${name}`);
  taken.add(name.toLowerCase());
  const used = new Set<string>();
  let bytes = 0;
  for (const part of parts) {
    if (used.has(part.name.toLowerCase())) throw new SqlError(1060, `Duplicate column name '${part.name}'`);
    used.add(part.name.toLowerCase());
    bytes += part.bytes;
  }
  if (bytes > MAX_KEY_BYTES)
    throw new SqlError(1071, `Specified key was too long (${bytes} bytes); max key length is ${MAX_KEY_BYTES} bytes`);
  return newIndexInfo(
    name,
    parts.map((part) => (part.length === undefined ? part.name : { name: part.name, length: part.length })),
    {
      is_primary: isPrimary,
      is_unique: isPrimary || key.kind === 'unique',
      comment: key.options.comment ?? '',
      is_invisible: key.options.invisible ?? false,
      index_type: key.options.type === 'HASH' ? 2 : 1,
    },
  );
}

interface BuiltPart {
  readonly name: string;
  readonly length: number | undefined;
  readonly bytes: number;
}

function indexPart(part: IndexPart, columns: readonly ColumnInfo[]): BuiltPart {
  if (part.column === undefined) throw SqlError.notYet('expression index');
  const column = columns.find((each) => each.name.L === part.column?.toLowerCase());
  if (column === undefined) throw new SqlError(1072, `column does not exist: ${part.column}`);
  const { type } = column;
  if (type.Tp === 245) throw new SqlError(3152, `JSON column '${column.name.O}' cannot be used in key specification.`);
  if (type.Charset === 'gbk') throw SqlError.notYet(`an index on column ${column.name.O} of character set gbk`);
  if (part.length === 0) throw new SqlError(1391, `Key part '${column.name.O}' length cannot be 0`);
  if (isLong(type) && part.length === undefined) {
    throw new SqlError(1170, `BLOB/TEXT column '${column.name.O}' used in key specification without a key length`);
  }
  let { length } = part;
  if (length !== undefined) {
    if (!isStringType(type) || (!isLong(type) && length > type.Flen)) {
      throw new SqlError(
        1089,
        "Incorrect prefix key; the used key part isn't a string, the used length is longer than the key part, or the storage engine doesn't support unique prefix keys",
      );
    }
    if (length === type.Flen) length = undefined;
  }
  const bytes = isStringType(type) ? (length ?? type.Flen) * maxBytesPerChar(type.Charset) : 8;
  return { name: column.name.O, length, bytes };
}

function freeName(base: string, taken: ReadonlySet<string>): string {
  let name = base.toUpperCase() === 'PRIMARY' ? `${base}_2` : base;
  for (let suffix = 2; taken.has(name.toLowerCase()); suffix++) name = `${base}_${suffix}`;
  return name;
}

/** Columns with the flags that their keys give them. */
function withKeyFlags(columns: readonly ColumnInfo[], keys: readonly KeyConstraint[]): ColumnInfo[] {
  return columns.map((column) => {
    let flag = column.type.Flag;
    for (const key of keys) {
      const at = key.parts.findIndex((part) => part.column?.toLowerCase() === column.name.L);
      if (at < 0) continue;
      if (key.kind === 'primary') {
        if (column.default === null && (flag & ColumnFlag.AutoIncrement) === 0) flag |= ColumnFlag.NoDefaultValue;
        flag |= ColumnFlag.PrimaryKey | ColumnFlag.NotNull;
      } else if (at === 0)
        flag |= key.kind === 'unique' && key.parts.length === 1 ? ColumnFlag.UniqueKey : ColumnFlag.MultipleKey;
    }
    return { ...column, type: { ...column.type, Flag: flag } };
  });
}

function checkAutoIncrement(columns: readonly ColumnInfo[], keys: readonly KeyConstraint[]): void {
  const autos = columns.filter((column) => (column.type.Flag & ColumnFlag.AutoIncrement) !== 0);
  const [auto] = autos;
  if (auto === undefined) return;
  const isKey = keys.some((key) => key.parts[0]?.column?.toLowerCase() === auto.name.L);
  if (autos.length > 1 || !isKey) {
    throw new SqlError(
      1075,
      'Incorrect table definition; there can be only one auto column and it must be defined as a key',
    );
  }
}

const VOLATILE = new Set(
  `now curdate curtime sysdate utc_date utc_time utc_timestamp rand uuid uuid_short connection_id current_user user session_user system_user database schema
  version found_rows row_count last_insert_id sleep benchmark get_lock release_lock values`.split(/\s+/),
);

/** What a generated column cannot hold: it is not the same each time. */
function isVolatile(e: Expression): boolean {
  return (
    e.kind === 'userVariable' ||
    e.kind === 'systemVariable' ||
    e.kind === 'assignVariable' ||
    e.kind === 'aggregate' ||
    isSubquery(e) ||
    (e.kind === 'call' && VOLATILE.has(e.name))
  );
}

/** Error 1054 for a generated column of a column that is not there, 3107 for one that is defined after it. */
export function checkGenerated(table: TableInfo, context: ColumnContext): void {
  const open = { ...table, cols: table.cols.map((column) => ({ ...column, state: SchemaState.Public })) };
  const scope = new Scope(tableColumns(open, '', undefined));
  for (const column of table.cols) {
    if (column.generated_expr_string === '') continue;
    const e = parseExpressionText(column.generated_expr_string);
    if (some(e, isVolatile))
      throw new SqlError(3102, `Expression of generated column '${column.name.O}' contains a disallowed function.`);
    compile(e, context.planner.context(scope, 'generated column function'));
    for (const name of namesIn(e)) {
      const other = table.cols.find((each) => each.name.L === name.toLowerCase());
      if (other !== undefined && other.generated_expr_string !== '' && other.offset >= column.offset) {
        throw new SqlError(3107, `Generated column can refer only to generated columns defined prior to it.`);
      }
      if (other !== undefined && (other.type.Flag & ColumnFlag.AutoIncrement) !== 0) {
        throw new SqlError(3109, `Generated column '${column.name.O}' cannot refer to auto-increment column.`);
      }
    }
  }
}
