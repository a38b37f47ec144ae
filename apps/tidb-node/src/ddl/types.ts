import type { AdminResult, Job, JobSpec } from '@tidb-js/ddl-jobs';

export interface DdlCallOptions {
  /** Ends the wait only: a job that was queued goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** The door through which SQL submits schema changes and looks at their jobs. */
export interface Ddl {
  /**
   * Queue a job, made by one of the builders of `@tidb-js/ddl-jobs`, and wait until it has ended and this node has loaded its version.
   * Throws the job's own error (with TiDB's number and words) when it was cancelled or rolled back.
   */
  run(spec: JobSpec, options?: DdlCallOptions): Promise<Job>;
  /** ADMIN CANCEL DDL JOBS. */
  cancel(jobIds: readonly number[], options?: DdlCallOptions): Promise<readonly AdminResult[]>;
  /** ADMIN PAUSE DDL JOBS. */
  pause(jobIds: readonly number[], options?: DdlCallOptions): Promise<readonly AdminResult[]>;
  /** ADMIN RESUME DDL JOBS. */
  resume(jobIds: readonly number[], options?: DdlCallOptions): Promise<readonly AdminResult[]>;
  /** The jobs in the queues, in the order they were queued. */
  queued(options?: DdlCallOptions): Promise<readonly Job[]>;
  /** Jobs of the history, newest first. */
  history(limit: number, options?: DdlCallOptions): Promise<readonly Job[]>;
  /** A job by id, in the queues or the history. */
  job(jobId: number, options?: DdlCallOptions): Promise<Job | undefined>;
  /** The id of the node that runs the jobs, or undefined while none is elected. */
  owner(options?: DdlCallOptions): Promise<string | undefined>;
  /** Whether this node runs the jobs. */
  readonly isOwner: boolean;
}
