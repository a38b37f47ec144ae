import { SqlError } from '../errors.js';
import { collationNamed } from '../types/charset.js';
import { INT_TYPE, isBinaryString, isStringType, stringType, UINT_TYPE } from '../types/field-type.js';
import { toDouble, toInteger } from '../types/number.js';
import { truncated } from './context.js';
import type { FunctionTable, SqlFunction } from './function.js';

/** The version that the node says it is. */
export const SERVER_VERSION = '5.7.25-TiDB-v8.3.0-tidb-js';

const user: SqlFunction = { arity: [0, 0], type: () => stringType(64), evaluate: (_, c) => c.session.user };
const database: SqlFunction = {
  arity: [0, 0],
  type: () => stringType(64),
  evaluateNulls: (_, c) => c.session.database ?? null,
};

export const INFORMATION_FUNCTIONS: FunctionTable = {
  version: { arity: [0, 0], type: () => stringType(64), evaluate: () => SERVER_VERSION },
  tidb_version: {
    arity: [0, 0],
    type: () => stringType(256),
    evaluate: () => `Release Version: ${SERVER_VERSION}\nEdition: tidb-js`,
  },
  connection_id: { arity: [0, 0], type: () => UINT_TYPE, evaluate: (_, c) => c.session.connectionId },
  user,
  session_user: user,
  system_user: user,
  current_user: {
    arity: [0, 0],
    type: () => stringType(64),
    evaluate: (_, c) => `${c.session.user.replace(/@.*$/, '')}@%`,
  },
  current_role: { arity: [0, 0], type: () => stringType(64), evaluate: () => 'NONE' },
  database,
  schema: database,
  last_insert_id: {
    arity: [0, 1],
    type: () => UINT_TYPE,
    volatile: true,
    evaluate: ([v], c) => {
      if (v === undefined) return c.session.lastInsertId;
      const value = toInteger(v, truncated(c));
      c.session.setLastInsertId(value);
      return value;
    },
  },
  row_count: { arity: [0, 0], type: () => INT_TYPE, volatile: true, evaluate: (_, c) => c.session.rowCount },
  found_rows: { arity: [0, 0], type: () => UINT_TYPE, volatile: true, evaluate: (_, c) => c.session.foundRows },
  charset: {
    arity: [1, 1],
    type: () => stringType(64),
    evaluateNulls: ([v = null], _c, _text, collate) =>
      typeof v === 'string' ? collationNamed(collate).charset : 'binary',
  },
  collation: {
    arity: [1, 1],
    type: ([type]) =>
      stringType(64, type === undefined || isBinaryString(type) || !isStringType(type) ? 'utf8mb4_bin' : type.Collate),
    evaluateNulls: ([v = null], _c, _text, collate) => (typeof v === 'string' ? collate : 'binary'),
  },
  coercibility: { arity: [1, 1], type: () => INT_TYPE, evaluateNulls: () => 4n },
  benchmark: { arity: [2, 2], type: () => INT_TYPE, evaluate: () => 0n },
  get_lock: { arity: [2, 2], type: () => INT_TYPE, evaluate: () => unavailable('get_lock') },
  release_all_locks: { arity: [0, 0], type: () => INT_TYPE, evaluate: () => unavailable('release_all_locks') },
  release_lock: { arity: [1, 1], type: () => INT_TYPE, evaluate: () => unavailable('release_lock') },
  is_free_lock: { arity: [1, 1], type: () => INT_TYPE, evaluate: () => unavailable('is_free_lock') },
  tidb_is_ddl_owner: {
    arity: [0, 0],
    type: () => INT_TYPE,
    evaluate: (_, c) => toInteger(c.session.systemVariable('session', 'tidb_is_ddl_owner') ?? 0n, () => undefined),
  },
  tidb_parse_tso: {
    arity: [1, 1],
    type: () => stringType(26),
    evaluate: ([v = 0n], c) => {
      const ts = toInteger(v, truncated(c));
      const ms = Number(ts >> 18n);
      return c.session.timeZone.wallClock(ms, (ms % 1000) * 1000, 'datetime', 6).toString();
    },
  },
  sleep: {
    arity: [1, 1],
    type: () => INT_TYPE,
    volatile: true,
    evaluateNulls: ([v = null], c) => {
      if (v === null || toDouble(v, truncated(c)) < 0) throw new SqlError(1210, 'Incorrect arguments to sleep');
      // The statement waits before its rows are made: see the executor's pause.
      return 0n;
    },
  },
};

function unavailable(name: string): never {
  throw SqlError.notYet(`${name}`);
}
