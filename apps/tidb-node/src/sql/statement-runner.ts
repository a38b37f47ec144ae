import { executeAdmin } from './admin/admin.js';
import { executeDdl } from './ddl/execute-ddl.js';
import type { SqlEngine } from './engine.js';
import { SqlError } from './errors.js';
import { executeInsert } from './execute/insert.js';
import type { WriteResult } from './execute/statement.js';
import { executeDelete, executeUpdate } from './execute/update.js';
import type { Query } from './parse/ast.js';
import type { DdlStatement } from './parse/ddl-ast.js';
import type { ParsedStatement, Statement } from './parse/statement.js';
import { compile } from './plan/compile.js';
import { generatedColumns, tableColumns } from './plan/from.js';
import type { Node, Runtime } from './plan/node.js';
import { holds, planQuery } from './plan/query.js';
import { Scope } from './plan/scope.js';
import { some } from './plan/walk.js';
import { executeControl } from './session-control.js';
import type { SessionState } from './session-state.js';
import { executeShow } from './show/show.js';
import { type ShowResult, showResult } from './show/show-result.js';
import { autoIncrementOf } from './show/tables.js';
import { type ExecuteSettings, StatementScope } from './statement-scope.js';
import { resultColumn, stringType } from './types/field-type.js';
import { toDouble } from './types/number.js';
import type { Row, SqlValue } from './types/value.js';
import type { OkResult, ResultColumn, ResultSet, StatementResult } from './types.js';

const DDL = new Set([
  'createTable',
  'alterTable',
  'createDatabase',
  'alterDatabase',
  'dropDatabase',
  'dropTable',
  'dropView',
  'truncateTable',
  'renameTables',
  'createIndex',
  'dropIndex',
  'createView',
  'recoverTable',
]);

function isDdl(statement: Statement): statement is DdlStatement {
  return DDL.has(statement.kind);
}

/** Runs statements for one session. */
export class StatementRunner {
  constructor(
    private readonly engine: SqlEngine,
    private readonly state: SessionState,
  ) {}

  async run(
    parsed: ParsedStatement,
    values: readonly SqlValue[],
    settings: ExecuteSettings,
    more: boolean,
  ): Promise<StatementResult> {
    const { statement } = parsed;
    const { state } = this;
    const keepsWarnings =
      statement.kind === 'show' &&
      (statement.what === 'warnings' || statement.what === 'errors' || statement.what === 'warningCount');
    if (!keepsWarnings && !readsDiagnostics(statement)) state.begin();
    switch (statement.kind) {
      case 'select':
      case 'union':
        return this.query(statement, values, settings, more);
      case 'insert':
      case 'update':
      case 'delete':
        return this.write(statement, values, settings, more);
      case 'show':
        return this.show(statement, settings, more);
      case 'explain':
        return this.explain(statement.statement, values, settings, more);
      case 'admin': {
        const result = await this.admin(statement, settings);
        return result === undefined ? this.ok(more) : this.rows(result, more);
      }
      case 'executePrepared': {
        const inner = state.prepared.get(statement.name.toLowerCase());
        if (inner === undefined) throw new SqlError(8111, 'Prepared statement not found');
        if (inner.parameters !== statement.variables.length) throw new SqlError(8112, 'Wrong parameter count');
        return this.run(
          inner,
          statement.variables.map((name) => state.userVariable(name)),
          settings,
          more,
        );
      }
    }
    if (isDdl(statement)) return this.ddl(statement, parsed.text, settings, more);
    const result = await executeControl(statement, {
      engine: this.engine,
      state,
      settings,
      describe: (inner) => this.describe(inner),
    });
    return result === undefined ? this.ok(more) : this.rows(result, more);
  }

  /** The columns that a statement will give, for prepare. */
  async describe(parsed: ParsedStatement): Promise<readonly ResultColumn[]> {
    const { statement } = parsed;
    if (statement.kind !== 'select' && statement.kind !== 'union') return [];
    const scope = await StatementScope.open(this.engine, this.state, [], {});
    try {
      return planQuery(statement, scope.planner).columns.map((column) => resultColumn(column.type, shownName(column)));
    } finally {
      await scope.close();
    }
  }

