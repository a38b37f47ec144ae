import type { Logger } from '@tidb-js/etcd-session';
import { type BinlogFields, binlogType, isFake } from './binlog/fields.js';
import { ddlJobState, type JobSource } from './job-source.js';

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

/** States of a job that may stand beside the end of its binlog (the article: a DDL binlog is written with the last step). */
const legalStates: Readonly<Record<'commit' | 'rollback', readonly number[]>> = {
  commit: [ddlJobState.synced, ddlJobState.rollbackDone],
  rollback: [ddlJobState.done, ddlJobState.rollbackDone],
};

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

  async #check(binlog: BinlogFields): Promise<void> {
    const type = binlog.type === binlogType.rollback ? 'rollback' : 'commit';
    const { ddlJobId: jobId, startTs, commitTs } = binlog;
    try {
      const at = type === 'commit' ? commitTs : startTs;
      const jobState = await this.jobs.jobState(jobId, at, { signal: this.#stop.signal });
      if (jobState !== undefined && legalStates[type].includes(jobState)) return;
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
          legal: legalStates[type],
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
