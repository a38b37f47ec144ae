import type { SqlEngine } from './engine.js';
import { SqlError } from './errors.js';
import type { Expression } from './parse/ast.js';
import type { ParsedStatement, Statement, VariableAssignment } from './parse/statement.js';
import { compile } from './plan/compile.js';
import { refuseNoop } from './plan/noop.js';
import { EMPTY_SCOPE } from './plan/scope.js';
import type { SessionState } from './session-state.js';
import type { ShowResult } from './show/show-result.js';
import { type ExecuteSettings, StatementScope } from './statement-scope.js';
import { SessionTransaction } from './transaction.js';
import { charsetNamed, collationNamed } from './types/charset.js';
import { toText } from './types/text.js';
import type { SqlValue } from './types/value.js';

interface ControlContext {
  readonly engine: SqlEngine;
  readonly state: SessionState;
  readonly settings: ExecuteSettings;
  /** Plans a statement without running it. */
  describe(parsed: ParsedStatement): Promise<unknown>;
}

/** Transactions, variables, prepared statements, KILL and the rest that is neither query, write, DDL nor SHOW. */
export async function executeControl(statement: Statement, x: ControlContext): Promise<ShowResult | undefined> {
  const { state, engine } = x;
  switch (statement.kind) {
    case 'begin':
      if (statement.readOnly) refuseNoop('READ ONLY', state);
      await commit(x);
      await begin(x);
      return undefined;
    case 'commit':
      await commit(x);
      if (statement.chain) await begin(x);
      return undefined;
    case 'rollback':
      if (statement.savepoint !== undefined)
        requireTransaction(x, statement.savepoint).rollbackToSavepoint(statement.savepoint);
      else {
        const { transaction } = state;
        state.transaction = undefined;
        await transaction?.rollback();
        if (statement.chain === true) await begin(x);
      }
      return undefined;
    case 'savepoint':
      if (state.transaction === undefined && !state.autocommit) await begin(x);
      state.transaction?.savepoint(statement.name);
      return undefined;
    case 'releaseSavepoint':
      requireTransaction(x, statement.name).releaseSavepoint(statement.name);
      return undefined;
    case 'use':
      state.useDatabase(statement.db);
      return undefined;
    case 'set':
      for (const assignment of statement.assignments) await assign(assignment, x);
      return undefined;
    case 'setNames': {
      const charset = charsetNamed(statement.charset).name;
      const collate =
        statement.collate === undefined
          ? charsetNamed(charset).defaultCollation
          : collationNamed(statement.collate).name;
      checkPair(charset, collate);
      for (const name of ['character_set_client', 'character_set_connection', 'character_set_results'])
        state.variables.set(name, charset);
      state.variables.set('collation_connection', collate);
      return undefined;
    }
    case 'setTransaction':
      if (statement.readOnly) refuseNoop('READ ONLY', state);
      if (statement.isolation !== undefined) {
        if (statement.scope === 'global') await engine.globals.set('tx_isolation', statement.isolation);
        else state.variables.set('tx_isolation', statement.isolation);
      }
      return undefined;
    case 'kill':
      if (!engine.kill(statement.id, statement.query)) throw new SqlError(1094, `Unknown thread id: ${statement.id}`);
      return undefined;
    case 'prepare': {
      const value = statement.variable === undefined ? null : state.userVariable(statement.variable);
      const text = statement.text ?? (value === null ? '' : toText(value));
      const [parsed, second] = engine.statements.parse(text, state.lexerModes);
      if (parsed === undefined) throw new SqlError(1065, 'Query was empty');
      if (second !== undefined) throw new SqlError(8115, 'Can not prepare multiple statements');
      await x.describe(parsed);
      state.prepared.set(statement.name.toLowerCase(), parsed);
      return undefined;
    }
    case 'deallocate':
      if (!state.prepared.delete(statement.name.toLowerCase()))
        throw new SqlError(8111, 'Prepared statement not found');
      return undefined;
    case 'changePump':
      if (statement.drainer || engine.services.changePump === undefined) throw SqlError.notYet('CHANGE DRAINER');
      await engine.services.changePump(statement.nodeId, statement.state);
      return undefined;
    case 'do':
      await evaluateAll(statement.expressions, x);
      return undefined;
    default:
      return accepted(statement, x);
  }
}

