import type { JobState } from './model/job-state.js';
import type { SchemaState } from './model/schema-state.js';

/** A DDL binlog that belongs to one transaction of the worker. */
export interface DdlBinlog {
  readonly jobId: number;
  readonly query: string;
  /** State of the job's element: Public for what ends public, None for what ends none, DeleteOnly for a dropped column's first one. */
  readonly schemaState: SchemaState;
  /**
   * State of the job that the transaction writes: Synced or RollbackDone by `'synced'`, Done or RollbackDone by `'done'`; Running there where steps follow
   * the one that takes effect.
   */
  readonly jobState: JobState;
  readonly startTs: bigint;
  /** The transaction's primary key: who finds the Prewrite without an end asks the storage for it. */
  readonly prewriteKey: Uint8Array;
}

/**
 * Where DDL binlogs go. Prewrite is awaited before the transaction commits; after it exactly one of `commit` and `rollback` is called, or none
 * when nobody knows whether the transaction was committed (the reader of the binlog then asks the storage).
 */
export interface DdlBinlogSink {
  /** Makes the Prewrite durable. When it fails the transaction is not committed and the step is tried again later. */
  prewrite(binlog: DdlBinlog, options: { readonly signal: AbortSignal }): Promise<void>;
  /** Sends the Commit. Not awaited by the worker, must not throw. */
  commit(binlog: DdlBinlog, commitTs: bigint): void;
  /** Sends the Rollback. Not awaited by the worker, must not throw. */
  rollback(binlog: DdlBinlog): void;
}

/**
 * Which transaction carries the DDL binlog: `'synced'`, the one that moves the job into the history (TiDB up to 2018), or `'done'`, the one that
 * makes it Done or RollbackDone (TiDB since 2019, and once more when a dropped column becomes delete only). Where steps follow the one that takes effect (a
 * rewritten column, several actions in one ALTER) it is that one: rows that are written before the last need the new columns to be read.
 */
export type DdlBinlogTime = 'synced' | 'done';
