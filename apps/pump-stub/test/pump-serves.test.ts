import { readFileSync } from 'node:fs';
import { encodeBinlog } from '@tidb-js/binlog/wire';
import { EtcdClient } from '@tidb-js/etcd-session';
import type { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ddlJobState } from '../src/index.js';
import { PumpCaller, startEtcd, startPump, temporaryFolder } from './pump-fixture.js';
import { commit, prewrite } from './transactions.js';

let etcd: LocalEtcd;
beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(async () => {
  await etcd.close();
});

test('another cluster, a broken payload and the empty probe are answered as a Go Pump answers them', async () => {
  await using folder = await temporaryFolder();
  await using pump = await startPump(etcd, folder.path);
  using caller = new PumpCaller(pump.address, pump.clusterId);
  expect(await caller.write(Buffer.alloc(0), 1n)).toBe(`2 cluster ID are mismatch, 1 vs ${pump.clusterId}`);
  expect(await caller.write(Buffer.from('0800108280b0', 'hex'))).toBe('2 unexpected EOF');
  expect(await caller.write(Buffer.alloc(0))).toBe('ok');
  expect(pump.status().logBytes).toBe(0);
});

test('1024 transactions of 256 writers come back once, in order and whole, also after a restart and from the middle', async () => {
  await using folder = await temporaryFolder();
  let oracle = 1000n;
  const commits: bigint[] = [];
  {
    await using pump = await startPump(etcd, folder.path);
    using caller = new PumpCaller(pump.address, pump.clusterId);
    await Promise.all(
      Array.from({ length: 256 }, async () => {
        for (let round = 0; round < 4; round++) {
          const startTs = ++oracle;
          expect(await caller.write(prewrite(startTs))).toBe('ok');
          const commitTs = ++oracle;
          expect(await caller.write(commit(startTs, commitTs))).toBe('ok');
          commits.push(commitTs);
        }
      }),
    );
    commits.sort((a, b) => (a < b ? -1 : 1));
    expect((await caller.pull(0n, 1024)).map(({ commitTs }) => commitTs)).toEqual(commits);
  }
  await using pump = await startPump(etcd, folder.path);
  using caller = new PumpCaller(pump.address, pump.clusterId);
  const pulled = await caller.pull(0n, 1024);
  expect(pulled.map(({ commitTs }) => commitTs)).toEqual(commits);
  expect(pulled.every(({ startTs, payload }) => payload.includes(Buffer.from(`v${startTs}`).toString('hex')))).toBe(
    true,
  );
  const middle = commits[511] ?? 0n;
  expect((await caller.pull(middle, 512)).map(({ commitTs }) => commitTs)).toEqual(commits.slice(512));
});

test('a closed pump is paused in etcd, ends its pulls with OK and gives Prewrites back to their clients', async () => {
  await using folder = await temporaryFolder();
  await using client = new EtcdClient({ endpoints: [...etcd.endpoints] });
  const pump = await startPump(etcd, folder.path, { nodeId: 'closing-pump' });
  using caller = new PumpCaller(pump.address, pump.clusterId);
  const entry = async (): Promise<string> => {
    const { kv } = await client.get('/tidb-binlog/v1/pumps/closing-pump');
    return kv?.value.toString() ?? '';
  };
  expect(await entry()).toMatch(
    /^\{"nodeId":"closing-pump","host":"127\.0\.0\.1:\d+","state":"online","isAlive":false,"score":0,"label":null,"maxCommitTS":\d+,"updateTS":\d+\}$/,
  );
  const stream = caller.openPull(0n);
  const pulled: bigint[] = [];
  const ended = (async () => {
    for await (const { entity } of stream) pulled.push(entity.commitTs);
  })();
  await caller.write(prewrite(5n));
  await caller.write(commit(5n, 6n));
  await expect.poll(() => pulled, { timeout: 20_000 }).toEqual([6n]);
  await pump.close();
  await ended;
  expect(pulled).toEqual([6n]);
  expect(await entry()).toContain('"state":"paused"');
  await pump.done;
});

