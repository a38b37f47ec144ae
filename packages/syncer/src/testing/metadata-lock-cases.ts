import assert from 'node:assert/strict';
import type { SchemaSyncer } from '../schema-syncer.js';
import type { ServerInfo } from '../server-info.js';
import type { ComplianceCase } from './compliance.js';
import { glance, next, patience, rejects } from './expect.js';
import { type ComplianceFleet, exampleServerInfo } from './fleet.js';

const protocol = 'metadata-lock';

async function server(
  fleet: ComplianceFleet,
  id: string,
  port: number,
  more?: Partial<ServerInfo>,
): Promise<SchemaSyncer> {
  const node = fleet.node({ id, protocol, serverInfo: exampleServerInfo(id, port, more) });
  await node.init(patience);
  return node;
}

const ids = (behind: readonly { id: string }[]) => behind.map(({ id }) => id);

/** Metadata lock: every server reports for the job. */
export const metadataLockCases: readonly ComplianceCase[] = [
  {
    name: 'metadata lock: the owner waits until every server has reported for the job',
    async run(fleet) {
      const a = await server(fleet, 'a', 4000);
      const b = await server(fleet, 'b', 4001);
      const error = await rejects('DEADLINE', () => a.ownerCheckAllVersions({ jobId: 1n, version: 5n }, glance));
      assert.deepEqual(
        error.behind.map(({ id, version, address }) => ({ id, version, address })),
        [
          { id: 'a', version: undefined, address: '127.0.0.1:4000' },
          { id: 'b', version: undefined, address: '127.0.0.1:4001' },
        ],
      );
      const waiting = a.ownerCheckAllVersions({ jobId: 1n, version: 5n }, patience);
      await a.updateSelfVersion({ jobId: 1n, version: 5n }, patience);
      await b.updateSelfVersion({ jobId: 1n, version: 6n }, patience);
      assert.equal((await waiting).total, 2);
      await rejects('DEADLINE', () => a.ownerCheckAllVersions({ jobId: 2n, version: 5n }, glance));
    },
  },
  {
    name: 'metadata lock: a report for a job only goes up, and one for no job writes none',
    async run(fleet) {
      const a = await server(fleet, 'a', 4000);
      assert.equal(await a.updateSelfVersion({ version: 9n }, patience), 9n);
      assert.equal(await a.updateSelfVersion({ jobId: 3n, version: 7n }, patience), 7n);
      assert.equal(await a.updateSelfVersion({ jobId: 3n, version: 6n }, patience), 7n);
      await a.ownerCheckAllVersions({ jobId: 3n, version: 7n }, patience);
      assert.deepEqual(
        ids((await rejects('DEADLINE', () => a.ownerCheckAllVersions({ jobId: 0n, version: 1n }, glance))).behind),
        ['a'],
      );
    },
  },
  {
    name: 'metadata lock: servers that join and leave during the wait are seen',
    async run(fleet) {
      const a = await server(fleet, 'a', 4000);
      const b = await server(fleet, 'b', 4001);
      await a.updateSelfVersion({ jobId: 1n, version: 5n }, patience);
      const progress = a.barrier({ jobId: 1n, version: 5n }, patience)[Symbol.asyncIterator]();
      assert.deepEqual(ids((await next(progress)).behind), ['b']);
      const c = await server(fleet, 'c', 4002);
      assert.deepEqual((await next(progress)).joined, ['c']);
      await b.close();
      const left = await next(progress);
      assert.deepEqual([left.left, ids(left.behind)], [['b'], ['c']]);
      await c.updateSelfVersion({ jobId: 1n, version: 5n }, patience);
      assert.equal((await next(progress)).synced, true);
    },
  },
  {
    name: 'metadata lock: of two ids at one address the one that started later counts',
    async run(fleet) {
      const old = await server(fleet, 'old', 4000, { start_timestamp: 100 });
      const young = await server(fleet, 'young', 4000, { start_timestamp: 200 });
      await young.updateSelfVersion({ jobId: 1n, version: 5n }, patience);
      const { total } = await old.ownerCheckAllVersions({ jobId: 1n, version: 5n }, patience);
      assert.equal(total, 1);
    },
  },
  {
    name: 'metadata lock: servers that assume a keyspace count when asked for',
    async run(fleet) {
      const a = await server(fleet, 'a', 4000);
      await server(fleet, 'guest', 4001, { keyspace: 'ks1', assumed_keyspace: 'SYSTEM' });
      await a.updateSelfVersion({ jobId: 1n, version: 5n }, patience);
      assert.equal((await a.ownerCheckAllVersions({ jobId: 1n, version: 5n }, patience)).total, 1);
      const target = { jobId: 1n, version: 5n };
      const error = await rejects('DEADLINE', () =>
        a.ownerCheckAllVersions(target, { ...glance, assumedServers: true }),
      );
      assert.deepEqual(ids(error.behind), ['guest']);
    },
  },
  {
    name: 'metadata lock: the reports for a job are removed, and only these',
    async run(fleet) {
      const a = await server(fleet, 'a', 4000);
      await a.updateSelfVersion({ jobId: 1n, version: 5n }, patience);
      await a.updateSelfVersion({ jobId: 10n, version: 5n }, patience);
      await a.ownerRemoveJobVersions(1n, patience);
      await rejects('DEADLINE', () => a.ownerCheckAllVersions({ jobId: 1n, version: 5n }, glance));
      await a.ownerCheckAllVersions({ jobId: 10n, version: 5n }, patience);
    },
  },
  {
    name: 'metadata lock: a wait names its job',
    async run(fleet) {
      const a = await server(fleet, 'a', 4000);
      assert.match((await rejects('INVALID_ARGUMENT', async () => a.ownerCheckAllVersions(5n))).message, /jobId/);
    },
  },
];
