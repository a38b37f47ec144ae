import type { EtcdClient } from '@tidb-js/etcd-session';
import type { Deadline } from './deadline.js';
import { type Raised, raiseVersion } from './raise-version.js';
import { type RetryPolicy, retrying } from './retry.js';

/** How many jobs' reports are remembered; forgetting one costs a round trip. */
const rememberedAtMost = 128;

/** What a node reports for jobs; whoever owns removes these keys when the job has ended. */
export class JobReports {
  readonly #client: EtcdClient;
  readonly #prefix: string;
  readonly #id: string;
  readonly #policy: RetryPolicy;
  readonly #reports = new Map<bigint, Raised>();

  constructor(client: EtcdClient, prefix: string, id: string, policy: RetryPolicy) {
    this.#client = client;
    this.#prefix = prefix;
    this.#id = id;
    this.#policy = policy;
  }

  /** Raises what is reported for the job, on a lease if one is given; returns what stands. */
  async report(jobId: bigint, version: bigint, lease: bigint | undefined, deadline: Deadline): Promise<bigint> {
    const key = `${this.#prefix}/${jobId}/${this.#id}`;
    const doing = `Reporting version ${version} for job ${jobId}`;
    const raised = await retrying(this.#policy, Number.POSITIVE_INFINITY, deadline, doing, (call) =>
      raiseVersion(
        this.#client,
        { key, version, believed: this.#reports.get(jobId), ...(lease === undefined ? {} : { lease }) },
        call,
      ),
    );
    this.#remember(jobId, raised);
    return raised.version;
  }

  /** The job's reports have been removed. */
  forget(jobId: bigint): void {
    this.#reports.delete(jobId);
  }

  #remember(jobId: bigint, raised: Raised): void {
    if (raised.modRevision < (this.#reports.get(jobId)?.modRevision ?? 0n)) return;
    this.#reports.delete(jobId);
    this.#reports.set(jobId, raised);
    const [oldest] = this.#reports.keys();
    if (this.#reports.size > rememberedAtMost && oldest !== undefined) this.#reports.delete(oldest);
  }
}