test('closing waits for undecided transactions, refuses Prewrites meanwhile, and ends offline', async () => {
  await using folder = await temporaryFolder();
  await using client = new EtcdClient({ endpoints: [...etcd.endpoints] });
  await using pump = await startPump(etcd, folder.path, { nodeId: 'leaving-pump' });
  using caller = new PumpCaller(pump.address, pump.clusterId);
  await caller.write(prewrite(5n));
  const answer = await fetch(`http://${pump.address}/state/leaving-pump/close`, { method: 'PUT' });
  expect(await answer.json()).toMatchObject({ code: 200 });
  await expect.poll(() => caller.write(prewrite(7n))).toBe('2 no online: closing');
  expect(await caller.write(commit(5n, 6n))).toBe('ok');
  await pump.done;
  const { kv } = await client.get('/tidb-binlog/v1/pumps/leaving-pump');
  expect(kv?.value.toString()).toContain('"state":"offline"');
});

test('an idle pump writes fake binlogs, which move its watermark', async () => {
  await using folder = await temporaryFolder();
  await using pump = await startPump(etcd, folder.path, { fakeBinlogIntervalMs: 100 });
  using caller = new PumpCaller(pump.address, pump.clusterId);
  const [fake] = await caller.pull(0n, 1);
  expect(fake?.startTs).toBe(fake?.commitTs);
  expect(fake?.payload.startsWith('0802')).toBe(true);
});

test('an undecided transaction is settled by the storage, committed or rolled back', async () => {
  await using folder = await temporaryFolder();
  const asked: bigint[] = [];
  await using pump = await startPump(etcd, folder.path, {
    settleAfterMs: 50,
    outcomes: {
      async outcome({ startTs, primaryKey }) {
        asked.push(startTs);
        expect(Buffer.from(primaryKey).toString()).toBe(`k${startTs}`);
        return startTs === 10n ? { kind: 'committed', commitTs: 21n } : { kind: 'rolled-back' };
      },
    },
  });
  using caller = new PumpCaller(pump.address, pump.clusterId);
  for (const startTs of [10n, 11n, 12n]) await caller.write(prewrite(startTs));
  await caller.write(commit(12n, 20n));
  const pulled = await caller.pull(0n, 2);
  expect(pulled.map(({ startTs, commitTs }) => [startTs, commitTs])).toEqual([
    [12n, 20n],
    [10n, 21n],
  ]);
  expect(asked).toContain(11n);
  await expect.poll(() => pump.status().undecided).toBe(0);
});

test('DDL binlogs that their job does not allow are counted, told and kept', async () => {
  await using folder = await temporaryFolder();
  await using pump = await startPump(etcd, folder.path, {
    jobs: { jobState: async (jobId) => (jobId === 1n ? 6 : 1) },
  });
  using caller = new PumpCaller(pump.address, pump.clusterId);
  for (const ddlJobId of [1n, 2n]) {
    const startTs = ddlJobId * 10n;
    const ddlQuery = Buffer.from('create table t(a int)');
    await caller.write(encodeBinlog({ type: 0, startTs, ddlJobId, ddlQuery, prewriteKey: Buffer.from('m') }));
    await caller.write(encodeBinlog({ type: 1, startTs, commitTs: startTs + 1n, ddlJobId, ddlQuery }));
  }
  await expect.poll(() => pump.status().illegalDdlBinlogs).toBe(1);
  expect(await (await fetch(`http://${pump.address}/status`)).json()).toMatchObject({
    lastIllegalDdlBinlogs: [{ jobId: 2, type: 'commit', jobState: 1 }],
  });
  expect((await caller.pull(0n, 2)).length).toBe(2);
});

