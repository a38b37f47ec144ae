import type { MutationBuffer } from '@tidb-js/binlog';
import type { Domain, InfoSchema } from '../../domain/types.js';
import type { Transaction } from '../../storage/types.js';
import type { SqlError } from '../errors.js';
import type { Evaluation } from '../functions/context.js';
import type { Planner } from '../plan/planner.js';
import type { WriteRules } from '../types/column-cast.js';
import type { Row } from '../types/value.js';

/** What a writing statement works with. */
export interface WriteStatement {
  readonly domain: Domain;
  readonly infoSchema: InfoSchema;
  readonly database: string | undefined;
  readonly planner: Planner;
  readonly evaluation: Evaluation;
  readonly txn: Transaction;
  readonly mutations: MutationBuffer;
  /** Error 1062 for keys that are checked when the transaction commits, by key. */
  readonly uniqueKeys: Map<string, () => SqlError>;
  /** Rules without IGNORE. */
  readonly rules: WriteRules;
  readonly signal: AbortSignal | undefined;
  /** Unique keys are checked when the transaction commits: it is the statement's own. */
  readonly autocommit: boolean;
  readonly foundRows: boolean;
  /** NO_AUTO_VALUE_ON_ZERO: a 0 in an AUTO_INCREMENT column is stored, only NULL asks for an id. */
  readonly keepsZero: boolean;
  warn(level: 'Note' | 'Warning', code: number, message: string): void;
  /** Counts rows held in memory against the limit of a query. */
  hold(rows: readonly Row[]): void;
  /** Throws 1317 when the statement was killed. */
  checkAlive(): void;
  /** Runs the subqueries planned so far. */
  runSubqueries(): Promise<void>;
}

/** What a writing statement did. */
export interface WriteResult {
  readonly affected: bigint;
  readonly lastInsertId: bigint;
  /** The first id that was made for a row, which LAST_INSERT_ID() gives from now on. */
  readonly generatedId?: bigint | undefined;
  readonly info: string;
}

/** The rules of a statement with IGNORE: errors of values become warnings. */
export function ignoring(rules: WriteRules, ignore: boolean): WriteRules {
  return ignore ? { ...rules, strict: false } : rules;
}
