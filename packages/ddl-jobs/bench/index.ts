import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type EtcdClient, OwnerManager } from '@tidb-js/etcd-session';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import {
  addColumn,
  addIndex,
  createSchema,
  createTable,
  DdlJobs,
  DdlWorker,
  newIndexInfo,
  newTableInfo,
} from '../src/index.js';
import { StoreBackend, TableStore } from '../test/table-store.js';
import { int, targetOf, varchar } from '../test/tables.js';
import { startNode } from './node.js';

/*
 * Jobs per second by kind, beside the floor: a put, and a put until a watch delivers it, on the same etcd in the same run. Parallel creates share
 * transactions and barriers. Then the backfill's own rate, on a store in memory. All processes are warmed up by some seconds of the same jobs first:
 * fresh ones take three times as long. BENCH_NODES=3,10 chooses the numbers of servers.
 */
const mostMs = 3_000;
const warmUpMs = 4_000;
const atOnce = 100;
const sizes = (process.env.BENCH_NODES ?? '1,3,10').split(',').map(Number);
const followersFile = new URL('followers-process.ts', import.meta.url).pathname;

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

/** One after the other, so often, but no longer than a few seconds: a slow machine gets fewer, not a longer run. */
async function timed(
  times: number,
  act: (at: number) => Promise<unknown>,
  forMs = mostMs,
): Promise<{ p50: number; p99: number }> {
  const all: number[] = [];
  const end = performance.now() + forMs;
  for (let at = 0; at < times && performance.now() < end; at++) {
    const started = performance.now();
    await act(at);
    all.push(performance.now() - started);
  }
  all.sort((a, b) => a - b);
  return { p50: quantile(all, 0.5), p99: quantile(all, 0.99) };
}

async function floor(client: EtcdClient) {
  const put = await timed(200, (at) => client.put('/floor/put', `${at}`));
  const seen = new Map<string, () => void>();
  const stop = new AbortController();
  const watching = (async () => {
    for await (const batch of client.watch('/floor/watch', { signal: stop.signal })) {
      for (const event of batch.events) seen.get(event.kv.value.toString())?.();
    }
  })().catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 200));
  const delivery = await timed(100, async (at) => {
    const told = new Promise<void>((resolve) => seen.set(`${at}`, resolve));
    await client.put('/floor/watch', `${at}`);
    await told;
  });
  stop.abort();
  await watching;
  return { put: put.p50, delivery: delivery.p50 };
}

async function measure(etcd: LocalEtcd, servers: number): Promise<void> {
  const root = `/bench-${servers}`;
  const node = await startNode(etcd.endpoints, root, 'owner-node');
  const owner = new OwnerManager(node.client, { id: 'owner-node', key: `${root}/owner` });
  await owner.campaign();
  const stopFollowers = await startFollowers(etcd, root, servers - 1);
  const worker = new DdlWorker({ storage: node.storage, syncer: node.syncer, owner });
  worker.start();
  const jobs = new DdlJobs({ storage: node.storage });
  try {
    const low = await floor(node.client);
    const database = await jobs.run(createSchema('bench'));
    const schema = { schemaId: database.schema_id, schemaName: 'bench' };
    const columns = [int('a'), varchar('b', 20)];
    const create = (name: string) => jobs.run(createTable(schema, newTableInfo(name, columns)));
    const table = targetOf(await create('t'), 't');
    const spare = targetOf(await create('warm'), 'warm');
    const warmUp = async (at: number) => {
      await create(`warm${at}`);
      await jobs.run(addColumn(spare, int(`n${at}`)));
    };
    await timed(Number.POSITIVE_INFINITY, warmUp, warmUpMs);
    const rows: Record<string, string>[] = [];
    const report = (kind: string, { p50, p99 }: { p50: number; p99: number }) =>
      rows.push({
        kind,
        'p50 ms': p50.toFixed(1),
        'p99 ms': p99.toFixed(1),
        'jobs/s': (1000 / p50).toFixed(0),
        'in puts': (p50 / low.put).toFixed(1),
      });
    report('create table', await timed(100, (at) => create(`c${at}`)));
    report('add column (4 versions)', await timed(40, (at) => jobs.run(addColumn(table, int(`n${at}`)))));
    report(
      'add index, no rows (4 versions)',
      await timed(30, (at) => jobs.run(addIndex(table, newIndexInfo(`i${at}`, ['a'])))),
    );
    const rate = await createMany(create);
    console.log(
      `\n${servers} server(s); floor: put ${low.put.toFixed(2)} ms, put to watch ${low.delivery.toFixed(2)} ms`,
    );
    console.table(rows);
    console.log(`create table, ${atOnce} at once: ${rate.toFixed(0)}/s`);
  } finally {
    await jobs.close();
    await worker.close();
    await stopFollowers();
    await owner.close();
    await node.member.close();
    await node.client.close();
  }
}

