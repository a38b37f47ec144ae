import assert from 'node:assert/strict';
import type { SchemaSyncer } from '../schema-syncer.js';
import type { ComplianceCase } from './compliance.js';
import { glance, next, patience, rejects } from './expect.js';

/** A node joins, is lost, comes back, leaves. */
export const lifeCases: readonly ComplianceCase[] = [
  {
    name: 'a node that has not joined says so',
    async run(fleet) {
      const a = fleet.node({ id: 'a' });
      assert.throws(() => a.assertLive(), /NOT_INITIALIZED/);
      await rejects('NOT_INITIALIZED', () => a.updateSelfVersion({ version: 1n }, patience));
      await rejects('NOT_INITIALIZED', () => a.restart(patience));
      await a.init(patience);
      a.assertLive();
      await rejects('INVALID_ARGUMENT', () => a.init(patience));
    },
  },
  {
    name: 'two live nodes cannot have one id',
    async run(fleet) {
      const first = fleet.node({ id: 'twin' });
      await first.init(patience);
      const error = await rejects('ID_IN_USE', () => fleet.node({ id: 'twin' }).init(patience));
      assert.match(error.message, /twin/);
      first.assertLive();
      await first.close();
      await fleet.node({ id: 'twin' }).init(patience);
    },
  },
  {
    name: 'a lost session is told, and a restart publishes the last version and not 0',
    async run(fleet) {
      const a = fleet.node({ id: 'a' });
      await a.init(patience);
      await a.updateSelfVersion({ version: 5n }, patience);
      const { signal, done } = a;
      assert.equal(signal.aborted, false);
      await fleet.expire(a);
      assert.match(String(await done), /SESSION_LOST/);
      assert.equal(signal.aborted, true);
      assert.throws(() => a.assertLive(), /SESSION_LOST/);
      await rejects('SESSION_LOST', () => a.updateSelfVersion({ version: 6n }, patience));
      await a.restart(patience);
      a.assertLive();
      assert.notEqual(a.signal, signal);
      assert.equal(a.signal.aborted, false);
      const { total } = await a.ownerCheckAllVersions(6n, patience);
      assert.equal(total, 1);
    },
  },
  {
    name: 'a restart of a node that is live replaces its session',
    async run(fleet) {
      const a = fleet.node({ id: 'a' });
      await a.init(patience);
      await a.updateSelfVersion({ version: 3n }, patience);
      const { done } = a;
      await a.restart(patience);
      assert.match(String(await done), /SESSION_LOST/);
      a.assertLive();
      assert.equal((await a.ownerCheckAllVersions(3n, patience)).total, 1);
    },
  },
  {
    name: 'a node that took itself out is not counted until it restarts',
    async run(fleet) {
      const a = fleet.node({ id: 'a' });
      await a.init(patience);
      await a.removeSelfVersionPath(patience);
      await a.removeSelfVersionPath(patience);
      assert.equal(await a.updateSelfVersion({ version: 2n }, patience), 2n);
      assert.equal((await a.ownerCheckAllVersions(9n, patience)).total, 0);
      await a.restart(patience);
      assert.equal((await a.ownerCheckAllVersions(2n, patience)).total, 1);
    },
  },
  {
    name: 'a deadline and a cancellation are told apart',
    async run(fleet) {
      const a = fleet.node({ id: 'a' });
      await a.init(patience);
      const cancelled = AbortSignal.abort(new Error('the user went away'));
      const late = AbortSignal.timeout(0);
      await new Promise((resolve) => late.addEventListener('abort', resolve, { once: true }));
      for (const call of calls(a)) {
        await rejects('DEADLINE', () => call({ timeoutMs: 0.00001 }));
        await rejects('DEADLINE', () => call({ signal: late }));
        await rejects('ABORTED', () => call({ signal: cancelled }));
      }
      await rejects('DEADLINE', () => a.ownerCheckAllVersions(1n, glance));
      const stop = new AbortController();
      const waiting = rejects('ABORTED', () => a.ownerCheckAllVersions(1n, { signal: stop.signal }));
      stop.abort();
      assert.deepEqual((await waiting).outcomeUnknown, false);
    },
  },
  {
    name: 'close takes the node out, ends what it was doing, and may be called again',
    async run(fleet) {
      const a = fleet.node({ id: 'a' });
      const b = fleet.node({ id: 'b' });
      await a.init(patience);
      await b.init(patience);
      const versions = a.globalVersions()[Symbol.asyncIterator]();
      assert.equal(await next(versions), 0n);
      const following = versions.next();
      const waiting = rejects('CLOSED', () => a.ownerCheckAllVersions(1n, patience));
      await a.close();
      await a.close();
      await waiting;
      assert.equal((await following).done, true);
      assert.match(String(await a.done), /CLOSED/);
      for (const call of calls(a)) await rejects('CLOSED', () => call(patience));
      assert.deepEqual(
        (await rejects('DEADLINE', () => b.ownerCheckAllVersions(1n, glance))).behind.map(({ id }) => id),
        ['b'],
      );
    },
  },
];

function calls(a: SchemaSyncer) {
  return [
    (options: { signal?: AbortSignal; timeoutMs?: number }) => a.updateSelfVersion({ version: 1n }, options),
    (options: { signal?: AbortSignal; timeoutMs?: number }) => a.mustGetGlobalVersion(options),
    (options: { signal?: AbortSignal; timeoutMs?: number }) => a.ownerUpdateGlobalVersion(1n, options),
    async (options: { signal?: AbortSignal; timeoutMs?: number }) => a.ownerCheckAllVersions(1n, options),
    (options: { signal?: AbortSignal; timeoutMs?: number }) => a.removeSelfVersionPath(options),
    (options: { signal?: AbortSignal; timeoutMs?: number }) => a.restart(options),
  ];
}
