/** What the storage knows about a transaction. */
export type TransactionOutcome =
  /** Its primary key has a write record of this transaction. */
  | { readonly kind: 'committed'; readonly commitTs: bigint }
  /** It is rolled back, or can no longer commit. */
  | { readonly kind: 'rolled-back' }
  /** Its lock still lives, or nothing is known yet: it may go either way. `reason` is shown beside what waits. */
  | { readonly kind: 'pending'; readonly reason?: string };

/**
 * Where a Pump learns how a transaction ended whose Commit or Rollback binlog never came: the storage that holds its
 * primary key. The answer must be final: after `committed` or `rolled-back` it may never change. So a source that finds
 * neither a record nor a lock answers `pending`, unless it can bar the transaction from committing by a rollback record.
 */
export interface OutcomeSource {
  outcome(
    transaction: {
      readonly primaryKey: Uint8Array;
      readonly startTs: bigint;
      /** Greater than 0n for a DDL binlog. */
      readonly ddlJobId: bigint;
    },
    options: { readonly signal: AbortSignal },
  ): Promise<TransactionOutcome>;
}
