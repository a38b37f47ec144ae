import type { Action } from './actions/action.js';
import type { JobSpec } from './actions/job-spec.js';
import type { MetaStorage } from './meta/storage.js';
import type { Job } from './model/job.js';

/** What an ADMIN statement did to one job: `error` is undefined when it was done. */
export interface AdminResult {
  readonly jobId: number;
  readonly error: Error | undefined;
}

export interface DdlJobsOptions {
  readonly storage: MetaStorage;
  /** Actions of one's own, beside TiDB's. */
  readonly actions?: readonly Action[];
}

/** What {@link DdlJobs.cancel} and its kind may do, and for whom. */
export interface WaitOptions {
  readonly signal?: AbortSignal;
}

/** The queue, as any node sees it: submits jobs and waits for their end. */
export declare class DdlJobs implements AsyncDisposable {
  constructor(options: DdlJobsOptions);
  /** Queues a job and returns as soon as it is durable there. */
  submit(spec: JobSpec, options?: WaitOptions): Promise<Job>;
  /** Waits until a job is in the history. Throws the job's own error when it failed or was cancelled. */
  wait(jobId: number, options?: WaitOptions): Promise<Job>;
  /** {@link submit}, then {@link wait}. An abort ends the wait; the job goes on. */
  run(spec: JobSpec, options?: WaitOptions): Promise<Job>;
  /** The jobs that are queued or running, in the order in which they were queued. */
  jobs(options?: WaitOptions): Promise<readonly Job[]>;
  /** One job, from the queues or the history. */
  job(jobId: number, options?: WaitOptions): Promise<Job | undefined>;
  /** Jobs that have ended, newest first. */
  history(options?: {
    readonly limit?: number;
    readonly below?: number;
    readonly signal?: AbortSignal;
  }): Promise<readonly Job[]>;
  /** ADMIN CANCEL DDL JOBS. */
  cancel(jobIds: readonly number[], options?: WaitOptions): Promise<readonly AdminResult[]>;
  /** ADMIN PAUSE DDL JOBS. */
  pause(jobIds: readonly number[], options?: WaitOptions): Promise<readonly AdminResult[]>;
  /** ADMIN RESUME DDL JOBS. */
  resume(jobIds: readonly number[], options?: WaitOptions): Promise<readonly AdminResult[]>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
