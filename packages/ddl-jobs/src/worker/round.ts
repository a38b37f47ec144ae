import type { Compare } from '@tidb-js/etcd-session';
import type { ActionRegistry } from '../actions/registry.js';
import { canBeStopped } from '../admin.js';
import type { DdlBinlog, DdlBinlogSink, DdlBinlogTime } from '../binlog.js';
import { DdlError } from '../errors.js';
import type { DdlEvents } from '../events.js';
import { counterKeys, keysOfTable, Meta, nameKey } from '../meta/meta.js';
import { MetaBuffer } from '../meta/meta-buffer.js';
import type { MetaCommitResult, MetaStorage, MetaTransaction } from '../meta/storage.js';
import type { Job } from '../model/job.js';
import { isFinished, JobState } from '../model/job-state.js';
import { type JobCache, JobQueue, type MalformedItem, type QueuedJob } from '../queue.js';
import { clearCheckpoints, elementKey } from '../reorg/checkpoint.js';
import { carriesBinlog } from './binlogs.js';
import { pickRunnable } from './schedule.js';
import type { Backfill } from './step.js';
import { type Transition, transition, turn } from './transition.js';

/** Writes that the step of one job may need beyond what the round has room for is asked for before it. */
const roomForStep = 14;
/** Jobs whose keys are fetched beforehand: no more fit into one transaction. */
const mostPrefetched = 64;
/** A round looks no further after so many steps that have to wait for another one. */
const mostPostponed = 8;
/** Bytes of one transaction: etcd takes 1.5 MiB. */
const maxBytes = 1_000_000;

/** What happened to one job in a round that was committed. */
export type Outcome =
  | { readonly kind: 'moved'; readonly job: Job; readonly version: bigint | undefined }
  | { readonly kind: 'ended'; readonly job: Job }
  | { readonly kind: 'backfill'; readonly job: Job; readonly task: Backfill; readonly at: number }
  | { readonly kind: 'failed'; readonly job: Job; readonly error: DdlError }
  | { readonly kind: 'malformed'; readonly item: MalformedItem };

export interface RoundResult {
  readonly outcomes: readonly Outcome[];
  /** Jobs that could have taken a step and have to wait for another round. */
  readonly waiting: readonly Job[];
  /** Places in the queues that jobs have left empty. */
  readonly emptyPlaces: number;
}

export interface RoundSetting {
  readonly storage: MetaStorage;
  readonly registry: ActionRegistry;
  readonly binlog: DdlBinlogSink | undefined;
  readonly ddlBinlog: DdlBinlogTime;
  readonly errorCountLimit: number;
  readonly signal: AbortSignal;
  readonly fence: () => readonly Compare[];
  readonly events: DdlEvents;
  /** Jobs that are at a barrier or a backfill, or wait after a failure. */
  readonly isBusy: (job: Job) => boolean;
  readonly backfilled: (job: Job, at: number) => boolean;
  readonly failureOf: (job: Job) => DdlError | undefined;
  /** Most jobs in one transaction; 1 after a transaction that was too large. */
  readonly maxJobs: () => number;
  readonly cache: JobCache;
  /** Whether a step with a DDL binlog may share its transaction with steps that have none. */
  readonly sharesBinlog: () => boolean;
  /** Told of each job before it is written. */
  readonly writes: (job: Job) => void;
}

/** A round whose transaction has begun and has read what it is going to need, so that only its steps and its commit are left. */
export interface OpenRound {
  run(fence: readonly Compare[]): Promise<RoundResult>;
  /** Leaves it as if it had not been. */
  drop(): Promise<void>;
}

/**
 * Opens one transaction of the worker: a step of each job that may take one now and does not touch what an earlier job touches. It carries at most one DDL
 * binlog, because a binlog's Prewrite and Commit are found by the transaction's start_ts.
 *
 * Its run throws DdlError as {@link MetaTransaction.commit}; then nothing has happened to any of the jobs, as far as is known. CONFLICT when what
 * it read is no longer so.
 */
