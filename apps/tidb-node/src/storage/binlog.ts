import type { Timestamp } from './types.js';

/** The steps of a commit, in the order in which they may be taken. */
export interface CommitSteps {
  /** Locks all keys. */
  prewrite(): Promise<void>;
  /** A timestamp for the commit: to be asked for when the prewrites of data and binlog are both done. */
  commitTs(): Promise<Timestamp>;
  /** Decides. An error with `outcomeUnknown` means that nobody knows whether it did. */
  commit(commitTs: Timestamp): Promise<void>;
  /** Takes the locks back. */
  rollback(): Promise<void>;
}

/** What goes into the Prewrite binlog of a transaction. */
export interface TransactionBinlog {
  readonly startTs: Timestamp;
  readonly prewriteKey: Uint8Array;
  readonly prewriteValue: Uint8Array;
}

/** Commits transactions together with their binlogs. */
export interface BinlogDoor {
  /** Both prewrites at the same time, then the commit, then, unawaited, the binlog that tells how it ended. Answers commit_ts. */
  run(binlog: TransactionBinlog, steps: CommitSteps): Promise<Timestamp>;
}
