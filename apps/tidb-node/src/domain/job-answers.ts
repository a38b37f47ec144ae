import { setTimeout as sleep } from 'node:timers/promises';
import { builtinActions, type Job, type JobNews, JobState } from '@tidb-js/ddl-jobs';
import type { Logger } from '@tidb-js/etcd-session';
import type { SchemaSyncer } from '@tidb-js/syncer';
import type { SchemaHolds, TouchedObjects } from './schema-holds.js';

const RETRY_MS = 200;
const REMEMBERED = 1_000;

const ACTIONS = new Map(builtinActions.map((action) => [action.type, action]));

export interface JobAnswersOptions {
  readonly syncer: SchemaSyncer;
  readonly holds: SchemaHolds;
  /** The version that this node has loaded. */
  readonly version: () => bigint;
  /** Whether owners wait for this node at all. */
  readonly isCounted: () => boolean;
  readonly logger: Logger;
}

/**
 * Metadata lock: tells the owner of each job that this node has the job's version, unless something that began before still uses the job's tables; then as
 * soon as that has ended.
 */
export class JobAnswers {
  /** Jobs that have begun: for others nobody waits yet. */
  readonly #begun = new Map<number, Job>();
  /** The job's own version for which this node has answered last. */
  readonly #answered = new Map<number, bigint>();
  /** Jobs that ended lately: a load that was slower than the news must not bring them back, since nobody would remove what is reported for them. */
  readonly #ended = new Set<number>();
  readonly #closing = new AbortController();
  readonly #under = new Set<Promise<void>>();
  /** A job waits for something that began before and is still open. */
  #owed = false;

  constructor(private readonly options: JobAnswersOptions) {}

  /** These are all jobs there are. Each is answered, whatever was before: reports may have been lost with a session. */
  replace(jobs: readonly Job[]): void {
    this.#begun.clear();
    this.#answered.clear();
    this.#keep(jobs);
    this.#answer();
  }

  /** Jobs have moved, or ended. */
  take({ queued, ended }: JobNews): void {
    this.#keep(queued);
    for (const id of ended) {
      this.#begun.delete(id);
      this.#answered.delete(id);
      this.#ended.add(id);
    }
    for (const id of this.#ended) {
      if (this.#ended.size <= REMEMBERED) break;
      this.#ended.delete(id);
    }
    this.#answer();
  }

  /** Something that used tables has ended. */
  released(): void {
    if (this.#owed) this.#answer();
  }

  #keep(jobs: readonly Job[]): void {
    for (const job of jobs) {
      if (job.state !== JobState.None && !this.#ended.has(job.id)) this.#begun.set(job.id, job);
    }
  }

  #answer(): void {
    const version = this.options.version();
    this.#owed = false;
    for (const job of this.#begun.values()) {
      const { last_schema_version: own = version } = job;
      // What this node has not loaded yet is answered when it has.
      if (own > version || (this.#answered.get(job.id) ?? -1n) >= own) continue;
      if (this.options.holds.blocks(own, touchedBy(job))) {
        this.#owed = true;
        continue;
      }
      this.#answered.set(job.id, own);
      this.#report(job.id, version);
    }
  }

  #report(jobId: number, version: bigint): void {
    const { signal } = this.#closing;
    const { syncer, logger, isCounted } = this.options;
    const report: Promise<void> = syncer
      .updateSelfVersion({ version, jobId: BigInt(jobId) }, { signal })
      .then(() => undefined)
      .catch(async (error: unknown) => {
        // A node that is out of the fleet answers when it has joined again.
        if (signal.aborted || !isCounted()) return;
        logger.warn({ err: error, jobId }, 'a schema version could not be reported');
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return;
        this.#answered.delete(jobId);
        this.#answer();
      })
      .finally(() => this.#under.delete(report));
    this.#under.add(report);
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the domain is closing'));
    await Promise.all(this.#under);
  }
}

/** The tables and databases whose users a job has to wait for. */
function touchedBy(job: Job): TouchedObjects {
  const involved = involvedIn(job);
  return { tableIds: [job.table_id, ...(involved?.tableIds ?? [])], schemaIds: involved?.schemaIds ?? [] };
}

/** A job whose arguments cannot be read touches its table; its next step ends it. */
function involvedIn(job: Job) {
  try {
    return ACTIONS.get(job.type)?.involves(job);
  } catch {
    return undefined;
  }
}
