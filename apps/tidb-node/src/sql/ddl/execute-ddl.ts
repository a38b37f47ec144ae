import {
  ActionType,
  addColumn,
  addForeignKey,
  addIndex,
  addPrimaryKey,
  alterIndexVisibility,
  ColumnFlag,
  type ColumnInfo,
  createSchema,
  createTable,
  createTableLike,
  createView,
  type DBInfo,
  dropColumn,
  dropForeignKey,
  dropIndex,
  dropPrimaryKey,
  dropSchema,
  dropTable,
  dropView,
  type JobSpec,
  modifyColumn,
  modifySchemaCharset,
  modifyTableCharset,
  modifyTableComment,
  multiSchemaChange,
  newColumnInfo,
  newReorgMeta,
  type ReorgSession,
  rebaseAutoId,
  renameColumn,
  renameIndex,
  renameTable,
  renameTables,
  reorgWarnings,
  setDefaultValue,
  type TableInfo,
  type TableTarget,
  truncateTable,
} from '@tidb-js/ddl-jobs';
import type { Ddl } from '../../ddl/types.js';
import type { InfoSchema } from '../../domain/types.js';
import { SqlError } from '../errors.js';
import type { TableName } from '../parse/ast.js';
import type { AlterAction, AlterTable, Constraint, CreateTable, DdlStatement, TableOption } from '../parse/ddl-ast.js';
import { planQuery } from '../plan/query.js';
import { viewDefinition } from '../plan/view-definition.js';
import { areCompatibleCollations } from '../types/charset.js';
import { isNotNull, zeroValue } from '../types/column-cast.js';
import { type FieldType, Flag, isBinaryString, isStringType, Tp } from '../types/field-type.js';
import { toText } from '../types/text.js';
import { buildColumn, type ColumnContext, defaultOf } from './column-definition.js';
import { buildForeignKey } from './foreign-key.js';
import {
  buildIndex,
  buildTable,
  charsetOptions,
  checkEngine,
  checkGenerated,
  checkTableName,
} from './table-definition.js';
import { checkAutoIncrement, checkTypeChange, refuseConstraints } from './type-change.js';

/** What a DDL statement works with. */
export interface DdlContext extends ColumnContext {
  readonly ddl: Ddl;
  readonly database: string | undefined;
  readonly clusteredByDefault: 'ON' | 'OFF' | 'INT_ONLY';
  /** Whether a changed column may lose its AUTO_INCREMENT. */
  readonly canRemoveAutoIncrement: boolean;
  /** How values that are rewritten are converted. */
  readonly reorgSession: ReorgSession;
  readonly signal: AbortSignal | undefined;
  infoSchema(): InfoSchema;
  isVirtual(database: string): boolean;
  note(code: number, message: string): void;
}

const SERVER_DEFAULTS = { charset: 'utf8mb4', collate: 'utf8mb4_bin' } as const;

