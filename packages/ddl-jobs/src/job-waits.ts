import { setMaxListeners } from 'node:events';
import { DdlError } from './errors.js';
import { historyKey, historyRange } from './meta/meta.js';
import type { MetaStorage } from './meta/storage.js';
import { transact } from './meta/transact.js';
import { decodeJob } from './model/codec.js';
import type { Job } from './model/job.js';
import { JobState } from './model/job-state.js';
import { JobQueue } from './queue.js';

const text = new TextDecoder();
/** Ends that are remembered for a wait that begins a little later. */
const maxEarly = 1_000;

interface Waiter {
  readonly resolve: (job: Job) => void;
  readonly reject: (error: DdlError) => void;
}

/** Waits for the ends of jobs, all of them by one watch of the history. */
export class JobWaits {
  readonly #storage: MetaStorage;
  readonly #signal: AbortSignal;
  readonly #waiters = new Map<number, Set<Waiter>>();
  /** Ends that came lately: a job may be over before its submit has heard that it is queued. */
  readonly #early = new Map<number, Job>();
  #watching: { readonly ready: Promise<void>; readonly ended: Promise<void> } | undefined;

  constructor(storage: MetaStorage, signal: AbortSignal) {
    this.#storage = storage;
    this.#signal = signal;
  }

  /** Begins to follow the history, once; resolves when nothing that is committed from then on can be missed. */
  begin(): Promise<void> {
    if (this.#watching === undefined) {
      const { promise, resolve } = withResolvers<void>();
      this.#watching = { ready: promise, ended: this.#follow(resolve) };
    }
    return this.#watching.ready;
  }

  /** Waits for any job, also one that is over already or that there is not. */
  async waitForAny(jobId: number, signal: AbortSignal | undefined): Promise<Job> {
    this.begin();
    return this.#wait(jobId, signal, (reject) => {
      // The job may be over already, and then no change will tell.
      this.#lookUp([jobId], true).catch((error: unknown) => reject(DdlError.from(error)));
    });
  }

  /** Waits for a job that was queued after {@link begin}. */
  async waitFor(jobId: number, signal: AbortSignal | undefined): Promise<Job> {
    return this.#wait(jobId, signal, () => {});
  }

  /** Ends every wait with CLOSED; the signal has to have ended. */
  async close(): Promise<void> {
    this.#rejectAll(new DdlError('CLOSED', 'the DDL jobs are closed'));
    await this.#watching?.ended;
  }

  async #wait(
    jobId: number,
    signal: AbortSignal | undefined,
    begin: (reject: (error: DdlError) => void) => void,
  ): Promise<Job> {
    const { promise, resolve, reject } = withResolvers<Job>();
    // Nobody awaits it when the end came early.
    promise.catch(() => {});
    const waiter: Waiter = { resolve, reject };
    const waiters = this.#waiters.get(jobId) ?? new Set();
    this.#waiters.set(jobId, waiters.add(waiter));
    const onAbort = () => reject(new DdlError('ABORTED', 'the wait was aborted', { cause: signal?.reason }));
    if (signal !== undefined) {
      // Many waits may share one.
      setMaxListeners(0, signal);
      signal.addEventListener('abort', onAbort);
    }
    try {
      begin(reject);
      const early = this.#early.get(jobId);
      const job = early ?? (await promise);
      if (job.state !== JobState.Synced && job.err !== null) {
        throw DdlError.ofJob(job.err);
      }
      return job;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      waiters.delete(waiter);
      if (waiters.size === 0) {
        this.#waiters.delete(jobId);
      }
    }
  }

  async #follow(ready: () => void): Promise<void> {
    const signal = this.#signal;
    try {
      for await (const changes of this.#storage.watch(historyRange, { signal })) {
        if (changes.length === 0) {
          ready();
          await this.#lookUp([...this.#waiters.keys()], false);
          continue;
        }
        for (const { value } of changes) {
          if (value !== undefined) {
            this.#tell(value);
          }
        }
      }
    } catch (error) {
      this.#rejectAll(DdlError.from(error));
    }
    this.#watching = undefined;
    ready();
  }

  /** Reads jobs that somebody waits for in the history; with `mustExist` one that is nowhere is an error. */
  async #lookUp(jobIds: readonly number[], mustExist: boolean): Promise<void> {
    await transact(this.#storage, { signal: this.#signal }, async (buffer) => {
      const values = await Promise.all(jobIds.map((jobId) => buffer.get(historyKey(jobId))));
      for (const value of values) {
        if (value !== undefined) {
          this.#tell(value);
        }
      }
      const missing = jobIds.filter((_, at) => values[at] === undefined);
      if (mustExist && missing.length > 0) {
        const queues = await JobQueue.readAll(buffer);
        for (const jobId of missing.filter((id) => queues.every((queue) => queue.find(id) === undefined))) {
          for (const waiter of this.#waiters.get(jobId) ?? []) {
            waiter.reject(new DdlError('JOB_NOT_FOUND', `DDL Job:${jobId} not found`));
          }
        }
      }
    });
  }

  #tell(value: Uint8Array): void {
    const job = decodeJob(text.decode(value));
    this.#early.set(job.id, job);
    for (const id of this.#early.keys()) {
      if (this.#early.size <= maxEarly) {
        break;
      }
      this.#early.delete(id);
    }
    for (const waiter of this.#waiters.get(job.id) ?? []) {
      waiter.resolve(job);
    }
  }

  #rejectAll(error: DdlError): void {
    for (const waiter of [...this.#waiters.values()].flatMap((waiters) => [...waiters])) {
      waiter.reject(error);
    }
  }
}

function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
