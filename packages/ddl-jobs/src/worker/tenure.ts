import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { ActionRegistry } from '../actions/registry.js';
import { DdlError } from '../errors.js';
import type { DdlEvents } from '../events.js';
import { adoptNames } from '../meta/adopt-names.js';
import { Meta } from '../meta/meta.js';
import { transact } from '../meta/transact.js';
import type { Job } from '../model/job.js';
import { JobState } from '../model/job-state.js';
import { JobCache, JobQueue } from '../queue.js';
import type { ReorgSpeed } from '../reorg/backend.js';
import { Backfills } from './backfills.js';
import { type BarrierJobs, type BarrierSetting, waitForServers } from './barrier.js';
import { QueueNews } from './queue-news.js';
import { Retries } from './retries.js';
import type { Outcome, RoundSetting } from './round.js';
import { RoundAhead } from './round-ahead.js';
import type { DdlWorkerOptions } from './worker.js';

const roundPauseMs = { first: 10, most: 2_000 };
/** Empty places of the queues are tidied up when nothing has happened for so long, or when they are many. */
const tidyIdleMs = 200;
const mostEmptyPlaces = 32;
const unlimited = Number.POSITIVE_INFINITY;

/**
 * One owner's time in office: first the barrier that its predecessor may have left open, then rounds, each as soon as something has changed. Barriers and
 * backfills run beside the rounds, so a job that waits holds up only what touches the same.
 */
export class Tenure {
  readonly #options: DdlWorkerOptions;
  readonly #events: DdlEvents;
  readonly #backfills: Backfills;
  readonly #round: RoundAhead;
  readonly #cache = new JobCache({ ofOwner: true });
  /** Jobs that wait for a step, or have a further one to take after the last round, and those that came since. */
  #expected: readonly Job[] = [];
  /** Most jobs in one transaction. */
  #maxJobs = unlimited;
  /** Whether the queues are tidied up before the next round. */
  #tidiesUp = false;
  /** Not after a failure: steps that need no Pump must not wait for one. */
  #sharesBinlog = true;
  readonly #barrier: BarrierSetting;
  /** Ends with the ownership, the worker, or an error of a barrier. */
  readonly #end = new AbortController();
  readonly #signal: AbortSignal;
  readonly #atBarrier = new Set<number>();
  readonly #retries: Retries;
  readonly #beside = new Set<Promise<void>>();
  readonly #news: QueueNews;
  #changed = true;
  #wake = (): void => {};