/** Turns a DDL statement into its jobs and runs them one after the other. */
export async function executeDdl(statement: DdlStatement, text: string, x: DdlContext): Promise<void> {
  switch (statement.kind) {
    case 'createDatabase': {
      const charset = charsetOptions(statement.options, SERVER_DEFAULTS);
      if (x.infoSchema().schema(statement.name) !== undefined || x.isVirtual(statement.name)) {
        return exists(statement.ifNotExists, x, 1007, `Can't create database '${statement.name}'; database exists`);
      }
      if ([...statement.name].length > 64) throw new SqlError(1059, `Identifier name '${statement.name}' is too long`);
      return run(
        createSchema(statement.name, { ...charset, query: text }),
        x,
        statement.ifNotExists ? 1007 : undefined,
      );
    }
    case 'alterDatabase': {
      const schema = schemaOf(statement.name ?? x.database, x);
      const charset = charsetOptions(statement.options, SERVER_DEFAULTS);
      return run(
        modifySchemaCharset(
          { schemaId: schema.id, schemaName: schema.db_name.O, query: text },
          charset.charset,
          charset.collate,
        ),
        x,
      );
    }
    case 'dropDatabase': {
      const schema = x.infoSchema().schema(statement.name)?.info;
      if (schema === undefined)
        return exists(statement.ifExists, x, 1008, `Can't drop database '${statement.name}'; database doesn't exist`);
      return run(
        dropSchema({ schemaId: schema.id, schemaName: schema.db_name.O, query: text }),
        x,
        statement.ifExists ? 1008 : undefined,
      );
    }
    case 'createTable':
      return runCreateTable(statement, text, x);
    case 'createView':
      return runCreateView(statement, text, x);
    case 'dropTable':
    case 'dropView':
      return runDrop(statement, text, x);
    case 'truncateTable': {
      const { target, table, schema } = tableOf(statement.name, x, text);
      if (table.view !== null) throw new SqlError(1146, `Table '${schema.db_name.O}.${table.name.O}' doesn't exist`);
      return run(truncateTable(target, table), x);
    }
    case 'renameTables': {
      // Each sees the names as those before it leave them: RENAME TABLE a TO b, c TO a.
      const moved = new Map<string, TableTarget | undefined>();
      const nameOf = (schema: string, table: string) => `${schema}.${table}`.toLowerCase();
      const renames = statement.renames.map(({ from, to }) => {
        const database = from.db ?? x.database ?? '';
        const known = nameOf(database, from.name);
        const table = moved.has(known) ? moved.get(known) : tableOf(from, x, text).target;
        if (table === undefined) throw new SqlError(1146, `Table '${database}.${from.name}' doesn't exist`);
        const target = renameTo(table, to, x, (schema, name) => {
          const key = nameOf(schema, name);
          return moved.has(key) ? moved.get(key) !== undefined : x.infoSchema().table(schema, name) !== undefined;
        });
        moved.set(known, undefined);
        moved.set(nameOf(target.schemaName, target.name), {
          ...table,
          schemaId: target.schemaId,
          schemaName: target.schemaName,
          tableName: target.name,
        });
        return { table, to: target };
      });
      const [only] = renames;
      if (renames.length === 1 && only !== undefined) return run(renameTable(only.table, only.to), x);
      return run(renameTables(renames, text), x);
    }
    case 'createIndex':
      return runAlter(
        {
          kind: 'alterTable',
          name: statement.table,
          actions: [{ kind: 'addConstraint', constraint: statement.constraint }],
        },
        text,
        x,
      );
    case 'dropIndex': {
      const action: AlterAction =
        statement.name === 'PRIMARY'
          ? { kind: 'dropPrimaryKey' }
          : { kind: 'dropIndex', name: statement.name, ifExists: statement.ifExists };
      return runAlter({ kind: 'alterTable', name: statement.table, actions: [action] }, text, x);
    }
    case 'alterTable':
      return runAlter(statement, text, x);
    case 'recoverTable':
      throw new SqlError(8200, 'Unsupported RECOVER TABLE: dropped tables are not kept');
  }
}

/** Runs a job; an error number that IF [NOT] EXISTS forgives becomes a note. */
/** Actions that may rewrite rows: their jobs say how the session converts values. */
const REORGANIZING: ReadonlySet<ActionType> = new Set([
  ActionType.AddIndex,
  ActionType.AddPrimaryKey,
  ActionType.ModifyColumn,
  ActionType.MultiSchemaChange,
]);

async function run(spec: JobSpec, x: DdlContext, forgiven?: number): Promise<void> {
  const submitted = REORGANIZING.has(spec.type) ? { ...spec, reorgMeta: newReorgMeta(x.reorgSession) } : spec;
  try {
    const { reorg_meta } = await x.ddl.run(submitted, { signal: x.signal });
    for (const { warning, count } of reorgWarnings(reorg_meta)) {
      const { code, message } = warning;
      x.warn(code, count === 1 ? message : `${count} warnings with this error code, first warning: ${message}`);
    }
  } catch (error) {
    const sql = SqlError.from(error);
    if (forgiven === undefined || sql.errno !== forgiven) throw error;
    x.note(sql.errno, sql.message);
  }
}

function exists(forgiven: boolean, x: DdlContext, code: number, message: string): void {
  if (!forgiven) throw new SqlError(code, message);
  x.note(code, message);
}

