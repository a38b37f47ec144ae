import { compare } from '@tidb-js/etcd-session';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tidbKeys } from '../src/schema-keys.js';
import { next } from '../src/testing/expect.js';
import { exampleServerInfo } from '../src/testing/fleet.js';
import { LocalFleet, patience } from './local-fleet.js';

const { selfVersions, globalVersion } = tidbKeys;
const ids = (behind: readonly { id: string }[]) => behind.map(({ id }) => id);

let fleet: LocalFleet;
beforeAll(async () => {
  fleet = await LocalFleet.start();
});
beforeEach(() => fleet.clear());
afterAll(() => fleet[Symbol.asyncDispose]());

async function member(id: string) {
  const node = fleet.node({ id });
  await node.init(patience);
  return node;
}

describe('what lies in etcd', () => {
  it('is the global version "0" without a lease, and this node\'s "0" on its lease', async () => {
    const node = fleet.node({ id: 'a', ttlSeconds: 60 });
    await node.init(patience);
    const global = (await fleet.client.get(globalVersion)).kv;
    const self = (await fleet.client.get(`${selfVersions}/a`)).kv;
    expect([global?.value.toString(), global?.lease]).toEqual(['0', 0n]);
    expect(self?.value.toString()).toBe('0');
    expect(await fleet.client.leaseTimeToLive(self?.lease ?? 0n)).toMatchObject({ grantedTtlSeconds: 60 });
    expect((await fleet.client.range({ prefix: '' })).count).toBe(2n);
  });

  it.each(['57', 'no number', '-3'])(
    'is a global version %s that was there before, left as it is',
    async (standing) => {
      await fleet.client.put(globalVersion, standing);
      await member('a');
      expect(await fleet.read(globalVersion)).toBe(standing);
    },
  );

  it('is this node\'s "0" in place of a key that no live node can have, for it has no lease', async () => {
    await fleet.client.put(`${selfVersions}/a`, '9');
    const node = await member('a');
    expect(await fleet.read(`${selfVersions}/a`)).toBe('0');
    await fleet.client.put(`${selfVersions}/a`, '1');
    await node.updateSelfVersion({ version: 2n }, patience);
    expect(await fleet.read(`${selfVersions}/a`)).toBe('2');
    expect(await fleet.leaseOf('a')).toBeGreaterThan(0n);
  });

  it('is a decimal number after each report, on the same lease', async () => {
    const node = await member('a');
    const lease = await fleet.leaseOf('a');
    await node.updateSelfVersion({ version: 9_007_199_254_740_993n }, patience);
    expect(await fleet.read(`${selfVersions}/a`)).toBe('9007199254740993');
    expect(await fleet.leaseOf('a')).toBe(lease);
  });

  it('is nothing of a node that was closed, its lease included', async () => {
    const node = await member('a');
    const lease = await fleet.leaseOf('a');
    await node.close();
    expect(await fleet.read(`${selfVersions}/a`)).toBeUndefined();
    expect(await fleet.client.leaseTimeToLive(lease)).toMatchObject({ ttlSeconds: -1 });
  });

  it('is the last version after a restart, on a new lease, and the old lease is gone', async () => {
    const node = await member('a');
    await node.updateSelfVersion({ version: 5n }, patience);
    const lease = await fleet.leaseOf('a');
    await node.restart(patience);
    expect(await fleet.read(`${selfVersions}/a`)).toBe('5');
    expect(await fleet.leaseOf('a')).not.toBe(lease);
    expect(await fleet.client.leaseTimeToLive(lease)).toMatchObject({ ttlSeconds: -1 });
  });

  it("leaves other people's keys and leases alone", async () => {
    const { id: lease } = await fleet.client.leaseGrant(600);
    await fleet.client.put('/other', 'x', { lease });
    await fleet.client.put(`${selfVersions}_of_others`, '0', { lease });
    const node = await member('a');
    await node.ownerUpdateGlobalVersion(1n, patience);
    await node.updateSelfVersion({ version: 1n }, patience);
    await node.ownerCheckAllVersions(1n, patience);
    await node.restart(patience);
    await node.close();
    expect(await fleet.read('/other')).toBe('x');
    expect(await fleet.leaseTtl(lease)).toBeGreaterThan(500);
  });
});

