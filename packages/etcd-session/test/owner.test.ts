import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  acquireDistributedLock,
  EtcdClient,
  Mutex,
  OwnerManager,
  type OwnerManagerOptions,
  op,
  Session,
} from '../src/index.js';
import { LocalEtcd } from '../src/local-etcd/index.js';
import { eventually } from './eventually.js';

let etcd: LocalEtcd;
let client: EtcdClient;
const managers: OwnerManager[] = [];

function manager(options: OwnerManagerOptions): OwnerManager {
  const made = new OwnerManager(client, options);
  managers.push(made);
  return made;
}

/** A manager that writes down what its listener is told. */
function noted(id: string, key: string, ttlSeconds = 60): { readonly owner: OwnerManager; readonly told: string[] } {
  const told: string[] = [];
  const listener = { onBecomeOwner: () => told.push('become'), onRetireOwner: () => told.push('retire') };
  return { owner: manager({ id, key, ttlSeconds, listener }), told };
}

beforeAll(async () => {
  etcd = await LocalEtcd.start();
  client = new EtcdClient({ endpoints: etcd.endpoints });
});
afterEach(async () => {
  await Promise.all(managers.splice(0).map((each) => each.close()));
});
afterAll(async () => {
  await client?.close();
  await etcd?.close();
});

async function ownerKey(key: string): Promise<string> {
  const { kvs } = await client.range({ prefix: `${key}/` }, { sortBy: 'create', order: 'ascend', limit: 1 });
  return kvs[0]?.key.toString() ?? '';
}

