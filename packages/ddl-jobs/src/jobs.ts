import type { Logger } from '@tidb-js/etcd-session';
import type { Action } from './actions/action.js';
import type { JobSpec } from './actions/job-spec.js';
import { newSubJob } from './actions/multi-schema-change.js';
import { ActionRegistry } from './actions/registry.js';
import { type AdminCommand, applyAdmin } from './admin.js';
import { DdlError } from './errors.js';
import { Footprint } from './involved.js';
import { JobWaits } from './job-waits.js';
import { Meta } from './meta/meta.js';
import type { MetaBuffer } from './meta/meta-buffer.js';
import type { MetaStorage } from './meta/storage.js';
import { transact } from './meta/transact.js';
import { type Job, newJob } from './model/job.js';
import { JobCache, JobQueue, queueHead, queueNames } from './queue.js';
import { SubmitBatch } from './submit-batch.js';

/** What an ADMIN statement did to one job: `error` is undefined when it was done. */
export interface AdminResult {
  readonly jobId: number;
  readonly error: DdlError | undefined;
}

export interface DdlJobsOptions {
  readonly storage: MetaStorage;
  /** Actions of one's own, beside TiDB's. */
  readonly actions?: readonly Action[];
  readonly logger?: Logger;
}

export interface WaitOptions {
  readonly signal?: AbortSignal;
}

/**
 * The queue, as any node sees it: submits jobs, waits for their end, and stops them. Whoever calls this need not be the owner, and the owner
 * need not be alive at that moment: a job that was submitted is durable.
 */
export class DdlJobs implements AsyncDisposable {
  readonly #storage: MetaStorage;
  readonly #registry: ActionRegistry;
  readonly #submits: SubmitBatch<Job>;
  readonly #waits: JobWaits;
  readonly #closing = new AbortController();
  readonly #cache = new JobCache();

  constructor(options: DdlJobsOptions) {
    this.#storage = options.storage;
    this.#registry = new ActionRegistry(options.actions);
    this.#submits = new SubmitBatch((specs) => this.#submitAll(specs));
    this.#waits = new JobWaits(options.storage, this.#closing.signal);
  }

  /**
   * Queues a job and returns as soon as it is durable there. Submits that are under way at the same moment share a transaction.
   *
   * @throws DdlError UNSUPPORTED (8200) for an action that is not done here, INVALID_JOB (8204) for one that is unknown, TOO_LARGE when the job does
   *   not fit into a transaction, STORAGE (look at `outcomeUnknown`), ABORTED, CLOSED.
   */
  async submit(spec: JobSpec, options: WaitOptions = {}): Promise<Job> {
    this.#check(options.signal);
    this.#registry.get(spec.type);
    for (const sub of spec.subJobs ?? []) {
      this.#registry.get(sub.type);
    }
    return this.#submits.add(spec, options.signal);
  }

  /**
   * Waits until a job is in the history, by a watch.
   *
   * @returns the job, when it is Synced.
   * @throws DdlError with the job's own error when it failed or was cancelled, JOB_NOT_FOUND (8224) when there is no such job, ABORTED (the job goes on), CLOSED.
   */
  async wait(jobId: number, options: WaitOptions = {}): Promise<Job> {
    this.#check(options.signal);
    return this.#waits.waitForAny(jobId, options.signal);
  }

  /** {@link submit}, then {@link wait}. An abort ends the wait; the job goes on. */
  async run(spec: JobSpec, options: WaitOptions = {}): Promise<Job> {
    this.#check(options.signal);
    // The watch first: then the job's end cannot be missed, and nothing has to be looked up.
    await this.#waits.begin();
    const job = await this.submit(spec, options);
    return this.#waits.waitFor(job.id, options.signal);
  }

  /** The jobs that are queued or running, general ones first, each queue in its order. */
  async jobs(options: WaitOptions = {}): Promise<readonly Job[]> {
    return this.#read(options, (buffer) => new Meta(buffer).queuedJobs());
  }

