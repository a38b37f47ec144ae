import { EtcdClient } from '@tidb-js/etcd-session';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FleetMember } from '../src/fleet-member.js';
import { tidbKeys } from '../src/schema-keys.js';
import { next } from '../src/testing/expect.js';
import { exampleServerInfo } from '../src/testing/fleet.js';
import { eventually, LocalFleet, patience } from './local-fleet.js';
import { Wire } from './proxy.js';

const { selfVersions, globalVersion } = tidbKeys;
const long = { timeoutMs: 60_000 };

let fleet: LocalFleet;
beforeAll(async () => {
  fleet = await LocalFleet.start();
});
beforeEach(() => fleet.clear());
afterAll(() => fleet[Symbol.asyncDispose]());

function endpoint(): string {
  const [first] = fleet.etcd.endpoints;
  if (first === undefined) throw new Error('no etcd');
  return first;
}

describe('etcd is away for longer than the TTL', () => {
  it('the node knows, and a restart publishes its last version as soon as etcd is back', async () => {
    const node = fleet.node({ id: 'a', ttlSeconds: 2 });
    await node.init(patience);
    await node.updateSelfVersion({ version: 4n }, patience);
    await fleet.etcd.members[0]?.kill();
    expect(String(await node.done)).toMatch(/SESSION_LOST/);
    expect(() => node.assertLive()).toThrow(/SESSION_LOST/);
    const restarting = node.restart(long);
    await fleet.etcd.members[0]?.restart();
    await restarting;
    expect(await fleet.read(`${selfVersions}/a`)).toBe('4');
  });

  it('a raise and a report wait for it, and end by their signals before', async () => {
    const node = fleet.node({ id: 'a', ttlSeconds: 60, tryTimeoutMs: 300 });
    await node.init(patience);
    await fleet.etcd.members[0]?.kill();
    await expect(node.ownerUpdateGlobalVersion(3n, { timeoutMs: 500 })).rejects.toMatchObject({ code: 'DEADLINE' });
    const stop = new AbortController();
    const stopped = node.updateSelfVersion({ version: 2n }, { signal: stop.signal });
    stop.abort();
    await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' });
    const calls = [node.ownerUpdateGlobalVersion(3n, long), node.updateSelfVersion({ version: 3n }, long)];
    await fleet.etcd.members[0]?.restart();
    expect(await Promise.all(calls)).toEqual([3n, 3n]);
  });

  it('a first registration gives up after its tries and leaves nothing behind', async () => {
    await fleet.etcd.members[0]?.kill();
    const node = fleet.node({ id: 'a', tryTimeoutMs: 200, attempts: 2 });
    await expect(node.init(long)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    await fleet.etcd.members[0]?.restart();
    await node.init(long);
    expect(await fleet.leases()).toHaveLength(1);
  });
});

describe('an owner that is cut off during its wait', () => {
  it.each(['version-keys', 'metadata-lock'] as const)(
    'learns of all that happened meanwhile, compacted or not: %s',
    async (protocol) => {
      const proxy = await Wire.start(endpoint());
      const client = new EtcdClient({ endpoints: proxy.endpoint });
      try {
        const [a, b, c] = ['a', 'b', 'c'].map((id, index) =>
          fleet.node({ id, protocol, serverInfo: exampleServerInfo(id, 4000 + index) }),
        );
        if (!a || !b || !c) throw new Error('three nodes');
        await a.init(patience);
        await b.init(patience);
        const owner = fleet.node({ id: 'owner', protocol }, client);
        const target = { jobId: 7n, version: 5n };
        const progress = owner.barrier(target, long)[Symbol.asyncIterator]();
        expect(await next(progress)).toMatchObject({ total: 2, synced: false });
        proxy.cut();
        await c.init(patience);
        await b.close();
        await a.updateSelfVersion(target, patience);
        await c.updateSelfVersion(target, patience);
        const { revision } = await fleet.client.put('/noise', 'x');
        await fleet.client.compact(revision);
        proxy.heal();
        const joined: string[] = [];
        const left: string[] = [];
        let last = await next(progress);
        for (; ; last = await next(progress)) {
          joined.push(...last.joined);
          left.push(...last.left);
          if (last.synced) break;
        }
        expect([last.total, joined, left]).toEqual([2, ['c'], ['b']]);
        await owner.close();
      } finally {
        await client.close();
        await proxy.close();
      }
    },
  );

  it('and one that follows the global version likewise', async () => {
    const proxy = await Wire.start(endpoint());
    const client = new EtcdClient({ endpoints: proxy.endpoint });
    try {
      const owner = fleet.node({ id: 'owner' });
      await owner.ownerUpdateGlobalVersion(1n, patience);
      const follower = fleet.node({ id: 'follower' }, client);
      const versions = follower.globalVersions()[Symbol.asyncIterator]();
      expect(await next(versions)).toBe(1n);
      proxy.cut();
      for (const version of [2n, 3n, 4n]) await owner.ownerUpdateGlobalVersion(version, patience);
      const { revision } = await fleet.client.put('/noise', 'x');
      await fleet.client.compact(revision);
      proxy.heal();
      expect(await next(versions)).toBe(4n);
      await follower.close();
    } finally {
      await client.close();
      await proxy.close();
    }
  });
});

describe('a member whose session is lost', () => {
  it('acts by no version until it has joined again and loaded the newest', async () => {
    const owner = fleet.node({ id: 'owner' });
    await owner.ownerUpdateGlobalVersion(1n, patience);
    const loads: bigint[] = [];
    let release = (): void => {};
    const syncer = fleet.node({ id: 'a' });
    const member = await FleetMember.join(syncer, {
      ...patience,
      async load(version) {
        loads.push(version);
        if (loads.length > 1) await new Promise<void>((resolve) => (release = resolve));
      },
    });
    expect(member.version()).toBe(1n);
    const lost = syncer.done;
    await fleet.expire({ id: 'a' });
    await lost;
    expect(() => member.version()).toThrow(/SESSION_LOST/);
    await eventually(() => loads.length === 2, 'the newest version is loaded');
    syncer.assertLive();
    expect(() => member.version()).toThrow(/SESSION_LOST/);
    await owner.ownerUpdateGlobalVersion(2n, patience);
    release();
    await eventually(() => loads.length === 3, 'the version after it is loaded');
    expect(member.version()).toBe(1n);
    release();
    await owner.ownerCheckAllVersions(2n, patience);
    await eventually(() => {
      try {
        return member.version() === 2n;
      } catch {
        return false;
      }
    }, 'the member is in step');
    await member.close();
    expect(await fleet.read(`${selfVersions}/a`)).toBeUndefined();
  });

  it('loads again what it could not load, and the owner waits for it', async () => {
    const owner = fleet.node({ id: 'owner' });
    let failures = 3;
    await using member = await FleetMember.join(fleet.node({ id: 'a' }), {
      ...patience,
      load(version) {
        if (version === 1n && failures-- > 0) throw new Error('the disk is full');
      },
    });
    await owner.ownerUpdateGlobalVersion(1n, patience);
    expect(await owner.ownerCheckAllVersions(1n, patience)).toMatchObject({ total: 1 });
    expect(member.version()).toBe(1n);
    expect(failures).toBe(-1);
  });
});

it('a client that is closed ends what waits on it', async () => {
  const client = fleet.connect();
  const node = fleet.node({ id: 'a' }, client);
  await node.init(patience);
  const waiting = node.ownerCheckAllVersions(1n, patience).catch((error) => error);
  await fleet.client.put(globalVersion, '0');
  await client.close();
  expect(await waiting).toMatchObject({ code: 'CLOSED' });
  await expect(node.ownerUpdateGlobalVersion(1n, patience)).rejects.toMatchObject({ code: 'CLOSED' });
});