  private ok(more: boolean, result: Partial<WriteResult> = {}): OkResult {
    const { state } = this;
    const affectedRows = result.affected ?? 0n;
    state.rowCount = affectedRows;
    return {
      kind: 'ok',
      affectedRows,
      lastInsertId: result.lastInsertId ?? 0n,
      info: withWarnings(result.info ?? '', state.warnings.length),
      warnings: state.warnings.length,
      more,
    };
  }

  private rows({ columns, rows }: ShowResult, more: boolean): ResultSet {
    const { state } = this;
    state.rowCount = -1n;
    return {
      kind: 'rows',
      columns: columns.map((column) => resultColumn(column.type, shownName(column))),
      rows: once(rows),
      get warnings() {
        return state.warnings.length;
      },
      more,
    };
  }

  private async query(
    written: Query,
    values: readonly SqlValue[],
    settings: ExecuteSettings,
    more: boolean,
  ): Promise<StatementResult> {
    const { state } = this;
    await sleepFirst(written, values, settings);
    const query = await state.userLocks.run(written, values, settings.signal);
    const scope = await StatementScope.open(this.engine, state, values, settings, 'query');
    try {
      const lock = query.kind === 'select' && query.lock === 'update' && state.transaction !== undefined;
      const node = planQuery(query, scope.planner);
      const reader = await scope.reader(node);
      const runtime: Runtime = scope.runtime(reader, lock ? state.transaction?.txn : undefined);
      await scope.runSubqueries(runtime);
      scope.use();
      return {
        kind: 'rows',
        columns: node.columns.map((column) => resultColumn(column.type, shownName(column))),
        rows: this.stream(node, runtime, scope),
        get warnings() {
          return state.warnings.length;
        },
        more,
      };
    } catch (error) {
      await scope.close();
      throw error;
    }
  }

  private async *stream(node: Node, runtime: Runtime, scope: StatementScope): AsyncGenerator<readonly Row[]> {
    const { state } = this;
    let count = 0n;
    try {
      for await (const batch of node.run(runtime)) {
        scope.checkAlive();
        count += BigInt(batch.length);
        yield batch;
      }
      state.foundRows = count;
      state.rowCount = -1n;
    } finally {
      await scope.close();
    }
  }

  /** Runs a writing statement; on its own, conflicts run it again as TiDB's automatic retry does. */
  private async write(
    statement: Extract<Statement, { kind: 'insert' | 'update' | 'delete' }>,
    values: readonly SqlValue[],
    settings: ExecuteSettings,
    more: boolean,
  ): Promise<OkResult> {
    const { state } = this;
    const limit = Number(state.variables.get('tidb_retry_limit') ?? 10);
    for (let attempt = 0; ; attempt++) {
      const scope = await StatementScope.open(this.engine, state, values, settings, 'write');
      const mark = scope.mark();
      try {
        const s = scope.writeStatement();
        const result = await (statement.kind === 'insert'
          ? executeInsert(statement, s)
          : statement.kind === 'update'
            ? executeUpdate(statement, s)
            : executeDelete(statement, s));
        scope.use();
        await scope.finishWrite();
        const given = state.givenInsertId;
        if (given === undefined && result.generatedId !== undefined) state.lastInsertId = result.generatedId;
        return this.ok(more, given === undefined ? result : { ...result, lastInsertId: given });
      } catch (error) {
        await scope.abandonWrite(mark);
        const retryable = (error as { readonly retryable?: unknown }).retryable === true;
        if (!scope.ownsTransaction || !retryable || attempt >= limit) throw error;
        state.begin();
        await pause(Math.min(2 ** attempt, 100) * (0.5 + Math.random()), settings.signal);
      }
    }
  }