function schemaOf(name: string | undefined, x: DdlContext): DBInfo {
  if (name === undefined) throw new SqlError(1046, 'No database selected');
  if (x.isVirtual(name))
    throw new SqlError(1044, `Access denied for user 'root'@'%' to database '${name.toLowerCase()}'`);
  const schema = x.infoSchema().schema(name);
  if (schema === undefined) throw new SqlError(1049, `Unknown database '${name}'`);
  return schema.info;
}

interface Found {
  readonly table: TableInfo;
  readonly schema: DBInfo;
  readonly target: TableTarget;
}

function tableOf(name: TableName, x: DdlContext, query: string): Found {
  const db = name.db ?? x.database;
  if (db === undefined) throw new SqlError(1046, 'No database selected');
  const schema = x.infoSchema().schema(db)?.info;
  const table = x.infoSchema().table(db, name.name);
  if (schema === undefined || table === undefined) throw new SqlError(1146, `Table '${db}.${name.name}' doesn't exist`);
  return {
    table,
    schema,
    target: { schemaId: schema.id, schemaName: schema.db_name.O, tableId: table.id, tableName: table.name.O, query },
  };
}

function renameTo(
  from: TableTarget,
  to: TableName,
  x: DdlContext,
  isTaken = (schema: string, name: string) => x.infoSchema().table(schema, name) !== undefined,
): { readonly name: string; readonly schemaId: number; readonly schemaName: string } {
  const database = to.db ?? x.database;
  if (database !== undefined && x.infoSchema().schema(database) === undefined && !x.isVirtual(database)) {
    throw new SqlError(
      1025,
      `Error on rename of '${from.schemaName}.${from.tableName}' to '${database}.${to.name}' (errno: 168 - Database \`${database}\` doesn't exist)`,
    );
  }
  const schema = schemaOf(database, x);
  checkTableName(to.name);
  if (isTaken(schema.db_name.O, to.name)) {
    throw new SqlError(1050, `Table '${schema.db_name.O}.${to.name}' already exists`);
  }
  return { name: to.name, schemaId: schema.id, schemaName: schema.db_name.O };
}

async function runCreateTable(statement: CreateTable, text: string, x: DdlContext): Promise<void> {
  if (statement.temporary) throw SqlError.notYet('temporary tables');
  const { name } = statement;
  const schema = schemaOf(name.db ?? x.database, x);
  const target = { schemaId: schema.id, schemaName: schema.db_name.O, query: text };
  const taken = x.infoSchema().table(schema.db_name.O, name.name) !== undefined;
  const message = `Table '${schema.db_name.O}.${name.name}' already exists`;
  if (statement.like !== undefined) {
    const original = tableOf(statement.like, x, text);
    if (taken) return exists(statement.ifNotExists, x, 1050, message);
    return run(createTableLike(target, name.name, original.table), x, statement.ifNotExists ? 1050 : undefined);
  }
  checkEngine(statement.options);
  const defaults = { charset: schema.charset, collate: schema.collate };
  const context = { ...x, defaults };
  if (statement.query !== undefined) throw new SqlError(1105, "'CREATE TABLE ... SELECT' is not implemented yet");
  const table = buildTable(statement, context, x.clusteredByDefault, schema.db_name.O);
  if (taken) return exists(statement.ifNotExists, x, 1050, message);
  await run(createTable(target, table), x, statement.ifNotExists ? 1050 : undefined);
}

async function runCreateView(
  statement: Extract<DdlStatement, { kind: 'createView' }>,
  text: string,
  x: DdlContext,
): Promise<void> {
  const schema = schemaOf(statement.name.db ?? x.database, x);
  const node = planQuery(statement.query, x.planner);
  const columns = node.columns.map((column, index): ColumnInfo => {
    const name = statement.columns?.[index] ?? column.name;
    const { coercibility: _, ...type } = column.type;
    return newColumnInfo(name, { ...type, Flag: type.Flag & ~ColumnFlag.AutoIncrement });
  });
  if (statement.columns !== undefined && statement.columns.length !== node.columns.length) {
    throw new SqlError(
      1353,
      'In definition of view, derived table or common table expression, SELECT list and column names list have different column counts',
    );
  }
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (seen.has(name.L)) throw new SqlError(1060, `Duplicate column name '${name.O}'`);
    seen.add(name.L);
  }
  const target = { schemaId: schema.id, schemaName: schema.db_name.O, query: text };
  return run(
    createView(target, {
      name: statement.name.name,
      select: viewDefinition(statement.query, x.planner, x.database ?? schema.db_name.O),
      columns,
      orReplace: statement.orReplace,
    }),
    x,
  );
}

