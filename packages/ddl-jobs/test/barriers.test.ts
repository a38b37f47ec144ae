import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { MemoryFleet, MemorySchemaSyncer, type ServerInfo } from '@tidb-js/syncer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addColumn,
  createSchema,
  createTable,
  type DdlEvent,
  DdlWorker,
  JobState,
  MemoryMetaStorage,
  newTableInfo,
} from '../src/index.js';
import { Fleet, until } from './fleet.js';
import { int, prepare } from './tables.js';

let etcd: LocalEtcd;
beforeAll(async () => {
  etcd = await LocalEtcd.start();
});
afterAll(() => etcd.close());

/** Collects a worker's events until stopped. */
function collect(fleet: Fleet) {
  const stop = new AbortController();
  const events: DdlEvent[] = [];
  const done = (async () => {
    for await (const event of fleet.worker.events({ signal: stop.signal })) events.push(event);
  })();
  return {
    events,
    async stop() {
      stop.abort();
      await done;
    },
  };
}

test('no step is taken before every server has the version of the one before', async () => {
  await using fleet = await Fleet.start(etcd, { servers: 3 });
  const { table } = await prepare(fleet);
  const before = await fleet.read((meta) => meta.schemaVersion());
  const [, , slow] = fleet.servers;
  await slow?.allow(before);
  const { id } = await fleet.jobs.submit(addColumn(table, int('z')));
  for (let version = before + 1n; version <= before + 4n; version++) {
    await until(async () => (await fleet.read((meta) => meta.schemaVersion())) === version, `version ${version}`);
    // Any further step would need the slow server, which has not moved: the version stays.
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(await fleet.read((meta) => meta.schemaVersion())).toBe(version);
    await slow?.allow(version);
  }
  expect((await fleet.jobs.wait(id)).state).toBe(JobState.Synced);
});

test('jobs that touch different tables share a barrier', async () => {
  await using fleet = await Fleet.start(etcd);
  const { schema } = await prepare(fleet);
  const [, gate] = fleet.servers;
  const before = await fleet.read((meta) => meta.schemaVersion());
  // The first is held at its barrier, so the others gather behind it and go together.
  await gate?.allow(before);
  const first = await fleet.jobs.submit(createTable(schema, newTableInfo('first', [int('a')])));
  await until(async () => (await fleet.jobs.job(first.id))?.state === JobState.Done, 'the first is at its barrier');
  const names = Array.from({ length: 20 }, (_, at) => `t${at}`);
  const seen = collect(fleet);
  const all = names.map((each) => fleet.jobs.run(createTable(schema, newTableInfo(each, [int('a')]))));
  await until(async () => (await fleet.read((meta) => meta.schemaVersion())) === before + 21n, 'all have their step');
  await gate?.allow(undefined);
  for (const job of await Promise.all(all)) expect(job.state).toBe(JobState.Synced);
  await seen.stop();
  const groups = seen.events.filter((event) => event.kind === 'barrier').map((event) => event.jobIds.length);
  expect(Math.max(...groups)).toBeGreaterThan(5);
});

describe('a barrier that never opens', () => {
  test('is left after twice the lease, as TiDB does, and the event names who is behind', async () => {
    await using fleet = await Fleet.start(etcd, { leaseMs: 20 });
    const { schema } = await prepare(fleet);
    const [, frozen] = fleet.servers;
    await frozen?.allow(0n);
    const seen = collect(fleet);
    const job = await fleet.jobs.run(createTable(schema, newTableInfo('u', [int('a')])));
    expect(job.state).toBe(JobState.Synced);
    await seen.stop();
    const timeout = seen.events.find((event) => event.kind === 'barrier-timeout');
    expect(timeout?.behind.map((server) => server.id)).toEqual(['server-1']);
  });

  test('is waited for as long as it takes when so told', async () => {
    await using fleet = await Fleet.start(etcd, { leaseMs: 10, onBarrierTimeout: 'wait' });
    const { schema } = await prepare(fleet);
    const [, frozen] = fleet.servers;
    await frozen?.allow(await fleet.read((meta) => meta.schemaVersion()));
    const seen = collect(fleet);
    const job = await fleet.jobs.submit(createTable(schema, newTableInfo('u', [int('a')])));
    await until(
      async () => seen.events.filter((event) => event.kind === 'barrier-timeout').length >= 3,
      'several times of waiting are over',
    );
    expect((await fleet.jobs.job(job.id))?.state).toBe(JobState.Done);
    await frozen?.allow(undefined);
    expect((await fleet.jobs.wait(job.id)).state).toBe(JobState.Synced);
    await seen.stop();
  });
});

test('by the metadata-lock protocol each job waits for the servers’ reports on itself', async () => {
  const servers = new MemoryFleet();
  const syncer = new MemorySchemaSyncer(servers, { id: 'a', protocol: 'metadata-lock', serverInfo: infoOf('a') });
  await syncer.init();
  await using fleet = await Fleet.start(etcd, { syncer, metadataLock: true });
  const submitted = fleet.jobs.submit(createSchema('m'));
  const { id } = await submitted;
  await until(async () => (await fleet.jobs.job(id))?.state === JobState.Done, 'it is at its barrier');
  await syncer.updateSelfVersion({ version: 1n, jobId: BigInt(id) + 1n });
  expect((await fleet.jobs.job(id))?.state).toBe(JobState.Done);
  await syncer.updateSelfVersion({ version: 1n, jobId: BigInt(id) });
  expect((await fleet.jobs.wait(id)).state).toBe(JobState.Synced);
  await syncer.close();
});

test('an ownership that is over whenever it begins leaves the rest of the process its turns', async () => {
  const syncer = new MemorySchemaSyncer(new MemoryFleet(), { id: 'a' });
  await syncer.init();
  let begun = 0;
  const owner = {
    isOwner: false,
    whenOwner: async () => {
      begun++;
      return { signal: AbortSignal.abort(new Error('another one owns')) };
    },
    fence: () => [],
  };
  await using worker = new DdlWorker({ storage: new MemoryMetaStorage(), syncer, owner });
  worker.start();
  await until(async () => begun > 2, 'it has begun again');
  await syncer.close();
});

function infoOf(id: string): ServerInfo {
  return {
    ddl_id: id,
    ip: '127.0.0.1',
    listening_port: 4000,
    status_port: 10080,
    lease: '45s',
    version: '8.0.11-TiDB',
    git_hash: '',
    start_timestamp: 1,
  } as unknown as ServerInfo;
}
