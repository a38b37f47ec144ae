import type { InfoSchema, SchemaHold } from '../domain/types.js';
import type { Snapshot, Transaction } from '../storage/types.js';
import type { SqlEngine } from './engine.js';
import { SqlError } from './errors.js';
import type { WriteStatement } from './execute/statement.js';
import type { Evaluation } from './functions/context.js';
import type { Node, Runtime } from './plan/node.js';
import { Planner } from './plan/planner.js';
import type { SessionState } from './session-state.js';
import { type Mark, SessionTransaction } from './transaction.js';
import type { Row, SqlValue } from './types/value.js';
import type { ExecuteOptions } from './types.js';

export interface ExecuteSettings extends ExecuteOptions {
  readonly signal?: AbortSignal;
}

/** What one statement works with from its plan to its end: the schema it holds, its transaction, its clock. */
export class StatementScope {
  readonly evaluation: Evaluation;
  readonly planner: Planner;
  private heldBytes = 0;
  private closed = false;
  private subqueriesRun = 0;

  private constructor(
    private readonly engine: SqlEngine,
    private readonly state: SessionState,
    values: readonly SqlValue[],
    private readonly settings: ExecuteSettings,
    private readonly hold: SchemaHold,
    private readonly transaction: SessionTransaction | undefined,
    /** The transaction is this statement's own, and ends with it. */
    readonly ownsTransaction: boolean,
    private readonly ownsHold: boolean,
    writes: boolean,
  ) {
    const now = Date.now();
    const fixed = Number(state.variables.get('timestamp') ?? '0');
    const nowMs = fixed > 0 ? fixed * 1000 : now;
    this.evaluation = {
      session: state,
      nowMs,
      nowMicro: (nowMs % 1000) * 1000 + (fixed > 0 ? 0 : Math.floor((performance.now() % 1) * 1000)),
      strict: writes && state.strict,
      random: new Map(),
      inserting: undefined,
    };
    this.planner = new Planner(
      hold.infoSchema,
      state.database,
      values,
      this.evaluation,
      state.virtual,
      state.onlyFullGroupBy,
      (sql, modes) => engine.statements.parse(sql, modes),
    );
  }

  /**
   * Opens a statement: within the session's transaction, or on its own. Where autocommit is off a statement that reads or writes rows begins a
   * transaction; any other (`aside`: DDL, SHOW, EXPLAIN, SET) begins none, so that the next one sees the schema as it is then.
   */
  static async open(
    engine: SqlEngine,
    state: SessionState,
    values: readonly SqlValue[],
    settings: ExecuteSettings,
    use: 'query' | 'write' | 'aside' = 'aside',
  ): Promise<StatementScope> {
    const writes = use === 'write';
    const { domain } = engine.services;
    if (state.transaction === undefined && !state.autocommit && use !== 'aside') {
      state.transaction = await SessionTransaction.begin(domain, true, settings.signal);
    }
    const { transaction } = state;
    if (transaction !== undefined)
      return new StatementScope(engine, state, values, settings, transaction.hold, transaction, false, false, writes);
    if (writes) {
      const own = await SessionTransaction.begin(domain, false, settings.signal);
      return new StatementScope(engine, state, values, settings, own.hold, own, true, false, true);
    }
    return new StatementScope(engine, state, values, settings, domain.hold(), undefined, false, true, false);
  }

  get infoSchema(): InfoSchema {
    return this.hold.infoSchema;
  }

  /** Where a query reads: the transaction; the newest values for a single row by its key; else one point in time. */
  async reader(node: Node): Promise<Snapshot> {
    if (this.transaction !== undefined) return this.transaction.txn;
    const { storage } = this.engine.services.domain;
    if (node.isPoint === true && this.planner.subqueries.length === 0) return storage.latest();
    return storage.present({ signal: this.settings.signal });
  }

  runtime(reader: Snapshot, lockIn?: Transaction): Runtime {
    return {
      evaluation: this.evaluation,
      reader,
      lockIn,
      signal: this.settings.signal,
      hold: (rows) => this.count(rows),
    };
  }

  /** Runs the subqueries that were planned since the last call, inner ones first. */
  async runSubqueries(runtime: Runtime): Promise<void> {
    const { subqueries } = this.planner;
    for (; this.subqueriesRun < subqueries.length; this.subqueriesRun++) {
      const entry = subqueries[this.subqueriesRun];
      if (entry !== undefined) await entry.run(runtime);
    }
  }

  /** Names the tables in use, so that metadata lock protects them. */
  use(): void {
    this.hold.use(this.planner.tableIds);
  }

  mark(): Mark | undefined {
    return this.transaction?.mark();
  }

  writeStatement(): WriteStatement {
    const { transaction, state, engine, settings } = this;
    if (transaction === undefined) throw new SqlError(1105, 'a write needs a transaction');
    const runtime = this.runtime(transaction.txn);
    return {
      domain: engine.services.domain,
      infoSchema: this.infoSchema,
      database: state.database,
      planner: this.planner,
      evaluation: this.evaluation,
      txn: transaction.txn,
      mutations: transaction.mutations,
      uniqueKeys: transaction.uniqueKeys,
      rules: state.writeRules,
      signal: settings.signal,
      autocommit: this.ownsTransaction,
      foundRows: settings.foundRows === true,
      keepsZero: state.keepsZero,
      warn: (level, code, message) => state.warn(level, code, message),
      hold: (rows) => this.count(rows),
      checkAlive: () => this.checkAlive(),
      runSubqueries: () => this.runSubqueries(runtime),
    };
  }

  /** The statement succeeded: its own transaction is committed. */
  async finishWrite(): Promise<void> {
    const { transaction } = this;
    if (transaction === undefined) return;
    for (const id of this.planner.tableIds) transaction.written.add(id);
    if (this.ownsTransaction)
      await transaction.commit(
        this.engine.services.binlogEnabled && this.state.variables.flag('sql_log_bin'),
        this.settings.signal,
      );
  }

  /** The statement failed: what it wrote is taken back. */
  async abandonWrite(mark: Mark | undefined): Promise<void> {
    const { transaction } = this;
    if (transaction === undefined) return;
    if (this.ownsTransaction) await transaction.rollback();
    else if (mark !== undefined) transaction.rollbackTo(mark);
  }

  checkAlive(): void {
    const { signal } = this.settings;
    if (signal?.aborted !== true) return;
    throw SqlError.is(signal.reason) ? signal.reason : new SqlError(1317, 'Query execution was interrupted');
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    if (this.ownsHold) this.hold.release();
  }

  /** Error 8175 when the rows a statement holds go beyond tidb_mem_quota_query. */
  private count(rows: readonly Row[]): void {
    for (const row of rows) {
      this.heldBytes += 64;
      for (const value of row)
        this.heldBytes += typeof value === 'string' || Buffer.isBuffer(value) ? 16 + value.length : 16;
    }
    const quota = Number(this.state.variables.get('tidb_mem_quota_query') ?? 0);
    if (quota > 0 && this.heldBytes > quota) {
      throw new SqlError(
        8175,
        `Out Of Memory Quota![conn_id=${this.state.connectionId}]: the statement holds more than tidb_mem_quota_query (${quota} bytes); narrow it or raise the quota`,
      );
    }
    this.checkAlive();
  }
}
