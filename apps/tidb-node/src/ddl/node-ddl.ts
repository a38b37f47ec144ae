import { type AdminResult, DdlJobs, type Job, type JobSpec } from '@tidb-js/ddl-jobs';
import { EtcdError, type Logger, type OwnerManager } from '@tidb-js/etcd-session';
import type { EtcdStorage } from '../storage/etcd-storage.js';
import { StoreMetaStorage } from './store-meta-storage.js';
import type { Ddl, DdlCallOptions } from './types.js';

export interface NodeDdlOptions {
  readonly storage: EtcdStorage;
  readonly owner: OwnerManager;
  /** Bring the schema of this node to at least a version: a statement after a DDL must see it. */
  readonly loadVersion: (version: bigint, options: DdlCallOptions) => Promise<void>;
  readonly logger?: Logger | undefined;
}

/** The DDL door of a node: the queue on its own storage, and the owner as the election tells it. */
export class NodeDdl implements Ddl, AsyncDisposable {
  private readonly jobs: DdlJobs;

  constructor(private readonly options: NodeDdlOptions) {
    const { storage, logger } = options;
    this.jobs = new DdlJobs({
      storage: new StoreMetaStorage(storage),
      ...(logger === undefined ? {} : { logger }),
    });
  }

  get isOwner(): boolean {
    return this.options.owner.isOwner;
  }

  async run(spec: JobSpec, options: DdlCallOptions = {}): Promise<Job> {
    const job = await this.jobs.run(spec, signalOf(options));
    await this.options.loadVersion(job.binlog?.SchemaVersion ?? 0n, options);
    return job;
  }

  cancel(jobIds: readonly number[], options: DdlCallOptions = {}): Promise<readonly AdminResult[]> {
    return this.jobs.cancel(jobIds, signalOf(options));
  }

  pause(jobIds: readonly number[], options: DdlCallOptions = {}): Promise<readonly AdminResult[]> {
    return this.jobs.pause(jobIds, signalOf(options));
  }

  resume(jobIds: readonly number[], options: DdlCallOptions = {}): Promise<readonly AdminResult[]> {
    return this.jobs.resume(jobIds, signalOf(options));
  }

  queued(options: DdlCallOptions = {}): Promise<readonly Job[]> {
    return this.jobs.jobs(signalOf(options));
  }

  history(limit: number, options: DdlCallOptions = {}): Promise<readonly Job[]> {
    return this.jobs.history({ limit, ...signalOf(options) });
  }

  job(jobId: number, options: DdlCallOptions = {}): Promise<Job | undefined> {
    return this.jobs.job(jobId, signalOf(options));
  }

  async owner(options: DdlCallOptions = {}): Promise<string | undefined> {
    try {
      return await this.options.owner.getOwnerId(signalOf(options));
    } catch (error) {
      if (EtcdError.from(error).code === 'NO_LEADER') return undefined;
      throw error;
    }
  }

  close(): Promise<void> {
    return this.jobs.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function signalOf({ signal }: DdlCallOptions): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
