import {
  addColumn,
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
  rebaseAutoId,
  renameColumn,
  renameIndex,
  renameTable,
  renameTables,
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
import { Flag } from '../types/field-type.js';
import { buildColumn, type ColumnContext, defaultOf } from './column-definition.js';
import {
  buildIndex,
  buildTable,
  charsetOptions,
  checkEngine,
  checkGenerated,
  checkTableName,
} from './table-definition.js';

/** What a DDL statement works with. */
export interface DdlContext extends ColumnContext {
  readonly ddl: Ddl;
  readonly database: string | undefined;
  readonly clusteredByDefault: 'ON' | 'OFF' | 'INT_ONLY';
  readonly signal: AbortSignal | undefined;
  infoSchema(): InfoSchema;
  isVirtual(database: string): boolean;
  note(code: number, message: string): void;
  /** CREATE TABLE … SELECT: fills the new table. */
  fill?(table: TableName, statement: CreateTable): Promise<void>;
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
      const { target, table } = tableOf(statement.name, x, text);
      return run(truncateTable(target, table), x);
    }
    case 'renameTables': {
      const renames = statement.renames.map(({ from, to }) => ({
        table: tableOf(from, x, text).target,
        to: renameTo(to, x),
      }));
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
async function run(spec: JobSpec, x: DdlContext, forgiven?: number): Promise<void> {
  try {
    await x.ddl.run(spec, { signal: x.signal });
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
  to: TableName,
  x: DdlContext,
): { readonly name: string; readonly schemaId: number; readonly schemaName: string } {
  const schema = schemaOf(to.db ?? x.database, x);
  checkTableName(to.name);
  if (x.infoSchema().table(schema.db_name.O, to.name) !== undefined) {
    throw new SqlError(1050, `Table '${schema.db_name.O}.${to.name}' already exists`);
  }
  return { name: to.name, schemaId: schema.id, schemaName: schema.db_name.O };
}

async function runCreateTable(statement: CreateTable, text: string, x: DdlContext): Promise<void> {
  if (statement.temporary) throw new SqlError(1235, "This version of TiDB doesn't yet support 'temporary tables'");
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
  const whole =
    statement.query === undefined
      ? statement
      : { ...statement, columns: [...statement.columns, ...selectedColumns(statement, x)] };
  const table = buildTable(whole, context, x.clusteredByDefault);
  if (taken) return exists(statement.ifNotExists, x, 1050, message);
  await run(createTable(target, table), x, statement.ifNotExists ? 1050 : undefined);
  if (statement.query !== undefined) await x.fill?.({ db: schema.db_name.O, name: name.name }, statement);
}

function selectedColumns(statement: CreateTable, x: DdlContext): never[] {
  void x;
  throw new SqlError(
    1235,
    `This version of TiDB doesn't yet support 'CREATE TABLE ${statement.name.name} … SELECT'; create the table, then INSERT … SELECT`,
  );
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
    return newColumnInfo(name, {
      ...column.type,
      Flag:
        column.type.Flag &
        ~(ColumnFlag.PrimaryKey | ColumnFlag.UniqueKey | ColumnFlag.MultipleKey | ColumnFlag.AutoIncrement),
    });
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
    createView(target, { name: statement.name.name, select: statement.text, columns, orReplace: statement.orReplace }),
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
  if (missing.length > 0 && !statement.ifExists) throw new SqlError(1051, `Unknown table '${missing.join(',')}'`);
  for (const each of missing) x.note(1051, `Unknown table '${each}'`);
  for (const { target } of found)
    await run(views ? dropView(target) : dropTable(target), x, statement.ifExists ? 1051 : undefined);
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
      if (visibleColumns(table).length === 1)
        throw new SqlError(1090, `can't drop only column ${column.name.O} in table ${table.name.O}`);
      return [dropColumn(target, column.name.O)];
    }
    case 'modifyColumn': {
      const old = requireColumn(table, action.from);
      const built = buildColumn(action.column, x);
      const info = {
        ...built.info,
        type: {
          ...built.info.type,
          Flag:
            built.info.type.Flag |
            (old.type.Flag & (ColumnFlag.PrimaryKey | ColumnFlag.UniqueKey | ColumnFlag.MultipleKey)),
        },
      };
      const position = action.position === undefined ? undefined : positionOf(action.position, table);
      return [
        modifyColumn(target, old.name.O, info, position),
        ...built.constraints.flatMap((each) => constraintSpecs(each, found, x)),
      ];
    }
    case 'renameColumn': {
      const old = requireColumn(table, action.from);
      if (findColumn(table, action.to) !== undefined && action.to.toLowerCase() !== old.name.L)
        throw new SqlError(1060, `Duplicate column name '${action.to}'`);
      return [renameColumn(target, old, action.to)];
    }
    case 'setDefault': {
      const column = requireColumn(table, action.column);
      const notNull = (column.type.Flag & ColumnFlag.NotNull) !== 0;
      const value = action.value === undefined ? {} : defaultOf(column.name.O, column.type, action.value, notNull, x);
      const flag =
        action.value === undefined && notNull
          ? column.type.Flag | Flag.NoDefaultValue
          : column.type.Flag & ~Flag.NoDefaultValue;
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
      throw new SqlError(1091, `Can't DROP '${action.name}'; check that column/key exists`);
    case 'renameIndex': {
      if (!table.index_info.some((each) => each.idx_name.L === action.from.toLowerCase()))
        throw new SqlError(1176, `Key '${action.from}' doesn't exist in table '${table.name.O}'`);
      return [renameIndex(target, action.from, action.to)];
    }
    case 'indexVisibility':
      if (!table.index_info.some((each) => each.idx_name.L === action.name.toLowerCase()))
        throw new SqlError(1176, `Key '${action.name}' doesn't exist in table '${table.name.O}'`);
      return [alterIndexVisibility(target, action.name, action.invisible)];
    case 'renameTable': {
      const to = renameTo(action.to, x);
      return [renameTable(target, to)];
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
      return [modifyTableCharset(target, charset.charset, { collate: charset.collate, convertColumns: true })];
    }
    case 'addPartition':
    case 'dropPartition':
    case 'truncatePartition':
      if (table.partition === null)
        throw new SqlError(1505, 'Partition management on a not partitioned table is not possible');
      throw new SqlError(8200, 'Unsupported change of partitions: tables with partitions are not implemented');
    case 'accepted':
      return [];
    case 'unsupported':
      throw new SqlError(8200, `Unsupported ${action.what}`);
  }
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

/** The value that rows written before show in a new column: its default; CURRENT_TIMESTAMP is the time of the statement. */
function withOrigin(column: ColumnInfo, x: DdlContext): ColumnInfo {
  const isNow = typeof column.default === 'string' && /^current_timestamp/i.test(column.default);
  if (isNow) {
    const now = new Date(x.evaluation.nowMs).toISOString().slice(0, 19).replace('T', ' ');
    return { ...column, origin_default: now };
  }
  return { ...column, origin_default: column.default, origin_default_bit: column.default_bit ?? null };
}

function constraintSpecs(constraint: Constraint, found: Found, x: DdlContext): JobSpec[] {
  const { table, target } = found;
  if (constraint.kind === 'check' || constraint.kind === 'foreign') {
    x.warn(1105, `${constraint.kind === 'check' ? 'CHECK' : 'FOREIGN KEY'} constraints are parsed but not enforced`);
    return [];
  }
  if (constraint.kind === 'fulltext') throw new SqlError(1214, "The used table type doesn't support FULLTEXT indexes");
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

function optionSpecs(options: readonly TableOption[], { table, target }: Found, x: DdlContext): JobSpec[] {
  checkEngine(options);
  const specs: JobSpec[] = [];
  if (options.some(({ name }) => name === 'CHARSET' || name === 'COLLATE')) {
    const charset = charsetOptions(options, { charset: table.charset, collate: table.collate });
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
