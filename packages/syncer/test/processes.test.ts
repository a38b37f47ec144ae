import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { tidbKeys } from '../src/schema-keys.js';
import { exampleServerInfo } from '../src/testing/fleet.js';
import { FleetProcess } from './fleet-processes.js';
import { jobOf } from './job-of.js';
import { eventually, LocalFleet, patience } from './local-fleet.js';

// Long enough that a busy machine does not make live processes look dead.
const ttlSeconds = 4;
vi.setConfig({ testTimeout: 180_000 });

let fleet: LocalFleet;
beforeAll(async () => {
  fleet = await LocalFleet.start();
});
beforeEach(() => fleet.clear());
afterAll(() => fleet[Symbol.asyncDispose]());

const target = (version: bigint) => ({ version, jobId: jobOf(version) });

describe.each(['version-keys', 'metadata-lock'] as const)('by %s', (protocol) => {
  async function withProcesses(
    roles: Readonly<Record<string, 'members' | 'owner'>>,
    use: (...made: FleetProcess[]) => Promise<void>,
  ) {
    const [endpoint = ''] = fleet.etcd.endpoints;
    const made = Object.entries(roles).map(
      ([id, role]) => new FleetProcess({ role, protocol, endpoint, ttlSeconds, ids: [id] }),
    );
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
        const owner = fleet.node({ id: 'owner', protocol });
        const current = await owner.mustGetGlobalVersion(patience);
        await victim?.end('SIGKILL');
        const version = await owner.ownerUpdateGlobalVersion(current + 1n, patience);
        const seen = [];
        for await (const progress of owner.barrier(target(version), patience)) seen.push(progress);
        expect(seen[0]?.behind.map(({ id }) => id)).toEqual(['victim']);
        expect(seen.at(-1)).toMatchObject({ synced: true, total: 0, left: ['victim'] });
      }));

    it('that is frozen for longer than its TTL uses no version when it wakes, until it has loaded the newest', () =>
      withProcesses({ sleeper: 'members' }, async (sleeper) => {
        await sleeper?.told('use');
        const owner = fleet.node({ id: 'owner', protocol });
        sleeper?.signal('SIGSTOP');
        const told = sleeper?.events.length ?? 0;
        const current = await owner.mustGetGlobalVersion(patience);
        const version = await owner.ownerUpdateGlobalVersion(current + 1n, patience);
        expect(await owner.ownerCheckAllVersions(target(version), patience)).toMatchObject({ total: 0 });
        const passedAt = process.hrtime.bigint();
        sleeper?.signal('SIGCONT');
        await eventually(() => sleeper?.last('use') === version, 'it is in step again');
        const late = sleeper?.events.slice(told).filter((event) => event.what === 'use' && event.at > passedAt);
        expect(late?.filter((event) => event.version !== version)).toEqual([]);
        expect(await owner.ownerCheckAllVersions(target(version), patience)).toMatchObject({ total: 1 });
      }));
  });

  describe('an owner', () => {
    it('that is killed between its raise and the end of its wait is followed by one that waits to the end', () =>
      withProcesses({ first: 'owner', second: 'owner' }, async (first, second) => {
        const slow = fleet.node({ id: 'slow', protocol, serverInfo: exampleServerInfo('slow', 4_000) });
        await slow.init(patience);
        await slow.updateSelfVersion(target(0n), patience);
        let raised = 0n;
        await eventually(async () => {
          raised = BigInt((await fleet.read(tidbKeys.globalVersion)) ?? 0);
          return raised > 0n;
        }, 'one of them has raised');
        const [dead, heir] = first?.last('raise') === raised ? [first, second] : [second, first];
        await eventually(() => dead?.last('raise') === raised, 'the owner has told what it raised');
        await dead?.end('SIGKILL');
        await eventually(
          async () => (await fleet.client.range({ prefix: '/tidb/ddl/fg/owner/' })).kvs.length === 1,
          'one owner is left',
        );
        expect(heir?.last('passed')).toBeLessThan(raised);
        await slow.updateSelfVersion(target(raised), patience);
        await eventually(() => heir?.last('passed') === raised, 'the heir has waited to the end');
        await eventually(() => heir?.last('raise') === raised + 1n, 'and goes on');
      }));
  });
});