  constructor(
    options: DdlWorkerOptions,
    registry: ActionRegistry,
    events: DdlEvents,
    speed: () => ReorgSpeed,
    signal: AbortSignal,
  ) {
    const { storage, owner, syncer, logger } = options;
    this.#options = options;
    this.#events = events;
    this.#signal = AbortSignal.any([signal, this.#end.signal]);
    // A round reads and writes for many jobs at once.
    setMaxListeners(0, this.#signal);
    this.#retries = new Retries(options.retryDelayMs ?? 1_000);
    this.#news = new QueueNews(storage, this.#signal, this.#cache, (jobs) => {
      this.#expected = [...this.#expected, ...jobs];
      this.#notify();
    });
    const fence = () => owner.fence();
    this.#backfills = new Backfills({
      storage,
      backend: options.reorg,
      speed,
      checkpointMs: options.checkpointMs ?? 1_000,
      fence,
      events,
      logger,
    });
    this.#barrier = {
      syncer,
      owner,
      events,
      leaseMs: options.leaseMs ?? 45_000,
      metadataLock: options.metadataLock ?? false,
      onTimeout: options.onBarrierTimeout ?? 'proceed',
      logger,
    };
    const setting: RoundSetting = {
      storage,
      registry,
      fence,
      events,
      cache: this.#cache,
      binlog: options.binlog,
      ddlBinlog: options.ddlBinlog ?? 'synced',
      errorCountLimit: options.errorCountLimit ?? 512,
      signal: this.#signal,
      isBusy: (job) => this.#isBusy(job),
      backfilled: (job, at) => this.#backfills.isDone(job.id, at),
      failureOf: (job) => this.#backfills.failureOf(job.id),
      maxJobs: () => this.#maxJobs,
      sharesBinlog: () => this.#sharesBinlog,
      // Before the commit: its watch may be faster than its answer.
      writes: (job) => this.#news.expect(job),
    };
    this.#round = new RoundAhead(setting);
  }

  /** Works until the ownership or the worker ends. */
  async work(): Promise<void> {
    const onAbort = () => this.#notify();
    this.#signal.addEventListener('abort', onAbort);
    try {
      this.#aside(this.#news.watch('general'));
      this.#aside(this.#news.watch('reorg'));
      await this.#rounds();
    } finally {
      this.#end.abort();
      await this.#round.drop();
      await this.#backfills.stopAll();
      await Promise.all(this.#beside);
      this.#signal.removeEventListener('abort', onAbort);
    }
  }

  async #rounds(): Promise<void> {
    let pause: number = roundPauseMs.first;
    // What a predecessor committed, or a transaction of ours whose outcome is not known, may still be without its barrier.
    let catchUp = true;
    while (!this.#signal.aborted) {
      try {
        if (catchUp) {
          await this.#catchUp();
          catchUp = false;
        }
        if (this.#tidiesUp) {
          this.#tidiesUp = false;
          await this.#tidyUp();
        }
        this.#changed = false;
        const expected = this.#expected;
        this.#expected = [];
        const { outcomes, waiting, emptyPlaces } = await this.#round.run(expected);
        const going = outcomes.flatMap((outcome) => (outcome.kind === 'moved' ? [outcome.job] : []));
        this.#expected = [...waiting, ...going, ...this.#expected];
        this.#maxJobs = unlimited;
        this.#sharesBinlog = true;
        pause = roundPauseMs.first;
        this.#settle(outcomes);
        this.#tidiesUp = emptyPlaces > mostEmptyPlaces;
        if (waiting.length === 0 && !outcomes.some(callsForAnother)) {
          if (going.length > 0 && !this.#changed) {
            // What these jobs need for their next steps is read while they wait at the barrier.
            this.#round.prepare(going);
          }
          await this.#sleep(emptyPlaces > 0 ? tidyIdleMs : undefined);
        }
      } catch (error) {
        const failure = DdlError.from(error);
        if (this.#signal.aborted || failure.code === 'NOT_OWNER' || failure.code === 'CLOSED') {
          throw failure;
        }
        catchUp ||= failure.outcomeUnknown;
        if (failure.code === 'TOO_LARGE') {
          this.#maxJobs = 1;
        }
        if (failure.code !== 'CONFLICT') {
          this.#sharesBinlog = false;
          this.#options.logger?.warn({ error: failure }, 'a transaction of the DDL owner failed and is tried again');
          this.#events.publish({ kind: 'error', jobId: undefined, error: failure });
        }
        // Who lost a race can run again at once; what failed would fail again.
        const wait = failure.code === 'CONFLICT' ? pause / 10 : pause;
        await delay(wait * (0.5 + Math.random()), undefined, { signal: this.#signal }).catch(() => {});
        pause = Math.min(pause * 2, roundPauseMs.most);
      }
    }
  }

  /** Waits until all servers have the newest version that is committed, before anything else is done. */
  async #catchUp(): Promise<void> {
    const { storage, owner } = this.#options;
    await adoptNames(storage, { signal: this.#signal, fence: owner.fence() });
    const { version, jobs } = await transact(storage, { signal: this.#signal }, async (buffer) => {
      const queues = await JobQueue.readAll(buffer);
      return {
        version: await new Meta(buffer).schemaVersion(),
        jobs: queues.flatMap((queue) => queue.jobs.map((item) => item.job)),
      };
    });
    if (version === 0n) {
      return;
    }
    const started = jobs.flatMap(({ id, last_schema_version }) =>
      last_schema_version === undefined || this.#atBarrier.has(id) ? [] : [{ id, version: last_schema_version }],
    );
    await waitForServers(this.#barrier, { version, jobs: started }, { signal: this.#signal, onJob: () => {} });
  }

  #isBusy(job: Job): boolean {
    if (this.#backfills.isRunning(job.id)) {
      if (job.state === JobState.Cancelling || job.state === JobState.Pausing) {
        this.#backfills.stop(job.id, 'the job is to be stopped');
      }
      return true;
    }
    return this.#atBarrier.has(job.id) || this.#retries.isPausing(job.id);
  }

  /** Does what a committed round calls for: barriers, backfills, pauses, events. */
  #settle(outcomes: readonly Outcome[]): void {
    const versions: { id: number; version: bigint }[] = [];
    for (const outcome of outcomes) {
      switch (outcome.kind) {
        case 'moved': {
          const { id, type, state, schema_state: schemaState } = outcome.job;
          this.#retries.forget(id);
          this.#events.publish({ kind: 'step', jobId: id, type, state, schemaState, version: outcome.version });
          if (outcome.version !== undefined) {
            versions.push({ id, version: outcome.version });
          }
          break;
        }
        case 'ended':
          this.#ended(outcome.job);
          break;
        case 'backfill':
          this.#backfills.start(outcome.job, outcome.at, outcome.task, (error) => {
            if (error !== undefined) {
              this.#failed(outcome.job, error);
              this.#aside(this.#countFailure(outcome.job.id, error));
            }
            this.#notify();
          });
          break;
        case 'failed':
          this.#failed(outcome.job, outcome.error);
          break;
        case 'malformed': {
          const { queue, index, error } = outcome.item;
          this.#options.logger?.error({ queue, index, error }, 'bytes in a DDL queue are no job and were moved aside');
          this.#events.publish({ kind: 'malformed', queue, index, error });
        }
      }
    }
    // Made one after the other in one transaction, so the last is the greatest.
    const last = versions.at(-1);
    if (last !== undefined) {
      this.#aside(this.#waitFor({ version: last.version, jobs: versions }));
    }
  }

  async #waitFor(group: BarrierJobs): Promise<void> {
    for (const { id } of group.jobs) {
      this.#atBarrier.add(id);
    }
    const onJob = (jobId: number) => {
      this.#atBarrier.delete(jobId);
      this.#wakeUp();
    };
    await waitForServers(this.#barrier, group, { signal: this.#signal, onJob });
  }

  #ended(job: Job): void {
    this.#retries.forget(job.id);
    this.#backfills.forget(job.id);
    this.#events.publish({ kind: 'end', jobId: job.id, type: job.type, state: job.state });
    if (this.#barrier.metadataLock) {
      const { syncer, owner } = this.#options;
      // Keys that stay behind do no harm beyond their place, so this is tried once.
      const removed = syncer.ownerRemoveJobVersions(BigInt(job.id), { fence: owner.fence(), signal: this.#signal });
      removed.catch((error: unknown) =>
        this.#options.logger?.warn({ jobId: job.id, error }, 'job versions stay behind'),
      );
    }
  }

  /** A step that failed burns no version and is tried again after a pause. */
  #failed(job: Job, error: DdlError): void {
    const { pause, failures } = this.#retries.fail(job.id);
    this.#options.logger?.warn({ jobId: job.id, error, failures }, 'a step of a DDL job failed and is tried again');
    this.#events.publish({ kind: 'error', jobId: job.id, error });
    this.#aside(
      delay(pause + 1, undefined, { signal: this.#signal }).then(
        () => this.#notify(),
        () => {},
      ),
    );
  }

  /** Counts a backfill's failure in the job, as a step's is counted in its round. */
  async #countFailure(jobId: number, error: DdlError): Promise<void> {
    const { storage, owner, errorCountLimit = 512 } = this.#options;
    await transact(storage, { signal: this.#signal, fence: owner.fence() }, async (buffer) => {
      for (const queue of await JobQueue.readAll(buffer)) {
        const job = queue.find(jobId)?.job;
        if (job !== undefined) {
          const err_count = job.err_count + 1;
          const state = err_count > errorCountLimit && job.state === JobState.Running ? JobState.Cancelling : job.state;
          queue.replace({ ...job, err_count, state, err: error.toErrorObject() });
        }
      }
    });
  }

  /** Lets something run beside the rounds. Its failure ends the tenure: the next one begins with a barrier and puts things right. */
  #aside(work: Promise<void>): void {
    const run: Promise<void> = work
      .catch((error: unknown) => {
        if (!this.#signal.aborted) {
          this.#options.logger?.warn({ error }, 'the DDL owner begins anew');
          this.#end.abort(DdlError.from(error));
        }
      })
      .finally(() => this.#beside.delete(run));
    this.#beside.add(run);
  }

  /** Something may have changed in the storage. */
  #notify(): void {
    this.#round.outdate();
    this.#wakeUp();
  }

  /** A step may be taken that could not before. */
  #wakeUp(): void {
    this.#changed = true;
    this.#wake();
  }

  /** Sleeps until something changes; when nothing does for so long, the queues are tidied up. */
  async #sleep(tidyMs: number | undefined): Promise<void> {
    if (this.#changed || this.#signal.aborted) {
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (tidyMs !== undefined) {
        timer = setTimeout(() => {
          this.#tidiesUp = true;
          resolve();
        }, tidyMs);
      }
    });
    clearTimeout(timer);
  }

  /** Who queues a job at this moment is first: there will be another time. */
  async #tidyUp(): Promise<void> {
    await this.#round.drop();
    this.#cache.forgetPlaces();
    const { storage, owner } = this.#options;
    const options = { signal: this.#signal, fence: owner.fence(), attempts: 1 };
    await transact(storage, options, async (buffer) => {
      for (const queue of await JobQueue.readAll(buffer)) {
        queue.tidy();
      }
    }).catch((error: unknown) => {
      if (DdlError.from(error).code !== 'CONFLICT') {
        throw error;
      }
    });
  }
}

/** Whether a job may go on at once, or others that waited for it: those at a barrier and those that failed say so themselves. */
function callsForAnother(outcome: Outcome): boolean {
  return outcome.kind === 'ended' || (outcome.kind === 'moved' && outcome.version === undefined);
}
