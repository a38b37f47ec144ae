import type { Logger } from '@tidb-js/etcd-session';
import { type BinlogFields, binlogType, isFake } from './binlog/fields.js';
import { type DdlBinlogTime, ddlJobState, type JobSource } from './job-source.js';

const maxQueued = 1024;
const maxKept = 100;

/** A DDL binlog that its job's state does not allow. */
export interface IllegalDdlBinlog {
  readonly jobId: bigint;
  readonly startTs: bigint;
  readonly commitTs: bigint;
  readonly type: 'commit' | 'rollback';
  readonly jobState: number | undefined;
}

/**
 * States of a job that may stand beside the end of its binlog: at the commit_ts of a Commit those that its transaction wrote, at the
 * start_ts of a Rollback those that its transaction found.
 */
const legalStates: Readonly<Record<DdlBinlogTime, Readonly<Record<'commit' | 'rollback', readonly number[]>>>> = {
  synced: {
    commit: [ddlJobState.synced, ddlJobState.rollbackDone],
    rollback: [ddlJobState.done, ddlJobState.rollbackDone],
  },
  done: {
    commit: [ddlJobState.done, ddlJobState.rollbackDone],
    rollback: [ddlJobState.none, ddlJobState.running, ddlJobState.rollingback, ddlJobState.cancelling],
  },
};

/**
 * Schema states in which, by `done`, a job that still runs has had a Commit: None of several actions in one ALTER, delete only of a dropped column,
 * Public of a rewritten one.
 */
const toldWhileRunning: readonly bigint[] = [0n, 1n, 5n];

/** Checks DDL binlogs against their jobs, behind the write path. An illegal one is counted and reported, and kept. */
export class JobCheck {
  readonly #queue: BinlogFields[] = [];
  readonly #illegal: IllegalDdlBinlog[] = [];
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();
  #illegalCount = 0;
  #skipped = 0;

  constructor(
    readonly jobs: JobSource,
    readonly time: DdlBinlogTime,
    readonly logger: Logger,
  ) {}

  get illegalCount(): number {
    return this.#illegalCount;
  }

  /** Those that were not checked: too many waited, or the source failed. */
  get skipped(): number {
    return this.#skipped;
  }

  /** The last ones. */
  get illegal(): readonly IllegalDdlBinlog[] {
    return this.#illegal;
  }

  add(binlog: BinlogFields): void {
    if (binlog.ddlJobId <= 0n || binlog.type === binlogType.prewrite || isFake(binlog)) return;
    if (this.#queue.length >= maxQueued) {
      this.#skipped++;
      return;
    }
    this.#queue.push(binlog);
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let next = this.#queue.shift(); next && !this.#stop.signal.aborted; next = this.#queue.shift()) {
      await this.#check(next);
    }
    this.#running = undefined;
  }

  #isHalfway({ type, ddlSchemaState }: BinlogFields, jobState: number): boolean {
    if (this.time !== 'done' || type === binlogType.rollback) return false;
    return jobState === ddlJobState.running && toldWhileRunning.includes(ddlSchemaState);
  }

  async #check(binlog: BinlogFields): Promise<void> {
    const type = binlog.type === binlogType.rollback ? 'rollback' : 'commit';
    const { ddlJobId: jobId, startTs, commitTs } = binlog;
    try {
      const at = type === 'commit' ? commitTs : startTs;
      const jobState = await this.jobs.jobState(jobId, at, { signal: this.#stop.signal });
      const legal = legalStates[this.time][type];
      if (jobState !== undefined && (legal.includes(jobState) || this.#isHalfway(binlog, jobState))) return;
      this.#illegalCount++;
      this.#illegal.push({ jobId, startTs, commitTs, type, jobState });
      if (this.#illegal.length > maxKept) this.#illegal.shift();
      this.logger.error(
        {
          jobId: String(jobId),
          startTs: String(startTs),
          commitTs: String(commitTs),
          type,
          jobState,
          legal,
        },
        'a DDL binlog does not fit the state of its job; it is kept',
      );
    } catch (error) {
      this.#skipped++;
      if (!this.#stop.signal.aborted) {
        this.logger.warn({ jobId: String(jobId), error: String(error) }, 'a DDL binlog could not be checked');
      }
    }
  }
}