test('in a cluster that writes DDL binlogs when a job is done, other states are legal', async () => {
  await using folder = await temporaryFolder();
  const { done, synced, running } = ddlJobState;
  const jobs = [
    { type: 1, jobState: done, isLegal: true },
    { type: 1, jobState: synced, isLegal: false },
    // A step of DROP COLUMN, the one of MODIFY COLUMN that takes effect, and another step.
    { type: 1, jobState: running, ddlSchemaState: 1, isLegal: true },
    { type: 1, jobState: running, ddlSchemaState: 5, isLegal: true },
    { type: 1, jobState: running, ddlSchemaState: 2, isLegal: false },
    { type: 2, jobState: running, isLegal: true },
    { type: 2, jobState: done, isLegal: false },
  ];
  await using pump = await startPump(etcd, folder.path, {
    jobs: { jobState: async (jobId) => jobs[Number(jobId) - 1]?.jobState },
    ddlBinlog: 'done',
  });
  using caller = new PumpCaller(pump.address, pump.clusterId);
  for (const [index, { type, ddlSchemaState = 0 }] of jobs.entries()) {
    const ddlJobId = BigInt(index + 1);
    const startTs = ddlJobId * 10n;
    const ddl = { startTs, ddlJobId, ddlQuery: Buffer.from('alter table t'), ddlSchemaState };
    await caller.write(encodeBinlog({ ...ddl, type: 0, prewriteKey: Buffer.from('m') }));
    await caller.write(encodeBinlog({ ...ddl, type, commitTs: type === 1 ? startTs + 1n : 0n }));
  }
  const illegal = jobs.flatMap(({ isLegal }, index) =>
    isLegal ? [] : [expect.objectContaining({ jobId: index + 1 })],
  );
  const status = async () => (await fetch(`http://${pump.address}/status`)).json() as Promise<Record<string, unknown>>;
  await expect.poll(async () => (await status()).lastIllegalDdlBinlogs).toEqual(illegal);
});

test('many writes travel as one message and are acknowledged in order, the refused ones by number', async () => {
  await using folder = await temporaryFolder();
  await using pump = await startPump(etcd, folder.path);
  using caller = new PumpCaller(pump.address, pump.clusterId);
  const stream = caller.openWriteStream();
  const payloads = [prewrite(1n), Buffer.from('08', 'hex'), commit(1n, 2n)];
  stream.write({ clusterId: pump.clusterId, firstSequence: 1n, payloads });
  stream.end();
  let settled = 0n;
  const failures: unknown[] = [];
  for await (const answer of stream) {
    expect(answer.settledSequence).toBeGreaterThan(settled);
    settled = answer.settledSequence;
    failures.push(...answer.failures);
  }
  expect(settled).toBe(3n);
  expect(failures).toEqual([{ sequence: 2n, code: 2, message: 'unexpected EOF' }]);
  expect((await caller.pull(0n, 1)).map(({ commitTs }) => commitTs)).toEqual([2n]);
});

test('a full disk refuses writes with a clear text but takes fakes', async () => {
  await using folder = await temporaryFolder();
  await using pump = await startPump(etcd, folder.path, { stopWriteAtAvailableSpace: Number.MAX_SAFE_INTEGER });
  using caller = new PumpCaller(pump.address, pump.clusterId);
  expect(await caller.write(prewrite(1n))).toMatch(
    /^2 no available space, available: \d+, StopWriteAtAvailableSpace: \d+/,
  );
  expect(await caller.write(encodeBinlog({ type: 2, startTs: 9n, commitTs: 9n }))).toBe('ok');
});

test('an oversize message is refused with the words that TiDB looks for', async () => {
  await using folder = await temporaryFolder();
  await using pump = await startPump(etcd, folder.path, { maxMessageSize: 1024 });
  using caller = new PumpCaller(pump.address, pump.clusterId);
  expect(await caller.write(Buffer.alloc(2000))).toMatch(/^8 grpc: received message larger than max/);
});

test('a data directory takes one pump at a time', async () => {
  await using folder = await temporaryFolder();
  await using _pump = await startPump(etcd, folder.path);
  await expect(startPump(etcd, folder.path)).rejects.toMatchObject({ code: 'DATA_DIR_LOCKED' });
});

test('metrics and status answer on the port of gRPC', async () => {
  await using folder = await temporaryFolder();
  await using pump = await startPump(etcd, folder.path, { nodeId: 'watched' });
  const metrics = await (await fetch(`http://${pump.address}/metrics`)).text();
  expect(metrics).toContain('binlog_pump_storage_storage_size_bytes{type="available"}');
  expect(await (await fetch(`http://${pump.address}/state/wrong/pause`, { method: 'PUT' })).json()).toMatchObject({
    code: 3,
    message: "invalide nodeID wrong, this pump's nodeID is watched",
  });
  expect(await (await fetch(`http://${pump.address}/state/watched/nosuch`, { method: 'PUT' })).json()).toMatchObject({
    code: 3,
    message: 'invalide action nosuch',
  });
  expect(readFileSync(`${folder.path}/.node`, 'utf8')).toBe('watched');
});