/** Servers that only follow share a process of their own; returns how to end it. */
async function startFollowers(etcd: LocalEtcd, root: string, count: number): Promise<() => Promise<void>> {
  if (count === 0) return async () => {};
  const args = ['--import', 'tsx', followersFile, etcd.endpoints.join(','), root, String(count)];
  const followers = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(followers, 'exit');
  await Promise.race([once(followers.stdout, 'data'), gone]);
  return async () => {
    followers.kill('SIGKILL');
    await gone;
  };
}

/** Tables a second, when so many clients each create one after the other. */
async function createMany(create: (name: string) => Promise<unknown>): Promise<number> {
  const started = performance.now();
  let made = 0;
  const clients = Array.from({ length: atOnce }, async (_, client) => {
    for (let at = 0; performance.now() < started + mostMs; at++) {
      await create(`p${client}_${at}`);
      made++;
    }
  });
  await Promise.all(clients);
  return (made * 1000) / (performance.now() - started);
}

async function measureBackfill(etcd: LocalEtcd): Promise<void> {
  const backend = new StoreBackend(new TableStore());
  const node = await startNode(etcd.endpoints, '/bench-backfill', 'only');
  const owner = new OwnerManager(node.client, { id: 'only', key: '/bench-backfill/owner' });
  await owner.campaign();
  const worker = new DdlWorker({ storage: node.storage, syncer: node.syncer, owner, reorg: backend });
  worker.start();
  const jobs = new DdlJobs({ storage: node.storage });
  try {
    const database = await jobs.run(createSchema('bench'));
    const schema = { schemaId: database.schema_id, schemaName: 'bench' };
    const info = newTableInfo('t', [int('a'), varchar('b', 20)]);
    const table = targetOf(await jobs.run(createTable(schema, info)), 't');
    const count = 200_000;
    for (let row = 1; row <= count; row++) backend.store.insert(info, row, { a: row, b: `b${row}` });
    const floorStart = performance.now();
    const bare = { table: info, indexes: [newIndexInfo('floor', ['b'])] };
    for (let row = 1; row <= count; row++) backend.store.backfillRow(bare, row);
    const bareMs = performance.now() - floorStart;
    const started = performance.now();
    await jobs.run(addIndex(table, newIndexInfo('kb', ['b'])));
    const ms = performance.now() - started;
    console.log(
      `\nbackfill of ${count} rows on a store in memory: ${((count * 1000) / ms).toFixed(0)} rows/s; ` +
        `floor, the same rows in a bare loop: ${((count * 1000) / bareMs).toFixed(0)} rows/s`,
    );
  } finally {
    await jobs.close();
    await worker.close();
    await owner.close();
    await node.member.close();
    await node.client.close();
  }
}

const etcd = await LocalEtcd.start();
try {
  for (const servers of sizes) await measure(etcd, servers);
  await measureBackfill(etcd);
} finally {
  await etcd.close();
}
