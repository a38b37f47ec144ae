import { appendFileSync } from 'node:fs';
import { EtcdClient, OwnerManager } from '@tidb-js/etcd-session';
import { EtcdSchemaSyncer, FleetMember } from '@tidb-js/syncer';
import { type DdlBinlog, DdlWorker, EtcdMetaStorage } from '../src/index.js';
import { RowsInEtcd } from './rows-in-etcd.js';

/*
 * One server of a fleet, as a process of its own: it follows the schema version, campaigns, and works while it is the owner. Its binlogs go into a file,
 * line by line. It says `ready` once it is in step, and lives until it is killed, or told to end by SIGTERM.
 */
const [endpoints = '', root = '', id = '', binlogFile = ''] = process.argv.slice(2);
const ttlSeconds = 2;
const client = new EtcdClient({ endpoints: endpoints.split(','), coalesce: true });
const storage = new EtcdMetaStorage({ client, prefix: `${root}/meta/` });
const keys = {
  selfVersions: `${root}/all_schema_versions`,
  globalVersion: `${root}/global_schema_version`,
  jobVersions: `${root}/all_schema_by_job_versions`,
  serverInfo: `${root}/info`,
};
const syncer = new EtcdSchemaSyncer(client, { id, keys, ttlSeconds });
const member = await FleetMember.join(syncer, { load: () => {} });
const owner = new OwnerManager(client, { id, key: `${root}/owner`, ttlSeconds });
await owner.campaign();

const line = (kind: string, { jobId, jobState, startTs }: DdlBinlog, commitTs = 0n) =>
  appendFileSync(
    binlogFile,
    `${JSON.stringify({ kind, jobId, jobState, startTs: `${startTs}`, commitTs: `${commitTs}` })}\n`,
  );
const worker = new DdlWorker({
  storage,
  syncer,
  owner,
  reorg: new RowsInEtcd(client, `${root}/rows/`),
  reorgSpeed: { batchSize: 5, concurrency: 2 },
  checkpointMs: 50,
  leaseMs: 10_000,
  retryDelayMs: 50,
  binlog: {
    prewrite: async (binlog) => line('prewrite', binlog),
    commit: (binlog, commitTs) => line('commit', binlog, commitTs),
    rollback: (binlog) => line('rollback', binlog),
  },
});
worker.start();
process.once('SIGTERM', async () => {
  await worker.close();
  await owner.close();
  await member.close();
  await client.close();
});
process.stdout.write('ready\n');
