import type { Compare, Logger } from '@tidb-js/etcd-session';
import { DdlError } from '../errors.js';
import type { DdlEvents } from '../events.js';
import type { MetaStorage } from '../meta/storage.js';
import { transact } from '../meta/transact.js';
import type { Job } from '../model/job.js';
import { type CountedWarning, reorgSession, reorgType, withReorg } from '../model/reorg-meta.js';
import { JobQueue } from '../queue.js';
import type { ReorgBackend, ReorgRange, ReorgSpeed } from '../reorg/backend.js';
import { backfill, elementOf } from '../reorg/backfill.js';
import { readCheckpoint, writeCheckpoint } from '../reorg/checkpoint.js';
import type { Backfill } from './step.js';
import { wholeJob } from './transition.js';

export interface BackfillsSetting {
  readonly storage: MetaStorage;
  readonly backend: ReorgBackend | undefined;
  readonly speed: () => ReorgSpeed;
  readonly checkpointMs: number;
  readonly fence: () => readonly Compare[];
  readonly events: DdlEvents;
  readonly logger: Logger | undefined;
}

interface Running {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** The backfills that run beside the rounds, one a job, and what came of them. */
export class Backfills {
  readonly #setting: BackfillsSetting;
  readonly #running = new Map<number, Running>();
  /** Per job the places (sub-jobs, or the whole) whose rows are done. */
  readonly #done = new Map<number, Set<number>>();
  readonly #failures = new Map<number, DdlError>();

  constructor(setting: BackfillsSetting) {
    this.#setting = setting;
  }

  isRunning(jobId: number): boolean {
    return this.#running.has(jobId);
  }

  isDone(jobId: number, at: number): boolean {
    return this.#done.get(jobId)?.has(at) === true;
  }

  /** Why a job's backfill can never succeed; undefined when nothing speaks against it. */
  failureOf(jobId: number): DdlError | undefined {
    return this.#failures.get(jobId);
  }

  /** Lets the backfill of a job end after its batches under way. */
  stop(jobId: number, reason: string): void {
    this.#running.get(jobId)?.stop.abort(new DdlError('ABORTED', reason));
  }

  /** Ends them all and waits until they have. */
  async stopAll(): Promise<void> {
    const all = [...this.#running.values()];
    for (const running of all) {
      running.stop.abort(new DdlError('ABORTED', 'the worker stopped'));
    }
    await Promise.all(all.map((running) => running.ended));
    this.#done.clear();
    this.#failures.clear();
  }

  /** Forgets a job that has ended. */
  forget(jobId: number): void {
    this.#done.delete(jobId);
    this.#failures.delete(jobId);
  }

  /** Starts the backfill of a job. `onEnd` is told of an error that may pass, for the job's count and a pause. */
  start(job: Job, at: number, task: Backfill, onEnd: (error: DdlError | undefined) => void): void {
    const stop = new AbortController();
    const ended = this.#run(job, at, task, stop.signal)
      .then(() => {
        this.#done.set(job.id, (this.#done.get(job.id) ?? new Set()).add(at));
        return undefined;
      })
      .catch((error: unknown) => {
        const failure = DdlError.from(error);
        if (failure.endsJob) {
          this.#failures.set(job.id, failure);
        }
        return failure.endsJob || stop.signal.aborted ? undefined : failure;
      })
      .then((failure) => {
        this.#running.delete(job.id);
        onEnd(failure);
      });
    this.#running.set(job.id, { stop, ended });
  }

  async #run(job: Job, at: number, task: Backfill, signal: AbortSignal): Promise<void> {
    const { backend, storage, events } = this.#setting;
    if (backend === undefined) {
      return;
    }
    const element = elementOf(task);
    const from = await transact(storage, { signal }, (buffer) => readCheckpoint(buffer, job.id, element));
    let rows = at === wholeJob ? job.row_count : (job.multi_schema_info?.sub_jobs[at]?.row_count ?? 0);
    let savedAt = performance.now();
    let saving = Promise.resolve();
    let latest: ReorgRange | undefined;
    let warnings: CountedWarning[] = [];
    const save = (done: ReorgRange) => {
      const news = { rows, warnings };
      warnings = [];
      return this.#save(job.id, at, { element, range: done }, news, signal);
    };
    await backfill({
      task: { ...task, jobId: job.id, session: reorgSession(job.reorg_meta) },
      backend,
      speed: this.#setting.speed,
      signal,
      from,
      onProgress: async (batch, done) => {
        rows += batch.rows;
        warnings.push(...(batch.warnings ?? []));
        latest = done;
        events.publish({ kind: 'rows', jobId: job.id, rows });
        if (performance.now() - savedAt >= this.#setting.checkpointMs) {
          savedAt = performance.now();
          // One at a time, in order: a later checkpoint must not be overtaken by an earlier one.
          saving = saving.then(() => save(done));
          await saving;
        }
      },
    });
    await saving;
    if (latest !== undefined) {
      await save({ ...latest, start: latest.end });
    }
  }

  /** Makes a checkpoint durable, with the count of rows that ADMIN SHOW DDL JOBS shows and the warnings for who submitted the job. */
  async #save(
    jobId: number,
    at: number,
    checkpoint: { readonly element: ReturnType<typeof elementOf>; readonly range: ReorgRange },
    news: News,
    signal: AbortSignal,
  ): Promise<void> {
    const { storage, fence } = this.#setting;
    await transact(storage, { signal, fence: fence() }, async (buffer) => {
      writeCheckpoint(buffer, jobId, checkpoint);
      for (const queue of await JobQueue.readAll(buffer)) {
        const job = queue.find(jobId)?.job;
        if (job !== undefined) {
          queue.replace(withNews(job, at, news));
        }
      }
    });
  }
}

interface News {
  readonly rows: number;
  readonly warnings: readonly CountedWarning[];
}

function withNews(job: Job, at: number, { rows, warnings }: News): Job {
  const multi = job.multi_schema_info;
  const reorg_meta = withReorg(job.reorg_meta, warnings);
  if (multi === null) {
    return { ...job, row_count: rows, reorg_meta };
  }
  const reorg_tp = reorgType(reorg_meta);
  const sub_jobs = multi.sub_jobs.map((sub, place) => (place === at ? { ...sub, row_count: rows, reorg_tp } : sub));
  const row_count = sub_jobs.reduce((sum, sub) => sum + sub.row_count, 0);
  return { ...job, row_count, reorg_meta, multi_schema_info: { ...multi, sub_jobs } };
}
