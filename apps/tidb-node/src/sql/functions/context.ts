import { SqlError } from '../errors.js';
import type { TimeZone } from '../types/time-zone.js';
import type { Row, SqlValue } from '../types/value.js';
import type { SeededRandom } from './random.js';

/** What an expression may ask of the session it runs in. */
export interface EvaluationSession {
  readonly connectionId: bigint;
  readonly user: string;
  readonly database: string | undefined;
  readonly lastInsertId: bigint;
  readonly rowCount: bigint;
  readonly foundRows: bigint;
  readonly timeZone: TimeZone;
  readonly divisionByZeroIsError: boolean;
  systemVariable(scope: 'global' | 'session' | 'default', name: string): SqlValue;
  userVariable(name: string): SqlValue;
  setLastInsertId(value: bigint): void;
  setUserVariable(name: string, value: SqlValue): void;
  warn(level: 'Note' | 'Warning', code: number, message: string): void;
}

/** Everything an expression is evaluated with beside its row. */
export interface Evaluation {
  readonly session: EvaluationSession;
  /** Start of the statement: NOW() is the same throughout it. Milliseconds, and the microseconds below. */
  readonly nowMs: number;
  readonly nowMicro: number;
  /** Strict writing: a value that is cut is an error, not a warning. */
  readonly strict: boolean;
  /** What RAND(seed) goes on from in this statement, for each call in its text. */
  readonly random: Map<object, SeededRandom>;
  /** The row that INSERT would have written, for VALUES(column). */
  readonly inserting: Row | undefined;
}

/** Tells of a value that was cut in a conversion: a warning, or error 1292 in strict writing. */
export function truncated(c: Evaluation): (kind: 'INTEGER' | 'DOUBLE' | 'DECIMAL', text: string) => void {
  return (kind, text) => {
    const message = `Truncated incorrect ${kind} value: '${text}'`;
    if (c.strict) throw new SqlError(1292, message);
    c.session.warn('Warning', 1292, message);
  };
}