async function runDrop(
  statement: Extract<DdlStatement, { kind: 'dropTable' | 'dropView' }>,
  text: string,
  x: DdlContext,
): Promise<void> {
  const views = statement.kind === 'dropView';
  const missing: string[] = [];
  const found: Found[] = [];
  for (const name of statement.names) {
    const db = name.db ?? x.database;
    if (db === undefined) throw new SqlError(1046, 'No database selected');
    const shown = `${db}.${name.name}`;
    const table = x.infoSchema().table(db, name.name);
    if (table === undefined || (!views && table.view !== null)) missing.push(shown);
    else if (views && table.view === null) throw new SqlError(1347, `'${shown}' is not VIEW`);
    else found.push(tableOf(name, x, text));
  }
  for (const { target } of found)
    await run(views ? dropView(target) : dropTable(target), x, statement.ifExists ? 1051 : undefined);
  if (missing.length > 0 && !statement.ifExists) throw new SqlError(1051, `Unknown table '${missing.join(',')}'`);
  for (const each of missing) x.note(1051, `Unknown table '${each}'`);
}

async function runAlter(statement: AlterTable, text: string, x: DdlContext): Promise<void> {
  const found = tableOf(statement.name, x, text);
  const { table } = found;
  if (table.view !== null) throw new SqlError(1347, `'${found.schema.db_name.O}.${table.name.O}' is not BASE TABLE`);
  const context = { ...x, defaults: { charset: table.charset, collate: table.collate } };
  const specs: JobSpec[] = [];
  for (const action of statement.actions) specs.push(...alterSpecs(action, found, context));
  const [only] = specs;
  if (only === undefined) return;
  if (specs.length === 1) return run(only, x);
  await run(multiSchemaChange(found.target, specs), x);
}

