import type { SqlValue } from '../types/value.js';
import type { ProcessInfo } from '../types.js';

/** A row of SHOW FULL PROCESSLIST and of information_schema.processlist. */
export function processRow({ id, user, host, db, command, since, info }: ProcessInfo): SqlValue[] {
  const seconds = BigInt(Math.floor((Date.now() - since) / 1000));
  return [id, user, host, db ?? null, command, seconds, 'autocommit', info ?? null];
}
