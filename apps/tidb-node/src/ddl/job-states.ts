import { DdlJobs } from '@tidb-js/ddl-jobs';
import type { JobSource } from '@tidb-js/pump-stub';
import type { EtcdStorage } from '../storage/etcd-storage.js';
import { StoreMetaStorage } from './store-meta-storage.js';

/** The rows that a transaction writes by the new schema then come behind the DDL in the binlog. */
export const ddlBinlog = 'done';

/** How a Pump learns whether a DDL binlog fits its job: from the metadata as they stood at its timestamp. */
export class StorageJobStates implements JobSource {
  constructor(private readonly storage: EtcdStorage) {}

  async jobState(jobId: bigint, at: bigint, { signal }: { readonly signal: AbortSignal }): Promise<number | undefined> {
    await using jobs = new DdlJobs({ storage: new StoreMetaStorage(this.storage, at) });
    return (await jobs.job(Number(jobId), { signal }))?.state;
  }
}