describe('other clients', () => {
  it('are heard when they write the global version', async () => {
    const node = await member('a');
    const versions = node.globalVersions()[Symbol.asyncIterator]();
    expect(await next(versions)).toBe(0n);
    await fleet.client.put(globalVersion, '123');
    expect(await next(versions)).toBe(123n);
  });

  it('cannot make the global version go back for who follows it here, nor stop it with text that is none', async () => {
    const node = await member('a');
    await node.ownerUpdateGlobalVersion(7n, patience);
    const versions = node.globalVersions()[Symbol.asyncIterator]();
    expect(await next(versions)).toBe(7n);
    for (const text of ['3', 'x', '', '-9', '99999999999999999999', '7']) await fleet.client.put(globalVersion, text);
    await fleet.client.delete(globalVersion);
    await fleet.client.put(globalVersion, '8');
    expect(await next(versions)).toBe(8n);
  });

  it.each(['x', '-1', '99999999999999999999', ''])(
    'that wrote %j as the global version are overruled by the owner',
    async (text) => {
      const node = await member('a');
      await fleet.client.put(globalVersion, text);
      expect(await node.ownerUpdateGlobalVersion(2n, patience)).toBe(2n);
      expect(await fleet.read(globalVersion)).toBe('2');
    },
  );

  it('that removed the global version are made good by the owner', async () => {
    const node = await member('a');
    await node.ownerUpdateGlobalVersion(4n, patience);
    await fleet.client.delete(globalVersion);
    expect(await node.ownerUpdateGlobalVersion(5n, patience)).toBe(5n);
  });

  it('that wrote no number keep mustGetGlobalVersion waiting until one comes', async () => {
    const node = await member('a');
    await fleet.client.put(globalVersion, 'x');
    const waiting = node.mustGetGlobalVersion(patience);
    await fleet.client.delete(globalVersion);
    await fleet.client.put(globalVersion, '+6');
    expect(await waiting).toBe(6n);
  });

  it.each(['x', '-5', '', '99999999999999999999'])(
    'that report %j keep the owner waiting, and are named',
    async (text) => {
      const owner = fleet.node({ id: 'owner' });
      await fleet.client.put(`${selfVersions}/stranger`, text);
      await expect(owner.ownerCheckAllVersions(1n, { timeoutMs: 200 })).rejects.toMatchObject({
        code: 'DEADLINE',
        behind: [{ id: 'stranger', version: undefined, invalid: text }],
      });
      const waiting = owner.ownerCheckAllVersions(1n, patience);
      await fleet.client.put(`${selfVersions}/stranger`, '1');
      expect(await waiting).toMatchObject({ synced: true, total: 1 });
    },
  );

  it('count by every key below the prefix, and by none beside it', async () => {
    const owner = fleet.node({ id: 'owner' });
    await fleet.client.put(`${selfVersions}_v2/a`, '0');
    await fleet.client.put(`${selfVersions}/`, '0');
    await fleet.client.put(`${selfVersions}/deep/er`, '0');
    const error = await owner.ownerCheckAllVersions(1n, { timeoutMs: 200 }).catch((caught) => caught);
    expect(ids(error.behind)).toEqual(['deep/er']);
  });

  it('that have this id are named with their address', async () => {
    const first = fleet.node({ id: 'twin', serverInfo: exampleServerInfo('twin', 4000, { ip: '10.1.2.3' }) });
    await first.init(patience);
    await expect(fleet.node({ id: 'twin' }).init(patience)).rejects.toThrow(
      /ID_IN_USE.*twin.*lease [0-9a-f]+, at 10\.1\.2\.3:4000/,
    );
    expect(await fleet.leases()).toHaveLength(1);
  });
});

describe('the owner', () => {
  it('writes only while its fence holds, and is told when it does not', async () => {
    const node = await member('a');
    const { revision } = await fleet.client.put('/owner/1', 'a');
    const fence = [compare.create('/owner/1', '=', revision)];
    expect(await node.ownerUpdateGlobalVersion(1n, { fence, ...patience })).toBe(1n);
    await fleet.client.delete('/owner/1');
    await fleet.client.put('/owner/1', 'b');
    for (const version of [1n, 2n, 0n]) {
      await expect(node.ownerUpdateGlobalVersion(version, { fence, ...patience })).rejects.toMatchObject({
        code: 'FENCED',
        retryable: false,
      });
    }
    expect(await fleet.read(globalVersion)).toBe('1');
    await expect(node.ownerRemoveJobVersions(1n, { fence, ...patience })).rejects.toMatchObject({ code: 'FENCED' });
  });

  it('and thirty others raise at the same time: the highest stands, and it never went down', async () => {
    const watch = fleet.client.watch(globalVersion);
    await watch.ready;
    const seen: bigint[] = [];
    const judge = (async () => {
      for await (const { events } of watch) {
        for (const { kv } of events) seen.push(BigInt(kv.value.toString()));
        if (seen.at(-1) === 30n) return;
      }
    })();
    const nodes = Array.from({ length: 30 }, (_, index) => fleet.node({ id: `n${index}` }));
    await Promise.all(nodes.map((node, index) => node.ownerUpdateGlobalVersion(BigInt(index + 1), patience)));
    await judge;
    expect(seen).toEqual([...seen].sort((a, b) => Number(a - b)));
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('passes with other key prefixes, and the two fleets do not see each other', async () => {
    const keys = { selfVersions: '/shop/config/nodes', globalVersion: '/shop/config/version' };
    const shop = fleet.node({ id: 'a', keys });
    await shop.init(patience);
    await member('a');
    await shop.ownerUpdateGlobalVersion(3n, patience);
    await shop.updateSelfVersion({ version: 3n }, patience);
    expect(await shop.ownerCheckAllVersions(3n, patience)).toMatchObject({ synced: true, total: 1 });
    expect([await fleet.read('/shop/config/version'), await fleet.read(globalVersion)]).toEqual(['3', '0']);
  });

  it('asks etcd the same few times however long it waits', async () => {
    const owner = fleet.connect();
    const node = fleet.node({ id: 'a' }, owner);
    await node.init(patience);
    await node.ownerCheckAllVersions(0n, patience);
    const before = owner.stats().calls;
    await expect(node.ownerCheckAllVersions(1n, { timeoutMs: 1_000 })).rejects.toMatchObject({ code: 'DEADLINE' });
    expect(owner.stats().calls - before).toBeLessThanOrEqual(2);
  });
});
