import { setMaxListeners } from 'node:events';
import type { JobSpec } from './actions/job-spec.js';
import { DdlError } from './errors.js';

/** Jobs in one transaction. More wait for the next. */
const maxBatch = 30;
/** Jobs that may wait for their turn before a submit is refused. */
const maxWaiting = 10_000;

interface Waiting<T> {
  readonly spec: JobSpec;
  readonly resolve: (job: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Lets submits that come while one is under way travel together: all of them change the same counter and the same list. */
export class SubmitBatch<T> {
  readonly #submit: (specs: readonly JobSpec[]) => Promise<readonly T[]>;
  #waiting: Waiting<T>[] = [];
  #busy = false;

  constructor(submit: (specs: readonly JobSpec[]) => Promise<readonly T[]>) {
    this.#submit = submit;
  }

  /** @throws DdlError STORAGE when too many wait already. */
  async add(spec: JobSpec, signal: AbortSignal | undefined): Promise<T> {
    if (this.#waiting.length >= maxWaiting) {
      throw new DdlError('STORAGE', `${maxWaiting} jobs are waiting to be queued: try again later`);
    }
    return new Promise<T>((resolve, reject) => {
      const onAbort = () => {
        // Once it is under way nobody can say whether the job was queued.
        const waits = this.#waiting.includes(entry);
        this.#waiting = this.#waiting.filter((each) => each !== entry);
        const options = { cause: signal?.reason, outcomeUnknown: !waits };
        reject(new DdlError('ABORTED', 'the wait for the submit was aborted', options));
      };
      const entry: Waiting<T> = {
        spec,
        resolve: (job) => {
          signal?.removeEventListener('abort', onAbort);
          resolve(job);
        },
        reject: (error) => {
          signal?.removeEventListener('abort', onAbort);
          reject(error);
        },
      };
      if (signal !== undefined) {
        // Many jobs may share one.
        setMaxListeners(0, signal);
        signal.addEventListener('abort', onAbort);
      }
      this.#waiting.push(entry);
      if (!this.#busy) {
        this.#busy = true;
        queueMicrotask(() => this.#work());
      }
    });
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, maxBatch);
      try {
        await this.#send(batch);
      } catch (error) {
        for (const entry of batch) {
          entry.reject(error);
        }
      }
    }
    this.#busy = false;
  }

  async #send(batch: readonly Waiting<T>[]): Promise<void> {
    try {
      const jobs = await this.#submit(batch.map((entry) => entry.spec));
      for (const [at, entry] of batch.entries()) {
        const job = jobs[at];
        if (job !== undefined) {
          entry.resolve(job);
        }
      }
    } catch (error) {
      const failure = DdlError.from(error);
      if (batch.length === 1 || failure.outcomeUnknown || failure.code === 'CLOSED' || failure.code === 'ABORTED') {
        throw failure;
      }
      // One of them may be at fault, and its neighbours must not pay for it.
      for (const entry of batch) {
        await this.#send([entry]).catch(entry.reject);
      }
    }
  }
}
