import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { EtcdClient, OwnerManager } from '@tidb-js/etcd-session';
import { EtcdSchemaSyncer, FleetMember } from '@tidb-js/syncer';
import { type DdlBinlog, type DdlEvent, DdlWorker, ddlChannelName, EtcdMetaStorage } from '../src/index.js';
import { RowsInEtcd } from './rows-in-etcd.js';

/*
 * One server of a fleet, as a process of its own: it follows the schema version, campaigns, and works while it is the owner. Its binlogs go into a file,
 * line by line. It says `ready` once it is in step, and lives until it is killed, or told to end by SIGTERM.
 *
 * `die <n>` on its input lets it kill itself, with SIGKILL, at the n-th fault point from then on (1 for the next): right before or after a commit, a barrier
 * or a batch of rows. It answers `armed`. With `0` it only counts, and `count` is answered with how many it has passed. `stop <n>` is the same with SIGSTOP.
 * `freeze <version>` stops it when it has loaded a version, before it reports it.
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
let freezeAt: bigint | undefined;
const member = await FleetMember.join(syncer, {
  load(version) {
    // Before it reports the version: so the owner has to wait for this server, or for its leases to run out.
    if (freezeAt !== undefined && version >= freezeAt) {
      freezeAt = undefined;
      process.kill(process.pid, 'SIGSTOP');
    }
  },
});
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
  process.stdin.destroy();
});

const faultPoints: ReadonlySet<DdlEvent['kind']> = new Set([
  'commit',
  'step',
  'end',
  'barrier-begin',
  'barrier',
  'rows',
]);
let passed = 0;
let last = 0;
let how: NodeJS.Signals = 'SIGKILL';
subscribe(ddlChannelName, (event) => {
  // Events are published in the middle of what they tell of, so nothing else has happened when the signal comes.
  if (faultPoints.has((event as DdlEvent).kind) && ++passed === last) {
    process.kill(process.pid, how);
  }
});
const commands = createInterface({ input: process.stdin });
// Nobody is to outlive the test that started it.
commands.on('close', () => process.exit());
commands.on('line', (command) => {
  const [word, at = '0'] = command.split(' ');
  if (word === 'die' || word === 'stop') {
    passed = 0;
    last = Number(at);
    how = word === 'die' ? 'SIGKILL' : 'SIGSTOP';
  } else if (word === 'freeze') {
    freezeAt = BigInt(at);
  }
  process.stdout.write(word === 'count' ? `passed ${passed}\n` : 'armed\n');
});
process.stdout.write('ready\n');