function alterSpecs(action: AlterAction, found: Found, x: DdlContext): JobSpec[] {
  const { table, target, schema } = found;
  switch (action.kind) {
    case 'addColumn':
      return action.columns.flatMap((definition) => addColumnSpecs(definition, action, found, x));
    case 'dropColumn': {
      const column = findColumn(table, action.name);
      const message = `Can't DROP '${action.name}'; check that column/key exists`;
      if (column === undefined) {
        exists(action.ifExists, x, 1091, message);
        return [];
      }
      if (table.pk_is_handle && (column.type.Flag & ColumnFlag.PrimaryKey) !== 0)
        throw new SqlError(8200, 'Unsupported drop integer primary key');
      refuseDependent(table, column);
      refuseOfForeignKey(table, column);
      if (visibleColumns(table).length === 1)
        throw new SqlError(1090, `can't drop only column ${column.name.O} in table ${table.name.O}`);
      return [dropColumn(target, column.name.O)];
    }
    case 'modifyColumn': {
      const old = requireColumn(table, action.from);
      refuseConstraints(action.column);
      if (action.column.name.toLowerCase() !== old.name.L) refuseDependent(table, old);
      const becomesPlain = !action.column.options.some(({ kind }) => kind === 'generated');
      if (old.generated_expr_string !== '' && !old.generated_stored && becomesPlain)
        throw new SqlError(3106, "'Changing the STORED status' is not supported for generated columns.");
      if (
        !becomesPlain &&
        table.index_info.some((index) => index.idx_cols.some((part) => part.offset === old.offset))
      ) {
        throw new SqlError(3106, "'modifying an indexed column' is not supported for generated columns.");
      }
      const built = buildColumn(action.column, x);
      const kept = old.type.Flag & (ColumnFlag.PrimaryKey | ColumnFlag.UniqueKey | ColumnFlag.MultipleKey);
      let flag = built.info.type.Flag | kept;
      if ((kept & ColumnFlag.PrimaryKey) !== 0) {
        flag |= ColumnFlag.NotNull | (built.info.default === null ? ColumnFlag.NoDefaultValue : 0);
      }
      const info = { ...built.info, type: { ...built.info.type, Flag: flag } };
      checkTypeChange(old.type, info.type);
      checkAutoIncrement(old.type, info.type, x.canRemoveAutoIncrement);
      checkCollationChange(old, info.type.Collate, table);
      const position = action.position === undefined ? undefined : positionOf(action.position, table);
      return [modifyColumn(target, old.name.O, info, position)];
    }
    case 'renameColumn': {
      const old = requireColumn(table, action.from);
      if (findColumn(table, action.to) !== undefined && action.to.toLowerCase() !== old.name.L)
        throw new SqlError(1060, `Duplicate column name '${action.to}'`);
      refuseDependent(table, old);
      return [renameColumn(target, old, action.to)];
    }
    case 'setDefault': {
      const column = requireColumn(table, action.column);
      const notNull = (column.type.Flag & ColumnFlag.NotNull) !== 0;
      const value = action.value === undefined ? {} : defaultOf(column.name.O, column.type, action.value, notNull, x);
      const flag =
        action.value === undefined ? column.type.Flag | Flag.NoDefaultValue : column.type.Flag & ~Flag.NoDefaultValue;
      return [
        setDefaultValue(target, {
          ...column,
          default: null,
          default_bit: null,
          default_is_expr: false,
          ...value,
          type: { ...column.type, Flag: flag },
        }),
      ];
    }
    case 'addConstraint':
      return constraintSpecs(action.constraint, found, x);
    case 'dropIndex': {
      const index = table.index_info.find((each) => each.idx_name.L === action.name.toLowerCase());
      if (index === undefined) {
        exists(action.ifExists, x, 1091, `index ${action.name} doesn't exist`);
        return [];
      }
      return [index.is_primary ? dropPrimaryKey(target) : dropIndex(target, index.idx_name.O)];
    }
    case 'dropPrimaryKey':
      if (table.pk_is_handle || table.is_common_handle)
        throw new SqlError(8200, 'Unsupported drop primary key when the table is using clustered index');
      if (!table.index_info.some((each) => each.is_primary))
        throw new SqlError(1091, "Can't DROP 'PRIMARY'; check that column/key exists");
      return [dropPrimaryKey(target)];
    case 'dropForeignKey':
      if (!table.fk_info?.some((key) => key.fk_name.L === action.name.toLowerCase()))
        throw new SqlError(1091, `Can't DROP '${action.name}'; check that column/key exists`);
      return [dropForeignKey(target, action.name)];
    case 'renameIndex': {
      requireIndex(table, action.from);
      if (action.from.toLowerCase() !== action.to.toLowerCase() && hasIndex(table, action.to))
        throw new SqlError(1061, `Duplicate key name '${action.to}'`);
      return [renameIndex(target, action.from, action.to)];
    }
    case 'indexVisibility':
      requireIndex(table, action.name);
      return [alterIndexVisibility(target, action.name, action.invisible)];
    case 'renameTable': {
      const same = (action.to.db ?? schema.db_name.O).toLowerCase() === schema.db_name.L;
      if (same && action.to.name.toLowerCase() === table.name.L) return [];
      return [renameTable(target, renameTo(target, action.to, x))];
    }
    case 'options':
      return optionSpecs(action.options, found, x);
    case 'convertCharset': {
      const charset = charsetOptions(
        [
          ...(action.charset === '' ? [] : [{ name: 'CHARSET', value: action.charset }]),
          ...(action.collate === undefined ? [] : [{ name: 'COLLATE', value: action.collate }]),
        ],
        { charset: schema.charset, collate: schema.collate },
      );
      checkCharsetChange(table.charset, charset.charset);
      for (const column of visibleColumns(table)) {
        if (isStringType(column.type) && column.type.Charset !== 'binary') {
          checkCharsetChange(column.type.Charset, charset.charset);
          checkCollationChange(column, charset.collate, table);
        }
      }
      return [modifyTableCharset(target, charset.charset, { collate: charset.collate, convertColumns: true })];
    }
    case 'addPartition':
    case 'dropPartition':
    case 'truncatePartition':
      if (table.partition === null)
        throw new SqlError(1505, 'Partition management on a not partitioned table is not possible');
      throw new SqlError(8200, 'Unsupported change of partitions: tables with partitions are not implemented');
    case 'accepted':
      if (action.what === 'DROP CHECK' || action.what === 'ALTER CHECK')
        x.warn(8231, `${action.what} is not supported`);
      return [];
    case 'unsupported':
      throw new SqlError(8200, `Unsupported ${action.what}`);
  }
}