export async function openRound(setting: RoundSetting, expected: readonly Job[]): Promise<OpenRound> {
  const transaction = await setting.storage.begin({ signal: setting.signal });
  try {
    const round = new Round(setting, transaction);
    await round.read(expected);
    return {
      async run(fence) {
        try {
          await round.fill();
          await round.commit(fence);
          return { outcomes: round.outcomes, waiting: round.waiting, emptyPlaces: round.emptyPlaces };
        } finally {
          await transaction.rollback();
        }
      },
      drop: () => transaction.rollback(),
    };
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
}

class Round {
  readonly outcomes: Outcome[] = [];
  waiting: readonly Job[] = [];
  readonly #setting: RoundSetting;
  readonly #transaction: MetaTransaction;
  readonly #buffer: MetaBuffer;
  readonly #meta: Meta;
  #queues: readonly JobQueue[] = [];
  #binlogOf: Job | undefined;

  constructor(setting: RoundSetting, transaction: MetaTransaction) {
    this.#setting = setting;
    this.#transaction = transaction;
    this.#buffer = new MetaBuffer(transaction, setting.signal);
    this.#meta = new Meta(this.#buffer);
  }

  get emptyPlaces(): number {
    return this.#queues.reduce((sum, queue) => sum + queue.emptyPlaces, 0);
  }

  /** Reads the queues, and with them what the steps of these jobs are going to read. */
  async read(expected: readonly Job[]): Promise<void> {
    [this.#queues] = await Promise.all([
      JobQueue.readAll(this.#buffer, this.#setting.cache),
      this.#buffer.prefetch([...counterKeys, ...expected.slice(0, mostPrefetched).flatMap(keysOf)]),
    ]);
    this.#setting.cache.turnOver();
  }

  async fill(): Promise<void> {
    const queues = this.#queues;
    for (const queue of queues) {
      for (const item of queue.malformed) {
        queue.quarantine(item, this.#transaction.startTs);
        this.outcomes.push({ kind: 'malformed', item });
      }
    }
    const candidates = pickRunnable(queues, this.#setting.registry, this.#setting.isBusy);
    const runnable = candidates.slice(0, this.#setting.maxJobs());
    const postponed: Job[] = [];
    let looked = 0;
    await this.#buffer.prefetch(runnable.slice(0, mostPrefetched).flatMap((item) => keysOf(item.job)));
    for (const item of runnable) {
      const queue = queues.find((each) => each.name === item.queue);
      const full = this.#buffer.writes + roomForStep > this.#setting.storage.maxWrites || this.#buffer.bytes > maxBytes;
      const alone = this.#binlogOf !== undefined && !this.#setting.sharesBinlog();
      if (queue === undefined || (full && this.#buffer.writes > 0) || alone || postponed.length > mostPostponed) {
        break;
      }
      looked += 1;
      if (!(await this.#step(queue, item))) {
        postponed.push(item.job);
      }
    }
    this.waiting = [...postponed, ...candidates.slice(looked).map((item) => item.job)];
  }

  async commit(fence: readonly Compare[]): Promise<void> {
    if (this.#buffer.writes === 0) {
      return;
    }
    const { binlog: sink, signal } = this.#setting;
    this.#buffer.flush();
    const binlog = sink === undefined ? undefined : this.#binlog();
    if (sink === undefined || binlog === undefined) {
      await this.#commit(fence);
      return;
    }
    try {
      await sink.prewrite(binlog, { signal });
    } catch (error) {
      sink.rollback(binlog);
      const message = `the DDL binlog of job ${binlog.jobId} could not be written: ${DdlError.from(error).message}`;
      throw new DdlError('STORAGE', message, { cause: error });
    }
    try {
      const { commitTs } = await this.#commit(fence);
      sink.commit(binlog, commitTs);
    } catch (error) {
      // Whether it was committed may be unknown, and then neither may be said.
      if (!DdlError.from(error).outcomeUnknown) {
        sink.rollback(binlog);
      }
      throw error;
    }
  }

  async #commit(fence: readonly Compare[]): Promise<MetaCommitResult> {
    const { events, signal } = this.#setting;
    const written = this.outcomes.filter((outcome) => outcome.kind !== 'malformed' && outcome.kind !== 'backfill');
    const jobIds = written.map((outcome) => outcome.job.id);
    events.publish({ kind: 'commit', jobIds });
    for (const outcome of written) {
      this.#setting.writes(outcome.job);
    }
    return this.#transaction.commit({ fence, signal });
  }

  /** Whether the job could be dealt with. */
  async #step(queue: JobQueue, item: QueuedJob): Promise<boolean> {
    this.#buffer.beginStep();
    const { registry } = this.#setting;
    try {
      const taken = await this.#take(item.job);
      const needsBinlog =
        this.#setting.binlog !== undefined &&
        taken.kind !== 'backfill' &&
        carriesBinlog(this.#setting.ddlBinlog, registry, {
          job: taken.job,
          ended: taken.kind === 'ended',
          tells: taken.kind === 'moved' && taken.tells,
        });
      if (needsBinlog && !this.#hasPlaceForBinlog()) {
        this.#buffer.dropStep();
        return false;
      }
      await this.#keep(queue, item, taken);
      if (needsBinlog) {
        this.#binlogOf = taken.job;
      }
    } catch (error) {
      this.#buffer.dropStep();
      this.#fail(queue, item, DdlError.from(error));
    }
    return true;
  }

  #hasPlaceForBinlog(): boolean {
    const isEmpty = this.outcomes.every((outcome) => outcome.kind === 'backfill');
    return this.#binlogOf === undefined && (isEmpty || this.#setting.sharesBinlog());
  }

  /** The job's step; when it ends with an error that every try would end with, its turn. */
  async #take(job: Job): Promise<Transition> {
    const { registry, backfilled, failureOf } = this.#setting;
    const setting = {
      registry,
      meta: this.#meta,
      startTs: this.#transaction.startTs,
      backfilled: (at: number) => backfilled(job, at),
      failure: failureOf(job),
    };
    try {
      return await transition(job, setting);
    } catch (error) {
      const failure = DdlError.from(error);
      if (!failure.endsJob || job.state === JobState.Rollingback) {
        throw failure;
      }
      this.#buffer.dropStep();
      this.#buffer.beginStep();
      return turn(job, failure, setting);
    }
  }

  async #keep(queue: JobQueue, item: QueuedJob, taken: Transition): Promise<void> {
    if (taken.kind === 'backfill') {
      this.#buffer.dropStep();
      this.outcomes.push({ kind: 'backfill', job: item.job, task: taken.task, at: taken.at });
      return;
    }
    if (taken.kind === 'moved') {
      const version = taken.version === undefined ? {} : { last_schema_version: taken.version };
      const job = { ...taken.job, ...version };
      queue.replace(job);
      this.#buffer.keepStep();
      this.outcomes.push({ kind: 'moved', job, version: taken.version });
      return;
    }
    const job: Job = {
      ...taken.job,
      seq_num: await this.#meta.nextSequence(),
      binlog: taken.job.binlog === null ? null : { ...taken.job.binlog, FinishedTS: this.#transaction.startTs },
    };
    await clearCheckpoints(this.#buffer, job.id);
    // Nothing can fail from here on: the queue at hand and the step's writes have to stay of one mind.
    queue.remove(queue.find(job.id)?.index ?? item.index);
    this.#meta.addHistoryJob(job);
    this.#buffer.keepStep();
    this.outcomes.push({ kind: 'ended', job });
  }

  /** A step that failed: counted, and after too many of them the job is turned back if it can be. */
  #fail(queue: JobQueue, item: QueuedJob, error: DdlError): void {
    const { errorCountLimit, registry } = this.#setting;
    // About this moment or this process: nothing is written, the whole round is given up.
    if (error.retryable || error.code === 'ABORTED' || error.code === 'CLOSED') {
      throw error;
    }
    const job = { ...item.job, err: error.toErrorObject(), err_count: item.job.err_count + 1 };
    const gaveUp = job.err_count > errorCountLimit && job.state === JobState.Running && canBeStopped(job, registry);
    const counted = gaveUp ? { ...job, state: JobState.Cancelling } : job;
    queue.replace(counted);
    this.outcomes.push({ kind: 'failed', job: counted, error });
  }

  #binlog(): DdlBinlog | undefined {
    const job = this.#binlogOf;
    const prewriteKey = this.#transaction.primaryKey();
    return job === undefined || prewriteKey === undefined
      ? undefined
      : {
          jobId: job.id,
          query: job.query,
          schemaState: job.schema_state,
          jobState: job.state,
          startTs: this.#transaction.startTs,
          prewriteKey,
        };
  }
}

/** What the step of a job is sure to read. */
function keysOf(job: Job): readonly Uint8Array[] {
  if (isFinished(job.state)) {
    return [elementKey(job.id)];
  }
  return [
    ...Object.values(keysOfTable(job.schema_id, job.table_id)),
    ...(job.table_name === '' ? [] : [nameKey(job.schema_name, job.table_name)]),
  ];
}
