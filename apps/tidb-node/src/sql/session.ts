import { setMaxListeners } from 'node:events';
import type { SessionOwner, SqlEngine } from './engine.js';
import { SqlError } from './errors.js';
import type { ParsedStatement } from './parse/statement.js';
import { valueType } from './plan/literal.js';
import { SessionState } from './session-state.js';
import { shownColumns } from './show/tables.js';
import { StatementRunner } from './statement-runner.js';
import { collationById } from './types/charset.js';
import { resultColumn } from './types/field-type.js';
import type { SqlValue } from './types/value.js';
import type {
  ExecuteOptions,
  PreparedStatement,
  ProcessInfo,
  ResultColumn,
  SessionStatus,
  SqlSession,
  StatementResult,
} from './types.js';

/** What ends statements, and the connection's signal above it. */
interface StatementControl {
  readonly controller: AbortController;
  readonly outer: AbortSignal | undefined;
  readonly unlink: () => void;
}

/** A connection's session over the engine. */
export class Session implements SqlSession {
  readonly id: bigint;
  private readonly state: SessionState;
  private readonly runner: StatementRunner;
  private running: { readonly controller: AbortController; readonly text: string; readonly since: number } | undefined;
  private control: StatementControl | undefined;
  private idleSince = Date.now();
  private closed = false;
  private nextPrepared = 1;

  constructor(
    private readonly engine: SqlEngine,
    owner: SessionOwner,
    private readonly onClose: () => void,
  ) {
    this.id = owner.id;
    this.state = new SessionState(engine, owner);
    this.runner = new StatementRunner(engine, this.state);
  }

  get database(): string | undefined {
    return this.state.database;
  }

  get status(): SessionStatus {
    return { autocommit: this.state.autocommit, inTransaction: this.state.transaction?.explicit === true };
  }

  get processInfo(): ProcessInfo {
    const { running, state } = this;
    return {
      id: this.id,
      user: state.owner.user,
      host: state.owner.host,
      db: state.database,
      command: running === undefined ? 'Sleep' : 'Query',
      since: running?.since ?? this.idleSince,
      info: running?.text,
    };
  }

  async *execute(sql: string, options: ExecuteOptions = {}): AsyncGenerator<StatementResult> {
    const statements = this.parse(sql);
    if (statements.length === 0) throw new SqlError(1065, 'Query was empty');
    if (
      statements.length > 1 &&
      options.multiStatements !== true &&
      this.variable('tidb_multi_statement_mode') !== 'ON'
    ) {
      throw new SqlError(
        8130,
        "client has multi-statement capability disabled. Run SET GLOBAL tidb_multi_statement_mode='ON' after you understand the security risk",
      );
    }
    for (const [index, statement] of statements.entries()) {
      const more = index < statements.length - 1;
      yield await this.runOne(statement, [], options, more);
    }
  }

  async prepare(sql: string): Promise<PreparedStatement> {
    const statements = this.parse(sql);
    const [statement] = statements;
    if (statement === undefined) throw new SqlError(1065, 'Query was empty');
    if (statements.length > 1) throw new SqlError(8115, 'Can not prepare multiple statements');
    if (statement.parameters > 65_535) throw new SqlError(1390, 'Prepared statement contains too many placeholders');
    this.state.begin();
    const columns = await this.runner.describe(statement);
    const parameters = Array.from(
      { length: statement.parameters },
      (): ResultColumn => ({ ...resultColumn(valueType(null), { name: '?' }), type: 253 }),
    );
    let open = true;
    return {
      id: this.nextPrepared++,
      parameters,
      columns,
      execute: (values, options = {}) => {
        if (!open) throw new SqlError(8111, 'Prepared statement not found');
        if (values.length !== parameters.length) throw new SqlError(1210, 'Incorrect arguments to EXECUTE');
        return this.runOne(statement, values, options, false);
      },
      close: () => {
        open = false;
      },
    };
  }

  useDatabase(name: string): void {
    this.state.useDatabase(name);
  }

  useCollation(id: number): void {
    const found = collationById(id);
    if (found === undefined || found.name === 'binary') return;
    const { variables } = this.state;
    for (const name of ['character_set_client', 'character_set_connection', 'character_set_results'])
      variables.set(name, found.charset);
    variables.set('collation_connection', found.name);
  }