/** Error 1828 for a column of a foreign key. */
function refuseOfForeignKey(table: TableInfo, column: ColumnInfo): void {
  const key = table.fk_info?.find(({ cols }) => cols.some(({ L }) => L === column.name.L));
  if (key === undefined) return;
  throw new SqlError(
    1828,
    `Cannot drop column '${column.name.O}': needed in a foreign key constraint '${key.fk_name.O}'`,
  );
}

/** Error 3108 for a column that a generated one is computed from. */
function refuseDependent(table: TableInfo, column: ColumnInfo): void {
  const dependent = visibleColumns(table).some((each) => column.name.L in (each.dependences ?? {}));
  if (dependent) throw new SqlError(3108, `Column '${column.name.O}' has a generated column dependency.`);
}

/** Index entries are not rewritten: a text column in an index keeps a collation that orders alike. Error 8200. */
function checkCollationChange(column: ColumnInfo, collate: string, table: TableInfo): void {
  const from = column.type.Collate;
  if (from === 'binary' || collate === 'binary' || areCompatibleCollations(from, collate)) return;
  if (table.index_info.some((index) => index.idx_cols.some((part) => part.name.L === column.name.L))) {
    throw new SqlError(8200, `Unsupported modifying collation from ${from} to ${collate}`);
  }
}

function hasIndex(table: TableInfo, name: string): boolean {
  return table.index_info.some((each) => each.idx_name.L === name.toLowerCase());
}

function requireIndex(table: TableInfo, name: string): void {
  if (!hasIndex(table, name)) throw new SqlError(1176, `Key '${name}' doesn't exist in table '${table.name.O}'`);
}

function visibleColumns(table: TableInfo): readonly ColumnInfo[] {
  return table.cols.filter((each) => each.state === 5 && !each.hidden);
}

function findColumn(table: TableInfo, name: string): ColumnInfo | undefined {
  return visibleColumns(table).find((each) => each.name.L === name.toLowerCase());
}

function requireColumn(table: TableInfo, name: string): ColumnInfo {
  const column = findColumn(table, name);
  if (column === undefined) throw new SqlError(1054, `Unknown column '${name}' in '${table.name.O}'`);
  return column;
}

function positionOf(
  position: { readonly first: boolean; readonly after?: string | undefined },
  table: TableInfo,
): 'first' | { readonly after: string } {
  if (position.first) return 'first';
  return { after: requireColumn(table, position.after ?? '').name.O };
}

function addColumnSpecs(
  definition: Parameters<typeof buildColumn>[0],
  action: Extract<AlterAction, { kind: 'addColumn' }>,
  found: Found,
  x: DdlContext,
): JobSpec[] {
  const { table, target, schema } = found;
  const position = action.position === undefined ? 'last' : positionOf(action.position, table);
  if (findColumn(table, definition.name) !== undefined) {
    exists(action.ifNotExists, x, 1060, `Duplicate column name '${definition.name}'`);
    return [];
  }
  const built = buildColumn(definition, x);
  const refuse = (what: string) =>
    new SqlError(
      8200,
      `unsupported add column '${definition.name}' constraint ${what} when altering '${schema.db_name.O}.${table.name.O}'`,
    );
  if (built.autoIncrement) throw refuse('AUTO_INCREMENT');
  if (built.constraints.some((each) => each.kind === 'primary')) throw refuse('PRIMARY KEY');
  if (built.constraints.some((each) => each.kind === 'unique')) throw refuse('UNIQUE KEY');
  if (built.info.generated_stored)
    throw new SqlError(
      3106,
      "'Adding generated stored column through ALTER TABLE' is not supported for generated columns.",
    );
  const info = withOrigin(built.info, x);
  checkGenerated({ ...table, cols: [...table.cols, { ...info, offset: table.cols.length }] }, x);
  return [addColumn(target, info, position)];
}

