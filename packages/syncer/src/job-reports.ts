import type { EtcdClient } from '@tidb-js/etcd-session';
import type { Deadline } from './deadline.js';
import { raiseVersion } from './raise-version.js';
import { type RetryPolicy, retrying } from './retry.js';

/** How many jobs' revisions are remembered; forgetting one costs a round trip. */
const rememberedAtMost = 128;

/** What a node reports for jobs, by keys without a lease (TiDB since v6.6 removes them when the job is done). */
export class JobReports {
  readonly #client: EtcdClient;
  readonly #prefix: string;
  readonly #id: string;
  readonly #policy: RetryPolicy;
  readonly #modRevisions = new Map<bigint, bigint>();

  constructor(client: EtcdClient, prefix: string, id: string, policy: RetryPolicy) {
    this.#client = client;
    this.#prefix = prefix;
    this.#id = id;
    this.#policy = policy;
  }

  /** Raises what is reported for the job; returns what stands. */
  async report(jobId: bigint, version: bigint, deadline: Deadline): Promise<bigint> {
    const key = `${this.#prefix}/${jobId}/${this.#id}`;
    const doing = `Reporting version ${version} for job ${jobId}`;
    const raised = await retrying(this.#policy, Number.POSITIVE_INFINITY, deadline, doing, (call) =>
      raiseVersion(this.#client, { key, version, expected: this.#modRevisions.get(jobId) ?? 0n }, call),
    );
    this.#remember(jobId, raised.modRevision);
    return raised.version;
  }

  /** The job's reports have been removed. */
  forget(jobId: bigint): void {
    this.#modRevisions.delete(jobId);
  }

  #remember(jobId: bigint, modRevision: bigint): void {
    if (modRevision < (this.#modRevisions.get(jobId) ?? 0n)) return;
    this.#modRevisions.delete(jobId);
    this.#modRevisions.set(jobId, modRevision);
    const [oldest] = this.#modRevisions.keys();
    if (this.#modRevisions.size > rememberedAtMost && oldest !== undefined) this.#modRevisions.delete(oldest);
  }
}
