/** What a call to the storage may be ended by. */
export interface CommitCallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A transaction as the storage is told of it. `mutations` is the storage's own form: the committer does not look into it. */
export interface StorageTransaction<Mutations> {
  readonly startTs: bigint;
  /** The primary key: whoever finds a part of the transaction asks it for the outcome. */
  readonly primary: Uint8Array;
  readonly mutations: Mutations;
}

/**
 * The five calls that two-phase commit needs of a storage. An error with `outcomeUnknown: true` from {@link CommitStorage.commit} says
 * that the commit may have happened.
 */
export interface CommitStorage<Mutations> {
  /** A timestamp above all that were handed out before. */
  timestamp(options: CommitCallOptions): Promise<bigint>;
  /**
   * Locks the keys and stores the values, invisible. A storage that knows already then at which timestamp the transaction may commit can answer
   * it, as TiKV does: it saves a call of {@link CommitStorage.timestamp} where no binlog is written. (A binlog's Prewrite has to be durable before
   * there is a commit_ts.)
   */
  prewrite(
    transaction: StorageTransaction<Mutations>,
    options: CommitCallOptions,
  ): Promise<bigint | undefined> | Promise<void>;
  /** The last check before the commit (the schema's, an owner's): throws to refuse. */
  check(transaction: StorageTransaction<Mutations>, commitTs: bigint, options: CommitCallOptions): Promise<void>;
  /** Makes the transaction visible at `commitTs`. */
  commit(transaction: StorageTransaction<Mutations>, commitTs: bigint, options: CommitCallOptions): Promise<void>;
  /** Removes what prewrite left. */
  rollback(transaction: StorageTransaction<Mutations>): Promise<void>;
}