function checkPair(charset: string, collate: string): void {
  if (collationNamed(collate).charset !== charset)
    throw new SqlError(1253, `COLLATION '${collate}' is not valid for CHARACTER SET '${charset}'`);
}

function accepted(statement: Statement, { state }: ControlContext): undefined {
  switch (statement.kind) {
    case 'lockTables':
    case 'unlockTables':
      state.warn('Warning', 1235, 'LOCK TABLES and UNLOCK TABLES have no effect');
      return undefined;
    case 'flush':
    case 'analyze':
      return undefined;
    case 'createUser':
      if (statement.users.includes("'root'@'%'") && !statement.ifNotExists) {
        throw new SqlError(1396, `Operation CREATE USER failed for ${statement.users.join(',')}`);
      }
      throw new SqlError(1235, "This version of TiDB doesn't yet support 'CREATE USER': root is the only account");
    case 'grant':
      if (statement.users.every((each) => each === "'root'@'%'")) return undefined;
      throw new SqlError(1410, 'You are not allowed to create a user with GRANT');
    case 'loadData':
      if (!statement.local) {
        throw new SqlError(
          8154,
          `Don't support load data from tidb-server's disk. Or if you want to load local data via client, the path of INFILE '${statement.file}' needs to specify the clause of LOCAL first`,
        );
      }
      throw SqlError.notYet('LOAD DATA LOCAL');
    case 'unsupported':
      throw SqlError.notYet(`${statement.what}`);
    default:
      throw SqlError.notYet(`${statement.kind}`);
  }
}

async function begin({ state, engine, settings }: ControlContext): Promise<void> {
  state.transaction = await SessionTransaction.begin(engine.services.domain, true, settings.signal);
}

/** Commits the session's transaction, if there is one. It is over either way. */
export async function commit({ state, engine, settings }: ControlContext): Promise<void> {
  const { transaction } = state;
  if (transaction === undefined) return;
  state.transaction = undefined;
  await transaction.commit(engine.services.binlogEnabled && state.variables.flag('sql_log_bin'), settings.signal);
}

function requireTransaction({ state }: ControlContext, savepoint: string): SessionTransaction {
  if (state.transaction === undefined) throw new SqlError(1305, `SAVEPOINT ${savepoint} does not exist`);
  return state.transaction;
}

async function evaluateAll(
  written: readonly Expression[],
  { engine, state, settings }: ControlContext,
): Promise<SqlValue[]> {
  const expressions = await state.userLocks.runIn(written, [], settings.signal);
  const scope = await StatementScope.open(engine, state, [], settings);
  try {
    const compiled = expressions.map((e) => compile(e, scope.planner.context(EMPTY_SCOPE, 'field list')));
    if (scope.planner.subqueries.length > 0) {
      const { storage } = engine.services.domain;
      const reader = state.transaction?.txn ?? (await storage.present({ signal: settings.signal }));
      await scope.runSubqueries(scope.runtime(reader));
    }
    return compiled.map((each) => each.evaluate([], scope.evaluation));
  } finally {
    await scope.close();
  }
}

async function assign({ scope, name, value }: VariableAssignment, x: ControlContext): Promise<void> {
  const { state, engine } = x;
  const [made] = value === undefined ? [] : await evaluateAll([value], x);
  if (scope === 'user') {
    state.setUserVariable(name, made ?? null);
    return;
  }
  if (name === 'last_insert_id' || name === 'identity') {
    state.setLastInsertId(typeof made === 'bigint' ? made : 0n);
    return;
  }
  if (scope === 'global') {
    await engine.globals.set(name, made);
    return;
  }
  const before = state.autocommit;
  if (/^(tx|transaction)_read_only$|^sql_auto_is_null$/.test(name) && /^(1|on|true)$/i.test(String(made)))
    refuseNoop(name === 'sql_auto_is_null' ? name : 'READ ONLY', state);
  state.variables.set(name, made);
  if (name === 'character_set_connection')
    state.variables.set('collation_connection', charsetNamed(state.variables.get(name) ?? 'utf8mb4').defaultCollation);
  if (name === 'collation_connection')
    state.variables.set('character_set_connection', collationNamed(state.variables.get(name) ?? 'utf8mb4_bin').charset);
  // Turning autocommit on ends the transaction that its being off began.
  if (name === 'autocommit' && !before && state.autocommit) await commit(x);
}
