import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FleetProcess } from './fleet-processes.js';
import { eventually, LocalFleet, patience } from './local-fleet.js';

const ttlSeconds = 2;

let fleet: LocalFleet;
beforeAll(async () => {
  fleet = await LocalFleet.start();
});
beforeEach(() => fleet.clear());
afterAll(() => fleet[Symbol.asyncDispose]());

async function withProcesses(
  roles: Readonly<Record<string, 'members' | 'owner'>>,
  use: (...made: FleetProcess[]) => Promise<void>,
) {
  const [endpoint = ''] = fleet.etcd.endpoints;
  const made = Object.entries(roles).map(([id, role]) => new FleetProcess(role, endpoint, ttlSeconds, [id]));
  try {
    await use(...made);
  } finally {
    for (const each of made) await each.end();
  }
}

describe('a node', () => {
  it('that is killed is waited for until its lease ends, and then no more', () =>
    withProcesses({ victim: 'members' }, async (victim) => {
      await victim?.told('joined');
      const owner = fleet.node({ id: 'owner' });
      const current = await owner.mustGetGlobalVersion(patience);
      await victim?.end('SIGKILL');
      const version = await owner.ownerUpdateGlobalVersion(current + 1n, patience);
      const seen = [];
      for await (const progress of owner.barrier(version, patience)) seen.push(progress);
      expect(seen[0]?.behind.map(({ id }) => id)).toEqual(['victim']);
      expect(seen.at(-1)).toMatchObject({ synced: true, total: 0, left: ['victim'] });
    }));

  it('that is frozen for longer than its TTL uses no version when it wakes, until it has loaded the newest', () =>
    withProcesses({ sleeper: 'members' }, async (sleeper) => {
      await sleeper?.told('use');
      const owner = fleet.node({ id: 'owner' });
      sleeper?.signal('SIGSTOP');
      const told = sleeper?.events.length ?? 0;
      const current = await owner.mustGetGlobalVersion(patience);
      const version = await owner.ownerUpdateGlobalVersion(current + 1n, patience);
      expect(await owner.ownerCheckAllVersions(version, patience)).toMatchObject({ total: 0 });
      const passedAt = process.hrtime.bigint();
      sleeper?.signal('SIGCONT');
      await eventually(() => sleeper?.last('use') === version, 'it is in step again');
      const late = sleeper?.events.slice(told).filter((event) => event.what === 'use' && event.at > passedAt);
      expect(late?.filter((event) => event.version !== version)).toEqual([]);
      expect(await owner.ownerCheckAllVersions(version, patience)).toMatchObject({ total: 1 });
    }));
});

describe('an owner', () => {
  it('that is killed between its raise and the end of its wait is followed by one that waits to the end', () =>
    withProcesses({ first: 'owner', second: 'owner' }, async (first, second) => {
      const slow = fleet.node({ id: 'slow' });
      await slow.init(patience);
      const versions = slow.globalVersions()[Symbol.asyncIterator]();
      let raised = 0n;
      while (raised === 0n) raised = (await versions.next()).value ?? 0n;
      const [dead, heir] = first?.last('raise') === raised ? [first, second] : [second, first];
      await eventually(() => dead?.last('raise') === raised, 'the owner has told what it raised');
      await dead?.end('SIGKILL');
      await eventually(
        async () => (await fleet.client.range({ prefix: '/tidb/ddl/fg/owner/' })).kvs.length === 1,
        'one owner is left',
      );
      expect(heir?.last('passed')).toBe(-1n);
      await slow.updateSelfVersion({ version: raised }, patience);
      await eventually(() => heir?.last('passed') === raised, 'the heir has waited to the end');
      await eventually(() => heir?.last('raise') === raised + 1n, 'and goes on');
    }));
});