  private async ddl(
    statement: DdlStatement,
    text: string,
    settings: ExecuteSettings,
    more: boolean,
  ): Promise<OkResult> {
    const { state, engine } = this;
    await state.transaction?.commit(engine.services.binlogEnabled, settings.signal);
    state.transaction = undefined;
    const scope = await StatementScope.open(engine, state, [], settings);
    // The schema is not held while the job runs: metadata lock would make it wait for this statement.
    await scope.close();
    const rules = state.writeRules;
    await executeDdl(statement, text, {
      ddl: engine.services.ddl,
      planner: scope.planner,
      evaluation: scope.evaluation,
      database: state.database,
      defaults: { charset: 'utf8mb4', collate: 'utf8mb4_bin' },
      strict: rules.strict,
      noZeroDate: rules.noZeroDate,
      clusteredByDefault: (state.variables.get('tidb_enable_clustered_index') ?? 'ON') as 'ON' | 'OFF' | 'INT_ONLY',
      canRemoveAutoIncrement: state.variables.flag('tidb_allow_remove_auto_inc'),
      reorgSession: state.reorgSession,
      signal: settings.signal,
      infoSchema: () => engine.services.domain.infoSchema(),
      isVirtual: (name) => state.virtual.database(name) !== undefined,
      warn: (code, message) => state.warn('Warning', code, message),
      note: (code, message) => state.warn('Note', code, message),
    });
    if (statement.kind === 'dropDatabase' && state.database?.toLowerCase() === statement.name.toLowerCase())
      state.database = undefined;
    return this.ok(more);
  }

  private async show(
    statement: Extract<Statement, { kind: 'show' }>,
    settings: ExecuteSettings,
    more: boolean,
  ): Promise<ResultSet> {
    const { state, engine } = this;
    const { domain, pumps, drainers, status } = engine.services;
    const infoSchema = state.transaction?.hold.infoSchema ?? domain.infoSchema();
    const result = await executeShow(statement, {
      infoSchema,
      database: state.database,
      zone: state.timeZone,
      warnings: state.warnings,
      virtualDatabases: state.virtual.names,
      timestamp: () => domain.storage.timestamp({ signal: settings.signal }),
      autoIncrement: (table) => autoIncrementOf(table, domain.autoIds),
      tableNames: (database) =>
        state.virtual.database(database) !== undefined
          ? state.virtual.list(database).map(({ name }) => ({ name, type: 'SYSTEM VIEW' }))
          : [...(infoSchema.schema(database)?.tables.values() ?? [])]
              .map((table) => ({ name: table.name.O, type: table.view === null ? 'BASE TABLE' : 'VIEW' }))
              .sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1)),
      virtualColumns: (database, name) =>
        infoSchema.table(database, name) !== undefined
          ? undefined
          : state.virtual.table(database, name)?.columns.map((column) => [column.name, 'varchar', 'YES', '', null, '']),
      nextAutoId: (table, schema) => domain.autoIds.peek({ table, schema }),
      variables: (global) => state.variables.list(global),
      status: () => ({
        Uptime: String(Math.floor(process.uptime())),
        Threads_connected: String(engine.processes().length),
        Ssl_cipher: state.owner.tls?.cipher ?? '',
        Ssl_version: state.owner.tls?.version ?? '',
        ...status?.(),
      }),
      processes: () => engine.processes(),
      pumps: async () => (await pumps?.()) ?? [],
      drainers: async () => (await drainers?.()) ?? [],
    });
    if (statement.filter.where === undefined) return this.rows(result, more);
    const scope = await StatementScope.open(engine, state, [], settings);
    await scope.close();
    const filter = compile(statement.filter.where, scope.planner.context(new Scope(result.columns), 'where clause'));
    return this.rows({ ...result, rows: result.rows.filter((row) => holds(filter, row, scope)) }, more);
  }

  private async admin(
    statement: Extract<Statement, { kind: 'admin' }>,
    settings: ExecuteSettings,
  ): Promise<ShowResult | undefined> {
    const { state, engine } = this;
    const { domain, ddl, servers } = engine.services;
    const scope = await StatementScope.open(engine, state, [], settings);
    try {
      const result = await executeAdmin(statement, {
        ddl,
        infoSchema: scope.infoSchema,
        database: state.database,
        zone: state.timeZone,
        selfId: domain.nodeId,
        signal: settings.signal,
        servers: async () => (await servers?.()) ?? [],
        snapshot: () => domain.storage.present({ signal: settings.signal }),
        generate: (table, row) => {
          const columns = generatedColumns(
            table,
            new Scope(tableColumns(table, '', undefined)),
            scope.planner,
            'virtual',
          );
          for (const { offset, compiled } of columns) row[offset] = compiled.evaluate(row, scope.evaluation);
        },
      });
      if (result === undefined || statement.what !== 'showDdlJobs' || statement.where === undefined) return result;
      const filter = compile(statement.where, scope.planner.context(new Scope(result.columns), 'where clause'));
      return { ...result, rows: result.rows.filter((row) => holds(filter, row, scope)) };
    } finally {
      await scope.close();
    }
  }

  private async explain(
    statement: Statement,
    values: readonly SqlValue[],
    settings: ExecuteSettings,
    more: boolean,
  ): Promise<ResultSet> {
    const scope = await StatementScope.open(this.engine, this.state, values, settings);
    try {
      let query: Query;
      if (statement.kind === 'select' || statement.kind === 'union') query = statement;
      else if (statement.kind === 'update' || statement.kind === 'delete') {
        query = {
          kind: 'select',
          with: [],
          distinct: false,
          items: [{ kind: 'star' }],
          from: statement.from,
          where: statement.where,
          groupBy: [],
          orderBy: statement.orderBy,
          limit: statement.limit,
        };
      } else
        query = {
          kind: 'select',
          with: [],
          distinct: false,
          items: [{ kind: 'expression', expression: { kind: 'literal', literal: 'integer', value: 1n, text: '1' } }],
          groupBy: [],
          orderBy: [],
        };
      const lines = planQuery(query, scope.planner).explain();
      const verb =
        statement.kind === 'insert'
          ? 'Insert'
          : statement.kind === 'update'
            ? 'Update'
            : statement.kind === 'delete'
              ? 'Delete'
              : undefined;
      const top = verb === undefined ? [] : [{ id: verb, rows: 'N/A', task: 'root', object: '', info: 'N/A' }];
      const numbered = [...top, ...lines].map((line, index, all) => [
        line.id.replace(/(\(\w+\))?$/, `_${all.length - index}$1`),
        line.rows,
        line.task,
        line.object,
        line.info,
      ]);
      const wide = { ...stringType(16_777_216), Tp: 254, Flag: 32 };
      return this.rows(
        showResult(
          (['id', 'estRows', 'task', 'access object', 'operator info'] as const).map((name) => [name, wide] as const),
          numbered,
        ),
        more,
      );
    } finally {
      await scope.close();
    }
  }
}