describe('the owner manager', () => {
  it('O1: a single candidate becomes the owner, under the key and value of TiDB', async () => {
    const { owner, told } = noted('node-1', '/o1');
    expect(owner.isOwner).toBe(false);
    expect(() => owner.fence()).toThrowError(/NOT_LEADER/);
    await owner.campaign();
    const tenure = await owner.whenOwner();
    expect(owner.isOwner).toBe(true);
    expect(told).toEqual(['become']);
    expect(await owner.getOwnerId()).toBe('node-1');
    const { kv } = await client.get(`/o1/${owner.session?.leaseHex}`);
    expect(kv?.key.toString()).toBe(tenure.key);
    expect(kv?.value.toString()).toBe('node-1');
    expect((await client.txn({ compare: owner.fence() })).succeeded).toBe(true);
  });

  it('O2: campaigns again with a new session each time its lease is revoked, and does not heat etcd', async () => {
    const { owner, told } = noted('node-2', '/o2', 3);
    await owner.campaign();
    const leases = new Set<bigint>();
    for (let i = 0; i < 3; i++) {
      await owner.whenOwner();
      const lease = owner.session?.leaseId ?? 0n;
      leases.add(lease);
      if (i < 2) {
        await client.leaseRevoke(lease);
        await eventually(() => owner.session?.leaseId !== lease, 'the session is replaced');
      }
    }
    expect(leases.size).toBe(3);
    expect(told).toEqual(['become', 'retire', 'become', 'retire', 'become']);
  });

  it('O3: does not start for a caller who has given up', async () => {
    const { owner } = noted('node-3', '/o3');
    await expect(owner.campaign({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(owner.isOwner).toBe(false);
    await expect(owner.getOwnerId()).rejects.toMatchObject({ code: 'NO_LEADER' });
  });

  it('O4: when the key of the owner is deleted the old one retires and ownership moves', async () => {
    const [a, b] = [noted('a', '/o4', 3), noted('b', '/o4', 3)];
    await a.owner.campaign();
    await a.owner.whenOwner();
    await b.owner.campaign();
    await eventually(async () => (await client.range({ prefix: '/o4/' })).count === 2n, 'b waits');
    await client.delete(await ownerKey('/o4'));
    await b.owner.whenOwner();
    await eventually(() => !a.owner.isOwner, 'a retires');
    expect(a.told).toEqual(['become', 'retire']);
    expect(await a.owner.getOwnerId()).toBe('b');
    await eventually(async () => (await client.range({ prefix: '/o4/' })).count === 2n, 'a queues behind b');
    await b.owner.cancel();
    await a.owner.whenOwner();
    expect(b.told).toEqual(['become', 'retire']);
  });

  it('O5: when all are closed there is no leader', async () => {
    const [a, b] = [noted('a', '/o5'), noted('b', '/o5')];
    await Promise.all([a.owner.campaign(), b.owner.campaign()]);
    await Promise.race([a.owner.whenOwner(), b.owner.whenOwner()]);
    await Promise.all([a.owner.close(), b.owner.close()]);
    await expect(a.owner.getOwnerId()).rejects.toMatchObject({ code: 'NO_LEADER', rawMessage: 'election: no leader' });
    await expect(a.owner.campaign()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('O6: resigns only as the owner, and queues at the end', async () => {
    const [a, b] = [noted('a', '/o6'), noted('b', '/o6')];
    await a.owner.campaign();
    await a.owner.whenOwner();
    await b.owner.campaign();
    await eventually(async () => (await client.range({ prefix: '/o6/' })).count === 2n, 'b waits');
    await expect(b.owner.resign()).rejects.toMatchObject({ rawMessage: "This node is not a owner, can't be resigned" });
    const next = b.owner.whenOwner();
    await a.owner.resign();
    expect(a.owner.isOwner).toBe(false);
    await next;
    await eventually(() => a.told.length === 2, 'a is told that it retired');
    await b.owner.resign();
    await a.owner.whenOwner();
    expect(a.told).toEqual(['become', 'retire', 'become']);
  });

  it('O7: the owner announces an op value on its lease, and nobody else may', async () => {
    const [a, b] = [noted('a', '/o7'), noted('b', '/o7')];
    await expect(a.owner.getOwnerOpValue()).rejects.toMatchObject({ code: 'NO_LEADER' });
    await a.owner.campaign();
    const tenure = await a.owner.whenOwner();
    expect(await a.owner.getOwnerOpValue()).toBe(0);
    await a.owner.setOwnerOpValue(1);
    const { kv } = await client.get(tenure.key);
    expect(kv?.value).toEqual(Buffer.from('a_\x01'));
    expect(kv?.lease).toBe(a.owner.session?.leaseId);
    expect(kv?.createRevision).toBe(tenure.createRevision);
    expect(await b.owner.getOwnerOpValue()).toBe(1);
    expect(await b.owner.getOwnerId()).toBe('a');
    const before = (await client.get(tenure.key)).kv?.modRevision;
    await a.owner.setOwnerOpValue(1);
    expect((await client.get(tenure.key)).kv?.modRevision).toBe(before);
    await expect(b.owner.setOwnerOpValue(0)).rejects.toMatchObject({
      rawMessage: expect.stringContaining('ownerInfoNotMatch'),
    });
    await expect(a.owner.setOwnerOpValue(256)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(a.owner.isOwner).toBe(true);
  });

  it('O8: notices a key that is deleted as soon as it has been won', async () => {
    const told: string[] = [];
    const owner = manager({
      id: 'swift',
      key: '/o8',
      listener: {
        onBecomeOwner: (tenure) => {
          told.push('become');
          if (told.length === 1) void client.delete(tenure.key);
        },
        onRetireOwner: () => told.push('retire'),
      },
    });
    await owner.campaign();
    await eventually(() => told.length >= 3, 'it retires and owns again');
    expect(told).toEqual(['become', 'retire', 'become']);
  });

  it('O9: cancelled right after the start, ten times, leaves no lease and no key', async () => {
    const before = (await client.leases()).length;
    const { owner } = noted('hasty', '/o9');
    for (let i = 0; i < 10; i++) {
      const started = owner.campaign().catch(() => undefined);
      if (i % 2 === 0) await started;
      await owner.cancel();
      await started;
    }
    await eventually(async () => (await client.leases()).length <= before, 'no lease is left');
    expect((await client.range({ prefix: '/o9/' })).count).toBe(0n);
  });

  it('O10: a distributed lock is one queue with mutexes, and passes on when it is released or its session expires', async () => {
    const first = await acquireDistributedLock(client, '/o10', { ttlSeconds: 2 });
    await using other = await Session.create(client);
    await expect(new Mutex(other, '/o10').tryLock()).rejects.toMatchObject({ code: 'LOCKED' });
    expect((await client.txn({ compare: first.fence(), success: [op.put('/o10-data', '1')] })).succeeded).toBe(true);
    const waiting = acquireDistributedLock(client, '/o10');
    await eventually(async () => (await client.range({ prefix: '/o10/' })).count === 2n, 'the second waits');
    await first.release();
    await using second = await waiting;
    expect(second.tenure.createRevision).toBeGreaterThan(first.tenure.createRevision);
    await first.release();
    expect((await client.get(second.tenure.key)).kv).toBeDefined();

    const third = acquireDistributedLock(client, '/o10', { ttlSeconds: 2 });
    await eventually(async () => (await client.range({ prefix: '/o10/' })).count === 2n, 'the third waits');
    const lost = new Promise<void>((resolve) => second.tenure.signal.addEventListener('abort', () => resolve()));
    const lease = (await client.get(second.tenure.key)).kv?.lease ?? 0n;
    await client.leaseRevoke(lease);
    await lost;
    await (await third).release();
    expect((await client.range({ prefix: '/o10/' })).count).toBe(0n);
  });

  it('O10: a waiter for a distributed lock begins again when its session is lost, and leaves none when it gives up', async () => {
    await using _first = await acquireDistributedLock(client, '/o10b');
    const giveUp = new AbortController();
    const waiting = acquireDistributedLock(client, '/o10b', { ttlSeconds: 3, signal: giveUp.signal });
    const waiters = async () => (await client.range({ prefix: '/o10b/' }, { sortBy: 'create' })).kvs;
    await eventually(async () => (await waiters()).length === 2, 'one waits');
    const lease = (await waiters())[1]?.lease ?? 0n;
    await client.leaseRevoke(lease);
    await eventually(async () => (await waiters())[1] !== undefined, 'it waits again');
    expect((await waiters())[1]?.lease).not.toBe(lease);
    giveUp.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await waiters()).toHaveLength(1);
  });

  it('O11: owns by force before all who wait, and the old owner retires', async () => {
    const others = ['a', 'b', 'c'].map((id) => noted(id, '/o11'));
    for (const [i, { owner }] of others.entries()) {
      await owner.campaign();
      await eventually(
        async () => (await client.range({ prefix: '/o11/' })).count === BigInt(i + 1),
        `${i} has joined`,
      );
    }
    const { owner, told } = noted('force', '/o11');
    await owner.forceToBeOwner({ waitMs: 100 });
    expect(owner.isOwner).toBe(true);
    expect(told).toEqual(['become']);
    expect(await owner.getOwnerId()).toBe('force');
    await eventually(() => others.every((each) => !each.owner.isOwner), 'nobody else owns');
  });

  it('retire() leaves nobody owner until the key goes, as in TiDB', async () => {
    const { owner, told } = noted('retired', '/retire');
    await owner.campaign();
    const { key } = await owner.whenOwner();
    owner.retire();
    expect(owner.isOwner).toBe(false);
    expect(() => owner.fence()).toThrowError(/NOT_LEADER/);
    expect(await owner.getOwnerId()).toBe('retired');
    await client.delete(key);
    await owner.whenOwner();
    expect(told).toEqual(['become', 'retire', 'become']);
  });

  it('breakCampaign() stops and keeps the key; cancel() gives it up at once', async () => {
    const { owner } = noted('break', '/break');
    await owner.campaign();
    const { key } = await owner.whenOwner();
    await owner.breakCampaign();
    expect(owner.isOwner).toBe(false);
    expect((await client.get(key)).kv).toBeDefined();
    await owner.cancel();
    expect((await client.get(key)).kv).toBeUndefined();
  });

  it("is not confused by keys that begin with the election's name", async () => {
    await client.txn({ success: [op.put('/sib/ling_x', 'x'), op.put('/sib/ling', 'x')] });
    const { owner } = noted('me', '/sib/ling');
    await owner.campaign();
    await owner.whenOwner();
    expect(await owner.getOwnerId()).toBe('me');
  });

  it('refuses an id that could not be told from an op value', () => {
    expect(() => manager({ id: 'a_b' })).toThrowError(/INVALID_ARGUMENT/);
  });

  it('survives a listener that throws', async () => {
    const owner = manager({
      id: 'x',
      key: '/throws',
      listener: {
        onBecomeOwner: () => {
          throw new Error('listener');
        },
      },
    });
    await owner.campaign();
    await owner.whenOwner();
    expect(owner.isOwner).toBe(true);
  });
});