  fieldList(table: string): readonly ResultColumn[] {
    const db = this.database;
    if (db === undefined) throw new SqlError(1046, 'No database selected');
    const info = this.engine.services.domain.infoSchema().table(db, table);
    if (info === undefined) throw new SqlError(1146, `Table '${db}.${table}' doesn't exist`);
    return shownColumns(info).map((column) =>
      resultColumn(column.type, {
        name: column.name.O,
        orgName: column.name.O,
        table: info.name.O,
        orgTable: info.name.O,
        db,
      }),
    );
  }

  async reset(user?: { readonly name: string; readonly host: string }): Promise<void> {
    await this.state.reset();
    if (user !== undefined) this.state.owner = { ...this.state.owner, user: user.name, host: user.host };
  }

  variable(name: string): string | undefined {
    return this.state.variables.get(name.toLowerCase());
  }

  cancelStatement(): void {
    this.running?.controller.abort(new SqlError(1317, 'Query execution was interrupted'));
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.cancelStatement();
    this.control?.unlink();
    this.onClose();
    await this.state.reset();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private parse(sql: string): readonly ParsedStatement[] {
    const modes = this.state.lexerModes;
    try {
      return this.engine.statements.parse(sql, modes);
    } catch (error) {
      this.state.begin();
      throw this.state.failed(error);
    }
  }

  /** Runs one statement under its own abort signal; the rows of a result are under it until they end. */
  private async runOne(
    statement: ParsedStatement,
    values: readonly SqlValue[],
    options: ExecuteOptions,
    more: boolean,
  ): Promise<StatementResult> {
    if (this.closed) throw new SqlError(1105, 'the session is closed');
    const controller = this.controllerUnder(options.signal);
    const limit = hintedLimit(statement.text) ?? Number(this.variable('max_execution_time') ?? 0);
    const isRead = statement.statement.kind === 'select' || statement.statement.kind === 'union';
    const timer =
      limit > 0 && isRead
        ? setTimeout(
            () =>
              controller.abort(
                new SqlError(3024, 'Query execution was interrupted, maximum statement execution time exceeded'),
              ),
            limit,
          )
        : undefined;
    const { signal } = controller;
    this.running = { controller, text: statement.text, since: Date.now() };
    const began = performance.now();
    const finish = (error?: SqlError) => {
      const seconds = (performance.now() - began) / 1000;
      this.engine.services.onStatement?.(statement.statement.kind, seconds, error?.errno);
      clearTimeout(timer);
      this.running = undefined;
      this.idleSince = Date.now();
    };
    try {
      const result = await this.runner.run(statement, values, { ...options, signal }, more);
      if (result.kind === 'ok') {
        finish();
        return result;
      }
      return {
        ...result,
        get warnings() {
          return result.warnings;
        },
        rows: this.guarded(result.rows, finish, signal),
      };
    } catch (error) {
      const failure = this.state.failed(signal.aborted ? abortReason(signal, error) : error);
      finish(failure);
      throw failure;
    }
  }

  /** What ends a statement: its own, under the connection's signal. One serves until it has fired, since most never do. */
  private controllerUnder(outer: AbortSignal | undefined): AbortController {
    if (this.control?.outer === outer && this.control?.controller.signal.aborted === false)
      return this.control.controller;
    this.control?.unlink();
    const controller = new AbortController();
    // A statement reads many keys at once.
    setMaxListeners(0, controller.signal);
    const onAbort = () => controller.abort(outer?.reason);
    if (outer?.aborted) onAbort();
    outer?.addEventListener('abort', onAbort, { once: true });
    this.control = { controller, outer, unlink: () => outer?.removeEventListener('abort', onAbort) };
    return controller;
  }

  private async *guarded<T>(
    rows: AsyncIterable<T>,
    finish: (error?: SqlError) => void,
    signal: AbortSignal,
  ): AsyncGenerator<T> {
    let failure: SqlError | undefined;
    try {
      yield* rows;
    } catch (error) {
      failure = this.state.failed(signal.aborted ? abortReason(signal, error) : error);
      throw failure;
    } finally {
      finish(failure);
    }
  }
}

/** The milliseconds of a hint as in SELECT /*+ MAX_EXECUTION_TIME(1000) … , the one hint that changes what a statement does. */
function hintedLimit(text: string): number | undefined {
  if (!text.includes('/*+')) return undefined;
  const hint = /\/\*\+[^*]*\bMAX_EXECUTION_TIME\s*\(\s*(\d+)\s*\)/i.exec(text);
  return hint === null ? undefined : Number(hint[1]);
}

function abortReason(signal: AbortSignal, error: unknown): unknown {
  return SqlError.is(signal.reason)
    ? signal.reason
    : new SqlError(1317, 'Query execution was interrupted', { cause: error });
}
