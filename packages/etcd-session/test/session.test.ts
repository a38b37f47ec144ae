import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EtcdClient, EtcdError, Session } from '../src/index.js';
import { LocalEtcd } from '../src/local-etcd/index.js';
import { eventually } from './eventually.js';

let etcd: LocalEtcd;
let client: EtcdClient;

beforeAll(async () => {
  etcd = await LocalEtcd.start();
  client = new EtcdClient({ endpoints: etcd.endpoints });
});
afterAll(async () => {
  await client?.close();
  await etcd?.close();
});

async function leaseExists(id: bigint): Promise<boolean> {
  return (await client.leaseTimeToLive(id)).ttlSeconds >= 0;
}

describe('a session', () => {
  it('keeps its lease well past the TTL and counts down from its last answered keepalive', async () => {
    await using session = await Session.create(client, { ttlSeconds: 2 });
    await client.put('session/key', 'x', { lease: session.leaseId });
    const from = performance.now();
    let least = Number.POSITIVE_INFINITY;
    while (performance.now() - from < 5000) {
      session.assertHeld();
      least = Math.min(least, session.remainingMs());
      expect(session.remainingMs()).toBeLessThanOrEqual(2000);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(least).toBeGreaterThan(0);
    expect((await client.get('session/key')).kv?.lease).toBe(session.leaseId);
  });

  it('goes by the TTL that the server granted, not by the one that was asked for', async () => {
    await using session = await Session.create(client, { ttlSeconds: 1 });
    expect(session.ttlSeconds).toBe((await client.leaseTimeToLive(session.leaseId)).grantedTtlSeconds);
    expect(session.ttlSeconds).toBeGreaterThan(1);
  });

  it('names its lease in lower-case hex without padding, as Go does', async () => {
    const { id } = await client.leaseGrant(60, { id: 0xabcn });
    await using session = await Session.create(client, { leaseId: id });
    expect(session.leaseHex).toBe('abc');
  });

  it('close() revokes the lease and everything on it, once however often it is called', async () => {
    const session = await Session.create(client);
    await client.put('session/closed', 'x', { lease: session.leaseId });
    await Promise.all([session.close(), session.close()]);
    await session.close();
    expect(await leaseExists(session.leaseId)).toBe(false);
    expect((await client.get('session/closed')).kv).toBeUndefined();
    expect(session.signal.aborted).toBe(true);
    expect((await session.done).code).toBe('CLOSED');
    expect(() => session.assertHeld()).toThrowError(/CLOSED/);
    expect(session.remainingMs()).toBe(0);
  });

  it('orphan() leaves the lease to expire', async () => {
    const session = await Session.create(client, { ttlSeconds: 2 });
    session.orphan();
    expect(session.signal.aborted).toBe(true);
    expect(await leaseExists(session.leaseId)).toBe(true);
    await eventually(async () => !(await leaseExists(session.leaseId)), 'the orphaned lease expires');
  });

  it('is lost when its lease is revoked by hand', async () => {
    const session = await Session.create(client, { ttlSeconds: 3 });
    await client.leaseRevoke(session.leaseId);
    const reason = await session.done;
    expect(reason.code).toBe('SESSION_LOST');
    expect(session.signal.reason).toBe(reason);
    await expect(session.refresh()).rejects.toBe(reason);
    await session.close();
  });

  it('refresh() asks etcd at once', async () => {
    const session = await Session.create(client, { ttlSeconds: 600 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = session.remainingMs();
    await session.refresh();
    expect(session.remainingMs()).toBeGreaterThan(before);
    await client.leaseRevoke(session.leaseId);
    await expect(session.refresh()).rejects.toMatchObject({ code: 'SESSION_LOST' });
  });

  it('takes part in a lease that exists, beside another session on it', async () => {
    const first = await Session.create(client, { ttlSeconds: 3 });
    const second = await Session.create(client, { leaseId: first.leaseId });
    first.orphan();
    await new Promise((resolve) => setTimeout(resolve, 4500));
    second.assertHeld();
    await second.close();
    await expect(Session.create(client, { leaseId: first.leaseId })).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND' });
  });

  it('ends when its client is closed', async () => {
    const own = new EtcdClient({ endpoints: etcd.endpoints });
    const session = await Session.create(own, { ttlSeconds: 60 });
    await own.close();
    expect((await session.done).code).toBe('SESSION_LOST');
    await client.leaseRevoke(session.leaseId);
  });

  it('of a thousand siblings on one client all stay alive', async () => {
    const own = new EtcdClient({ endpoints: etcd.endpoints });
    const sessions = await Promise.all(Array.from({ length: 1000 }, () => Session.create(own, { ttlSeconds: 20 })));
    for (const session of sessions) await session.refresh();
    expect(sessions.filter((session) => session.signal.aborted)).toEqual([]);
    await Promise.all(sessions.map((session) => session.close()));
    await own.close();
  });
});

describe('a session that cannot be had', () => {
  it('fails fast on a closed client, however many attempts are allowed (O12)', async () => {
    const closed = new EtcdClient({ endpoints: etcd.endpoints });
    await closed.close();
    const from = performance.now();
    await expect(Session.create(closed, { attempts: 'unlimited' })).rejects.toMatchObject({ code: 'CLOSED' });
    expect(performance.now() - from).toBeLessThan(5000);
  });

  it('fails at once for a caller who has given up, and leaves no lease behind', async () => {
    const before = (await client.leases()).length;
    await expect(Session.create(client, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    for (let i = 0; i < 20; i++) {
      const controller = new AbortController();
      const created = Session.create(client, { signal: controller.signal });
      setTimeout(() => controller.abort(), Math.random() * 4);
      await created.then(
        (session) => session.close(),
        (error) => expect(EtcdError.from(error).code).toBe('ABORTED'),
      );
    }
    await eventually(async () => (await client.leases()).length <= before, 'every lease of a given-up try is revoked');
  });

  it('tries as often as it is told when nobody listens, then says why', async () => {
    const nobody = new EtcdClient({ endpoints: '127.0.0.1:1', timeoutMs: 200 });
    const warnings: string[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (_: object, message: string) => warnings.push(message) };
    await expect(Session.create(nobody, { attempts: 3, intervalMs: 10, logger })).rejects.toBeInstanceOf(EtcdError);
    expect(warnings).toHaveLength(2);
    const signal = AbortSignal.timeout(600);
    await expect(Session.create(nobody, { attempts: 'unlimited', intervalMs: 10, signal })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    await nobody.close();
  });

  it.each([
    [{ ttlSeconds: 0 }, /ttlSeconds/],
    [{ ttlSeconds: 1.5 }, /ttlSeconds/],
    [{ attempts: 0 }, /attempts/],
    [{ intervalMs: -1 }, /intervalMs/],
    [{ leaseId: 0n }, /leaseId/],
  ])('refuses %s and says what it must be', async (options, text) => {
    await expect(Session.create(client, options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(text),
    });
  });
});
