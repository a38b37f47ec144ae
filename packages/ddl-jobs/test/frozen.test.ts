import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  addColumn,
  addIndex,
  createSchema,
  createTable,
  JobState,
  newIndexInfo,
  newTableInfo,
  type TableTarget,
} from '../src/index.js';
import { stringKey } from '../src/meta/structure.js';
import { until } from './fleet.js';
import { inMeta, judge } from './judge.js';
import { fleetRoot, type NodeProcess, ProcessFleet } from './process-fleet.js';
import { int, targetOf, varchar } from './tables.js';

/*
 * Servers that stand still for longer than their leases and then go on, as a machine does that swaps or is migrated. What this package owes is: nobody takes
 * the next step before the frozen server has the version or its leases have run out, and nothing that it still had in its hands is written afterwards. That
 * it commits no rows by an old schema is up to its storage, by its schema lease (8027): the leases here are what makes that lease end in time.
 */
let fleet: ProcessFleet;
let owner: NodeProcess;
let table: TableTarget;

beforeAll(async () => {
  fleet = await ProcessFleet.start();
  owner = await fleet.startNode();
  const database = await fleet.jobs.run(createSchema('d'));
  const schema = { schemaId: database.schema_id, schemaName: 'd' };
  table = targetOf(await fleet.jobs.run(createTable(schema, newTableInfo('t', [int('a'), varchar('b', 20)]))), 't');
  await fleet.rows.insert(table.tableId, 12);
});
afterAll(() => fleet[Symbol.asyncDispose]());

const schemaVersion = () => inMeta(fleet.storage, (meta) => meta.schemaVersion());
const globalVersion = async () =>
  BigInt((await fleet.client.get(`${fleetRoot}/global_schema_version`)).kv?.value.toString() ?? 0);
const selfVersion = async (node: NodeProcess) =>
  (await fleet.client.get(`${fleetRoot}/all_schema_versions/${node.id}`)).kv?.value.toString();

test('a follower that is frozen in any schema state holds the job up until its leases run out, and comes back into step', async () => {
  const follower = await fleet.startNode();
  const versionKey = Buffer.concat([Buffer.from(`${fleetRoot}/meta/`), stringKey('SchemaVersionKey')]);
  for (let state = 1n; state <= 4n; state++) {
    const before = await schemaVersion();
    await until(async () => (await selfVersion(follower)) === String(before), 'the follower is in step');
    const { revision } = await fleet.client.get(versionKey);
    await follower.ask(`freeze ${before + state}`);
    const job = await fleet.jobs.run(addColumn(table, int(`c${state}`)));
    expect(job.state).toBe(JobState.Synced);
    expect(await schemaVersion()).toBe(before + 4n);

    // In the order of etcd: its key went before the version after the one it was frozen in was made.
    const gone = await revisionOf(`${fleetRoot}/all_schema_versions/${follower.id}`, revision, undefined);
    if (state < 4n) {
      expect(await revisionOf(versionKey, revision, String(before + state + 1n))).toBeGreaterThan(gone);
    }
    follower.child.kill('SIGCONT');
    await until(async () => (await selfVersion(follower)) === String(before + 4n), 'the follower is back in step');
  }
  await follower.kill();
  await fleet.expire(follower);
}, 300_000);

test('an owner that is frozen past its lease, before or after a commit or a barrier, and then goes on as if it still were one, writes nothing', async () => {
  for (let point = 1; point <= 4; point++) {
    const next = await fleet.startNode();
    const before = await schemaVersion();
    await owner.ask(`stop ${point}`);
    const job = await fleet.jobs.run(addIndex(table, newIndexInfo(`i${point}`, ['b'])));
    expect(job.state).toBe(JobState.Synced);
    const [version, history] = [await schemaVersion(), await fleet.jobs.history({ limit: 100 })];
    expect(version).toBe(before + 4n);

    const frozen = owner;
    frozen.child.kill('SIGCONT');
    // It answers, so whatever it had in its hands has been sent; and it stands by again, or campaigns.
    await frozen.ask('count');
    const after = await fleet.jobs.run(addColumn(table, int(`after${point}`)));
    expect(after.state).toBe(JobState.Synced);
    expect(await schemaVersion()).toBe(version + 4n);
    expect(await globalVersion()).toBe(version + 4n);
    expect((await fleet.jobs.history({ limit: 101 })).slice(1)).toEqual(history);
    await frozen.kill();
    await fleet.expire(frozen);
    owner = next;
  }
  expect((await judge(fleet)).wrong).toEqual([]);
}, 300_000);

/** The revision at which a key got a value, or went (undefined), after another revision. */
async function revisionOf(key: string | Uint8Array, after: bigint, value: string | undefined): Promise<bigint> {
  const stop = new AbortController();
  try {
    for await (const { events } of fleet.client.watch(key, { startRevision: after + 1n, signal: stop.signal })) {
      const found = events.find((event) => (event.type === 'put' ? event.kv.value.toString() : undefined) === value);
      if (found !== undefined) return found.kv.modRevision;
    }
  } finally {
    stop.abort();
  }
  throw new Error('the watch ended');
}
