import assert from 'node:assert/strict';
import type { ComplianceCase } from './compliance.js';
import { glance, next, patience, rejects } from './expect.js';
import type { ComplianceFleet } from './fleet.js';

async function nodes(fleet: ComplianceFleet, ...ids: string[]) {
  const made = ids.map((id) => fleet.node({ id }));
  for (const node of made) await node.init(patience);
  return made;
}

/** The version goes up, the nodes follow, the owner knows. */
export const fleetCases: readonly ComplianceCase[] = [
  {
    name: 'the first node makes the global version 0, and a later one leaves it as it is',
    async run(fleet) {
      const [a] = await nodes(fleet, 'a');
      assert.equal(await a?.mustGetGlobalVersion(patience), 0n);
      assert.equal(await a?.ownerUpdateGlobalVersion(7n, patience), 7n);
      const [b] = await nodes(fleet, 'b');
      assert.equal(await b?.mustGetGlobalVersion(patience), 7n);
    },
  },
  {
    name: 'everybody is told the global version, and each time it rises',
    async run(fleet) {
      const [owner, follower] = await nodes(fleet, 'owner', 'follower');
      assert.ok(owner && follower);
      const versions = follower.globalVersions()[Symbol.asyncIterator]();
      assert.equal(await next(versions), 0n);
      await owner.ownerUpdateGlobalVersion(123n, patience);
      assert.equal(await next(versions), 123n);
      await owner.ownerUpdateGlobalVersion(2n ** 63n - 1n, patience);
      assert.equal(await next(versions), 2n ** 63n - 1n);
      await versions.return?.();
    },
  },
  {
    name: 'following the global version ends by its signal, without an error',
    async run(fleet) {
      const [a] = await nodes(fleet, 'a');
      const stop = new AbortController();
      const seen: bigint[] = [];
      for await (const version of a?.globalVersions({ signal: stop.signal }) ?? []) {
        seen.push(version);
        stop.abort();
      }
      assert.deepEqual(seen, [0n]);
    },
  },
  {
    name: 'the global version never goes back',
    async run(fleet) {
      const [a, b] = await nodes(fleet, 'a', 'b');
      assert.ok(a && b);
      await a.ownerUpdateGlobalVersion(9n, patience);
      assert.equal(await b.ownerUpdateGlobalVersion(5n, patience), 9n);
      assert.equal(await a.mustGetGlobalVersion(patience), 9n);
      const raised = await Promise.all(
        [10n, 14n, 12n, 11n, 13n].map((v) => (v % 2n ? a : b).ownerUpdateGlobalVersion(v, patience)),
      );
      assert.ok(raised.every((version, index) => version >= ([10n, 14n, 12n, 11n, 13n][index] ?? 0n)));
      assert.equal(await a.mustGetGlobalVersion(patience), 14n);
    },
  },
  {
    name: 'the owner waits for who is behind, and names it at the deadline',
    async run(fleet) {
      const [a, b] = await nodes(fleet, 'a', 'b');
      assert.ok(a && b);
      await a.updateSelfVersion({ version: 4n }, patience);
      const error = await rejects('DEADLINE', () => a.ownerCheckAllVersions(4n, glance));
      assert.deepEqual(
        error.behind.map(({ id, version }) => ({ id, version })),
        [{ id: 'b', version: 0n }],
      );
      assert.match(error.message, /b at 0/);
    },
  },
  {
    name: 'the owner passes when all have the version, and for one before it',
    async run(fleet) {
      const [a, b] = await nodes(fleet, 'a', 'b');
      assert.ok(a && b);
      const waiting = a.ownerCheckAllVersions(4n, patience);
      await a.updateSelfVersion({ version: 4n }, patience);
      await b.updateSelfVersion({ version: 4n }, patience);
      assert.deepEqual(pick(await waiting), { synced: true, total: 2, behind: [] });
      assert.equal((await a.ownerCheckAllVersions(3n, patience)).synced, true);
    },
  },
  {
    name: 'zero nodes are all nodes',
    async run(fleet) {
      const outsider = fleet.node({ id: 'outsider' });
      assert.deepEqual(pick(await outsider.ownerCheckAllVersions(5n, patience)), {
        synced: true,
        total: 0,
        behind: [],
      });
    },
  },
  {
    name: 'a node that joins during the wait is waited for, and one that leaves is not',
    async run(fleet) {
      const [a, b] = await nodes(fleet, 'a', 'b');
      assert.ok(a && b);
      await a.updateSelfVersion({ version: 2n }, patience);
      const progress = a.barrier(2n, patience)[Symbol.asyncIterator]();
      assert.deepEqual(
        (await next(progress)).behind.map(({ id }) => id),
        ['b'],
      );
      const [c] = await nodes(fleet, 'c');
      const joined = await next(progress);
      assert.deepEqual([joined.joined, joined.behind.map(({ id }) => id)], [['c'], ['b', 'c']]);
      await b.removeSelfVersionPath(patience);
      const left = await next(progress);
      assert.deepEqual([left.left, left.behind.map(({ id }) => id)], [['b'], ['c']]);
      await c?.updateSelfVersion({ version: 2n }, patience);
      assert.deepEqual(pick(await next(progress)), { synced: true, total: 2, behind: [] });
      assert.equal((await progress.next()).done, true);
    },
  },
  {
    name: 'a report only goes up',
    async run(fleet) {
      const [a] = await nodes(fleet, 'a');
      assert.ok(a);
      assert.equal(await a.updateSelfVersion({ version: 6n }, patience), 6n);
      assert.equal(await a.updateSelfVersion({ version: 5n }, patience), 6n);
      await a.ownerCheckAllVersions(6n, patience);
      await Promise.all([9n, 7n, 10n, 8n].map((version) => a.updateSelfVersion({ version }, patience)));
      await a.ownerCheckAllVersions(10n, patience);
    },
  },
  {
    name: 'by "equal" a node above the version keeps the owner waiting, and one that was seen at it does not',
    async run(fleet) {
      const a = fleet.node({ id: 'a', comparison: 'equal' });
      const b = fleet.node({ id: 'b', comparison: 'equal' });
      await a.init(patience);
      await b.init(patience);
      await a.updateSelfVersion({ version: 3n }, patience);
      const error = await rejects('DEADLINE', () => a.ownerCheckAllVersions(2n, glance));
      assert.deepEqual(
        error.behind.map(({ id }) => id),
        ['a', 'b'],
      );
      const progress = a.barrier(3n, patience)[Symbol.asyncIterator]();
      assert.deepEqual(
        (await next(progress)).behind.map(({ id }) => id),
        ['b'],
      );
      await a.updateSelfVersion({ version: 4n }, patience);
      await b.updateSelfVersion({ version: 3n }, patience);
      assert.equal((await next(progress)).synced, true);
    },
  },
  {
    name: 'what is no version is refused by its name',
    async run(fleet) {
      const [a] = await nodes(fleet, 'a');
      assert.ok(a);
      for (const bad of [-1n, 2n ** 63n]) {
        await rejects('INVALID_VERSION', () => a.updateSelfVersion({ version: bad }));
        await rejects('INVALID_VERSION', () => a.ownerUpdateGlobalVersion(bad));
        await rejects('INVALID_VERSION', async () => a.ownerCheckAllVersions(bad));
      }
      const untyped: bigint = JSON.parse('5');
      const error = await rejects('INVALID_VERSION', () => a.updateSelfVersion({ version: untyped }));
      assert.match(error.message, /version is the number 5;.*bigint/);
    },
  },
];

function pick({ synced, total, behind }: { synced: boolean; total: number; behind: readonly unknown[] }) {
  return { synced, total, behind };
}