  /** One job, from the queues or the history; undefined when there is none. */
  async job(jobId: number, options: WaitOptions = {}): Promise<Job | undefined> {
    return this.#read(options, async (buffer) => {
      const queued = (await JobQueue.readAll(buffer)).flatMap((queue) => queue.find(jobId) ?? []);
      return queued[0]?.job ?? new Meta(buffer).historyJob(jobId);
    });
  }

  /** Jobs that have ended, newest first: `limit` of them (10 unless told), those with a smaller id than `below`. */
  async history(
    options: { readonly limit?: number; readonly below?: number; readonly signal?: AbortSignal } = {},
  ): Promise<readonly Job[]> {
    const { limit = 10, below } = options;
    if (!Number.isSafeInteger(limit) || limit <= 0) {
      throw new DdlError('INVALID_STATE', 'ddl history limit must be greater than 0');
    }
    return this.#read(options, async (buffer) =>
      new Meta(buffer).historyJobs({ limit, ...(below !== undefined && { below }) }),
    );
  }

  /** ADMIN CANCEL DDL JOBS: one result each, with 8224, 8225 or 8226 where it could not be. */
  async cancel(jobIds: readonly number[], options: WaitOptions = {}): Promise<readonly AdminResult[]> {
    return this.#admin('cancel', jobIds, options);
  }

  /** ADMIN PAUSE DDL JOBS: one result each, with 8224, 8260 or 8262 where it could not be. */
  async pause(jobIds: readonly number[], options: WaitOptions = {}): Promise<readonly AdminResult[]> {
    return this.#admin('pause', jobIds, options);
  }

  /** ADMIN RESUME DDL JOBS: one result each, with 8224 or 8261 where it could not be. */
  async resume(jobIds: readonly number[], options: WaitOptions = {}): Promise<readonly AdminResult[]> {
    return this.#admin('resume', jobIds, options);
  }

  /** Ends every wait with CLOSED. Jobs go on. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#waits.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #submitAll(specs: readonly JobSpec[]): Promise<readonly Job[]> {
    return transact(this.#storage, { signal: this.#closing.signal }, async (buffer, startTs) => {
      const meta = new Meta(buffer);
      // Asked for together, these are read together.
      const [ids, running] = await Promise.all([
        meta.allocateIds(specs.reduce((sum, spec) => sum + (spec.newIds ?? 0) + 1, 0)),
        this.#gather(buffer, specs),
        buffer.prefetch(queueNames.map(queueHead)),
      ]);
      let at = 0;
      const jobs = specs.map((spec) => {
        const newIds = ids.slice(at, at + (spec.newIds ?? 0));
        at += newIds.length + 1;
        return this.#jobOf(spec, newIds, ids[at - 1] ?? 0, startTs, running);
      });
      for (const name of queueNames) {
        const mine = jobs.filter((job) => this.#registry.get(job.type).queue === name);
        if (mine.length > 0) {
          await JobQueue.append(buffer, name, mine);
        }
      }
      return jobs;
    });
  }

  /** The jobs of the other queue for which those to be queued may have to wait. */
  async #gather(buffer: MetaBuffer, specs: readonly JobSpec[]): Promise<readonly Job[]> {
    const queues = new Set(specs.map((spec) => this.#registry.get(spec.type).queue));
    this.#cache.turnOver();
    const general = queues.has('reorg') ? (await JobQueue.read(buffer, 'general', this.#cache)).jobs : [];
    const reorg = queues.has('general') ? (await JobQueue.read(buffer, 'reorg', this.#cache)).jobs : [];
    return [...general, ...reorg].map((item) => item.job);
  }

  #jobOf(spec: JobSpec, newIds: readonly number[], id: number, startTs: bigint, running: readonly Job[]): Job {
    const filled = spec.fill(newIds);
    const job = newJob({
      id,
      type: spec.type,
      schema_id: filled.schemaId ?? spec.schemaId,
      table_id: filled.tableId ?? spec.tableId ?? 0,
      schema_name: spec.schemaName,
      table_name: spec.tableName ?? '',
      raw_args: filled.rawArgs,
      schema_state: spec.schemaState ?? 0,
      start_ts: startTs,
      query: spec.query ?? '',
      reorg_meta: spec.reorgMeta ?? null,
      priority: spec.priority ?? 0,
      multi_schema_info:
        spec.subJobs === undefined ? null : { sub_jobs: spec.subJobs.map(newSubJob), revertible: true },
    });
    return { ...job, dependency_id: this.#dependencyOf(job, running) };
  }

  /** Last job of the other queue that touches what this one touches; 0 for none. */
  #dependencyOf(job: Job, running: readonly Job[]): number {
    const action = this.#registry.get(job.type);
    const involved = action.involves(job);
    return running.reduce((last, other) => {
      const otherAction = this.#registry.find(other.type);
      if (otherAction === undefined || otherAction.queue === action.queue) {
        return last;
      }
      const footprint = new Footprint();
      footprint.add(other, involvedOrAll(otherAction, other));
      return footprint.overlaps(job, involved) ? Math.max(last, other.id) : last;
    }, 0);
  }

  async #admin(
    command: AdminCommand,
    jobIds: readonly number[],
    options: WaitOptions,
  ): Promise<readonly AdminResult[]> {
    this.#check(options.signal);
    const signal = joined(this.#closing.signal, options.signal);
    return transact(this.#storage, { signal }, async (buffer) => {
      const queues = await JobQueue.readAll(buffer);
      return jobIds.map((jobId) => ({ jobId, error: applyAdmin(command, jobId, queues, this.#registry) }));
    });
  }

  async #read<T>(options: WaitOptions, read: (buffer: MetaBuffer) => Promise<T>): Promise<T> {
    this.#check(options.signal);
    return transact(this.#storage, { signal: joined(this.#closing.signal, options.signal) }, read);
  }

  #check(signal: AbortSignal | undefined): void {
    if (this.#closing.signal.aborted) {
      throw new DdlError('CLOSED', 'the DDL jobs are closed');
    }
    if (signal?.aborted === true) {
      throw new DdlError('ABORTED', 'the wait was aborted', { cause: signal.reason });
    }
  }
}

/** What a queued job touches. One whose arguments cannot be read is taken to touch its table and nothing else; its step will end it. */
function involvedOrAll(action: Action, job: Job) {
  try {
    return action.involves(job);
  } catch {
    return { tableIds: [job.table_id] };
  }
}

function joined(one: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other === undefined ? one : AbortSignal.any([one, other]);
}
