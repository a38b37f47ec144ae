/** State of a DDL job, as TiDB numbers it. */
export const ddlJobState = {
  none: 0,
  running: 1,
  rollingback: 2,
  rollbackDone: 3,
  done: 4,
  cancelled: 5,
  synced: 6,
  cancelling: 7,
} as const;

/**
 * With which step of its job a DDL binlog is written: `'synced'`, the one that moves the job into the history (TiDB up to 2018), or `'done'`, the
 * one that makes it Done or RollbackDone (TiDB since 2019, and once more when a dropped column becomes delete only; the nodes of this project with the
 * step that takes effect, where others follow).
 */
export type DdlBinlogTime = 'synced' | 'done';

/** Where a Pump learns a DDL job's state, to check that a DDL binlog was legal. */
export interface JobSource {
  /**
   * The job's state as the meta store showed it at timestamp `at`; `undefined` when there is no such job there.
   * For a Commit binlog `at` is its commit_ts, for a Rollback its start_ts.
   */
  jobState(jobId: bigint, at: bigint, options: { readonly signal: AbortSignal }): Promise<number | undefined>;
}
