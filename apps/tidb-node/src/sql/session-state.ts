import type { ReorgSession } from '@tidb-js/ddl-jobs';
import { StorageError } from '../storage/errors.js';
import type { SessionOwner, SqlEngine } from './engine.js';
import { SqlError } from './errors.js';
import type { EvaluationSession } from './functions/context.js';
import { virtualTables } from './information-schema/information-schema.js';
import type { LexerModes } from './parse/lexer.js';
import type { ParsedStatement } from './parse/statement.js';
import { sqlModeBits, strictnessOf } from './sql-mode.js';
import type { SessionTransaction } from './transaction.js';
import type { WriteRules } from './types/column-cast.js';
import { TimeZone } from './types/time-zone.js';
import type { SqlValue } from './types/value.js';
import type { Warning } from './types.js';
import { UserLocks } from './user-locks.js';
import { SessionVariables } from './variables.js';

/** Most warnings that are kept of one statement. */
const MAX_WARNINGS = 1024;

/** What a session remembers between statements. */
export class SessionState implements EvaluationSession {
  readonly variables: SessionVariables;
  readonly prepared = new Map<string, ParsedStatement>();
  readonly userLocks: UserLocks;
  readonly virtual: ReturnType<typeof virtualTables>;
  database: string | undefined;
  transaction: SessionTransaction | undefined;
  warnings: Warning[] = [];
  /** As the statement finds it: what one sets is seen by the next. */
  lastInsertId = 0n;
  private newInsertId: bigint | undefined;
  rowCount = 0n;
  foundRows = 0n;
  private readonly userVariables = new Map<string, SqlValue>();
  private zone: { readonly name: string; readonly zone: TimeZone } | undefined;

  constructor(
    readonly engine: SqlEngine,
    public owner: SessionOwner,
  ) {
    this.variables = new SessionVariables(engine.globals);
    this.userLocks = new UserLocks(engine.services.userLock);
    this.virtual = virtualTables({
      services: engine.services,
      infoSchema: () => this.transaction?.hold.infoSchema ?? engine.services.domain.infoSchema(),
      zone: () => this.timeZone,
      processes: () => engine.processes(),
      variables: (global) => this.variables.list(global),
      servers: async () => (await engine.services.servers?.()) ?? [],
    });
  }

  get connectionId(): bigint {
    return this.owner.id;
  }

  get user(): string {
    return `${this.owner.user}@${this.owner.host.replace(/:\d+$/, '')}`;
  }

  get autocommit(): boolean {
    return this.variables.flag('autocommit');
  }

  get timeZone(): TimeZone {
    const name = this.variables.get('time_zone') ?? 'SYSTEM';
    if (this.zone?.name !== name) this.zone = { name, zone: TimeZone.named(name) };
    return this.zone.zone;
  }

  private get modes(): ReadonlySet<string> {
    return new Set((this.variables.get('sql_mode') ?? '').split(','));
  }

  get lexerModes(): LexerModes {
    const { modes } = this;
    return {
      ansiQuotes: modes.has('ANSI_QUOTES'),
      noBackslashEscapes: modes.has('NO_BACKSLASH_ESCAPES'),
      pipesAsConcat: modes.has('PIPES_AS_CONCAT'),
    };
  }

  get strict(): boolean {
    return strictnessOf(this.modes).strict;
  }

  get onlyFullGroupBy(): boolean {
    return this.modes.has('ONLY_FULL_GROUP_BY');
  }

  get keepsZero(): boolean {
    return this.modes.has('NO_AUTO_VALUE_ON_ZERO');
  }

  get divisionByZeroIsError(): boolean {
    return this.modes.has('ERROR_FOR_DIVISION_BY_ZERO');
  }

  get writeRules(): WriteRules {
    return {
      ...strictnessOf(this.modes),
      warn: (code, message) => this.warn('Warning', code, message),
      zone: this.timeZone,
    };
  }

  /** How values that a schema change rewrites are converted. */
  get reorgSession(): ReorgSession {
    return { sqlMode: sqlModeBits(this.modes), location: this.timeZone.location };
  }

  /** A new statement begins: its warnings are its own. */
  begin(): void {
    this.warnings = [];
    this.lastInsertId = this.newInsertId ?? this.lastInsertId;
    this.newInsertId = undefined;
  }

  warn(level: 'Note' | 'Warning', code: number, message: string): void {
    if (this.warnings.length < MAX_WARNINGS) this.warnings.push({ level, code, message });
  }

  /** The error as the client gets it, kept for SHOW WARNINGS and SHOW ERRORS. */
  failed(error: unknown): SqlError {
    const sql = translated(error);
    this.warnings.push({ level: 'Error', code: sql.errno, message: sql.message });
    this.rowCount = -1n;
    return sql;
  }

  useDatabase(name: string): void {
    const schema = this.engine.services.domain.infoSchema().schema(name);
    if (schema === undefined && this.virtual.database(name) === undefined)
      throw new SqlError(1049, `Unknown database '${name}'`);
    // As it was written: information_schema in small letters, too.
    this.database = name;
  }

  systemVariable(scope: 'global' | 'session' | 'default', name: string): SqlValue {
    if (name === 'last_insert_id' || name === 'identity') return this.lastInsertId;
    if (name === 'warning_count') return BigInt(this.warnings.length);
    if (name === 'error_count') return BigInt(this.warnings.filter(({ level }) => level === 'Error').length);
    if (name === 'tidb_current_ts') return this.transaction?.txn.startTs ?? 0n;
    if (name === 'tidb_is_ddl_owner') return this.engine.services.ddl.isOwner ? 1n : 0n;
    if (scope !== 'global' && name === 'timestamp' && this.variables.get('timestamp') === '0')
      return BigInt(Math.floor(Date.now() / 1000));
    return this.variables.typed(name, scope);
  }

  userVariable(name: string): SqlValue {
    return this.userVariables.get(name) ?? null;
  }

  setUserVariable(name: string, value: SqlValue): void {
    this.userVariables.set(name, value);
  }

  setLastInsertId(value: bigint): void {
    this.newInsertId = value;
  }

  /** What the running statement has set with LAST_INSERT_ID(value). */
  get givenInsertId(): bigint | undefined {
    return this.newInsertId;
  }

  /** Rolls back and forgets all but who it is for. */
  async reset(): Promise<void> {
    const { transaction } = this;
    this.transaction = undefined;
    const released = this.userLocks.releaseAll();
    this.variables.clear();
    this.userVariables.clear();
    this.prepared.clear();
    this.warnings = [];
    this.lastInsertId = 0n;
    this.newInsertId = undefined;
    await Promise.all([released, transaction?.rollback()]);
  }
}

/** Errors of the layers below as TiDB words them. */
function translated(error: unknown): SqlError {
  if (SqlError.is(error)) return error;
  if (StorageError.is(error)) {
    const words: Partial<Record<typeof error.code, string>> = {
      WRITE_CONFLICT: `Write conflict, ${error.message} [try again later]`,
      SCHEMA_OUT_OF_DATE:
        'Information schema is out of date: schema failed to update in 1 lease, please make sure TiDB can connect to TiKV',
      SCHEMA_CHANGED:
        'Information schema is changed during the execution of the statement(for example, table definition may be updated by other DDL ran in parallel). If you see this error often, try increasing `tidb_max_delta_schema_count`. [try again later]',
      ABORTED: 'Query execution was interrupted',
    };
    return new SqlError(error.errno, words[error.code] ?? error.message, {
      cause: error,
      retryable: error.retryable,
      outcomeUnknown: error.outcomeUnknown,
    });
  }
  return SqlError.from(error);
}