/** The value that rows written before show in a new column: its default, or the zero of its type; CURRENT_TIMESTAMP is the time of the statement. */
function withOrigin(column: ColumnInfo, x: DdlContext): ColumnInfo {
  const isNow = typeof column.default === 'string' && /^current_timestamp/i.test(column.default);
  if (isNow) {
    const now = new Date(x.evaluation.nowMs).toISOString().slice(0, 19).replace('T', ' ');
    return { ...column, origin_default: now };
  }
  const hasDefault = column.default !== null || (column.default_bit ?? '') !== '';
  if (!hasDefault && isNotNull(column.type) && column.generated_expr_string === '') {
    const bits = column.type.Tp === Tp.Bit ? { origin_default_bit: '' } : {};
    return { ...column, origin_default: zeroText(column.type), ...bits };
  }
  return { ...column, origin_default: column.default, origin_default_bit: column.default_bit ?? null };
}

/** The zero of a type, as TiDB writes it where a column gets its first value. */
function zeroText(type: FieldType): string {
  if (type.Tp === Tp.Bit || isBinaryString(type)) return '';
  if (type.Tp === Tp.Year) return '0000';
  return type.Tp === Tp.NewDecimal ? '0' : toText(zeroValue(type));
}

function constraintSpecs(constraint: Constraint, found: Found, x: DdlContext): JobSpec[] {
  const { table, target } = found;
  if (constraint.kind === 'check') {
    x.warn(8231, 'ADD CONSTRAINT CHECK is not supported');
    return [];
  }
  if (constraint.kind === 'foreign') {
    const key = buildForeignKey(constraint, visibleColumns(table), table.max_fk_id + 1, target.schemaName, x);
    if (table.fk_info?.some((each) => each.fk_name.L === key.fk_name.L))
      throw new SqlError(1826, `Duplicate foreign key constraint name '${key.fk_name.O}'`);
    return [addForeignKey(target, key)];
  }
  if (constraint.kind === 'fulltext') {
    x.warn(1214, "The used table type doesn't support FULLTEXT indexes");
    return [];
  }
  const columns = visibleColumns(table);
  const taken = new Set(table.index_info.map((each) => each.idx_name.L));
  if (constraint.kind === 'primary') {
    if (table.pk_is_handle || taken.has('primary')) throw new SqlError(1068, 'Multiple primary key defined');
    if (constraint.options.clustered === true)
      throw new SqlError(8200, 'Unsupported add primary key with clustered index: create the table with it');
    return [addPrimaryKey(target, buildIndex(constraint, columns, new Set()).idx_cols)];
  }
  if (constraint.name !== undefined && taken.has(constraint.name.toLowerCase())) {
    exists(constraint.ifNotExists ?? false, x, 1061, `index already exist ${constraint.name}`);
    return [];
  }
  return [addIndex(target, buildIndex(constraint, columns, taken))];
}

/** Error 8200 unless every text of the old character set is one of the new: utf8 to utf8mb4, ascii and latin1 to both. */
function checkCharsetChange(from: string, to: string): void {
  if (from === to || (from === 'utf8' && to === 'utf8mb4') || (from === 'ascii' && to !== 'binary')) return;
  throw new SqlError(8200, `Unsupported modify charset from ${from} to ${to}`);
}

function optionSpecs(options: readonly TableOption[], { table, target }: Found, x: DdlContext): JobSpec[] {
  checkEngine(options);
  const specs: JobSpec[] = [];
  if (options.some(({ name }) => name === 'CHARSET' || name === 'COLLATE')) {
    const charset = charsetOptions(options, { charset: table.charset, collate: table.collate });
    checkCharsetChange(table.charset, charset.charset);
    specs.push(modifyTableCharset(target, charset.charset, { collate: charset.collate }));
  }
  for (const { name, value } of options) {
    if (name === 'COMMENT') specs.push(modifyTableComment(target, String(value)));
    else if (name === 'AUTO_INCREMENT' && typeof value === 'bigint') specs.push(rebaseAutoId(target, value));
    else if (!['CHARSET', 'COLLATE', 'ENGINE', 'ROW_FORMAT', 'FORCE'].includes(name))
      x.warn(1105, `The option ${name} has no effect`);
  }
  return specs;
}
