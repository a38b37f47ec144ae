import { BinlogError, type CommitStorage } from '@tidb-js/binlog';
import type { Committer } from './committer.js';
import { StorageError } from './errors.js';
import type { TimestampOracle } from './oracle/oracle.js';

/** The steps of a {@link Committer} as the binlog's two-phase commit calls them: each transaction carries its own committer. */
export function commitSteps(oracle: TimestampOracle): CommitStorage<Committer> {
  return {
    timestamp: (options) => oracle.transactionTs(options),
    prewrite: ({ mutations }) => mutations.prewrite(),
    check: ({ mutations }, commitTs) => mutations.check(commitTs),
    commit: ({ mutations }, commitTs) => mutations.commit(commitTs),
    rollback: ({ mutations }) => mutations.rollback(),
  };
}

/** What the two-phase commit throws, as the storage's own error: its cause, or that the binlog was not taken. */
export function commitError(error: unknown): StorageError {
  if (!BinlogError.is(error)) return StorageError.from(error);
  if (StorageError.is(error.cause)) return error.cause;
  const code = error.outcomeUnknown ? 'UNDETERMINED' : error.code === 'COMMIT_FAILED' ? 'UNAVAILABLE' : 'BINLOG';
  return new StorageError(code, error.message, { cause: error });
}