/** The names of a result's column; a column that is computed has no table. */
function shownName(column: {
  readonly name: string;
  readonly orgName: string;
  readonly table: string;
  readonly orgTable: string;
  readonly db: string;
}): Pick<ResultColumn, 'name' | 'orgName' | 'table' | 'orgTable' | 'db'> {
  const { name, orgName, table, orgTable, db } = column;
  return { name, orgName, table, orgTable, db };
}

async function* once(rows: readonly SqlValue[][]): AsyncGenerator<readonly Row[]> {
  if (rows.length > 0) yield rows.map((row) => [...row]);
}

function withWarnings(info: string, warnings: number): string {
  return info.replace('Warnings: 0', `Warnings: ${warnings}`);
}

/** `SELECT @@warning_count` must not clear what it asks for. */
function readsDiagnostics(statement: Statement): boolean {
  if (statement.kind !== 'select') return false;
  return statement.items.some(
    (item) =>
      item.kind === 'expression' &&
      item.expression.kind === 'systemVariable' &&
      /^(warning|error)_count$/.test(item.expression.name),
  );
}

/** SLEEP(n) in a SELECT list waits before the rows are made. Error 1317 when the statement is killed meanwhile. */
async function sleepFirst(query: Query, values: readonly SqlValue[], settings: ExecuteSettings): Promise<void> {
  if (query.kind !== 'select') return;
  for (const item of query.items) {
    if (item.kind !== 'expression' || !some(item.expression, (e) => e.kind === 'call' && e.name === 'sleep')) continue;
    const e = item.expression;
    const argument = e.kind === 'call' && e.name === 'sleep' ? e.args[0] : undefined;
    if (argument?.kind !== 'literal' && argument?.kind !== 'parameter') continue;
    const value = argument.kind === 'literal' ? argument.value : (values[argument.index] ?? null);
    const seconds = value === null ? -1 : toDouble(value, () => undefined);
    if (seconds > 0) await pause(Math.min(seconds * 1000, 2_147_483_647), settings.signal);
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason instanceof Error ? signal.reason : new SqlError(1317, 'Query execution was interrupted'));
    };
    if (signal?.aborted === true) return reject(signal.reason);
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
