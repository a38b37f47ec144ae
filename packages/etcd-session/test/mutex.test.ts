import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EtcdClient, Mutex, op, Session } from '../src/index.js';
import { LocalEtcd } from '../src/local-etcd/index.js';
import { Etcdctl } from './etcdctl.js';
import { eventually } from './eventually.js';

let etcd: LocalEtcd;
let client: EtcdClient;
const sessions: Session[] = [];

async function session(ttlSeconds = 60): Promise<Session> {
  const made = await Session.create(client, { ttlSeconds });
  sessions.push(made);
  return made;
}

beforeAll(async () => {
  etcd = await LocalEtcd.start();
  client = new EtcdClient({ endpoints: etcd.endpoints });
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((each) => each.close()));
});
afterAll(async () => {
  await client?.close();
  await etcd?.close();
});

async function waiters(prefix: string, count: number): Promise<void> {
  await eventually(
    async () => (await client.range({ prefix: `${prefix}/` })).count === BigInt(count),
    `${count} in the queue of ${prefix}`,
  );
}

describe('a mutex', () => {
  it('lets one in at a time, tasks that share a session included', async () => {
    const shared = await session();
    const [own, other] = [await session(), await session()];
    const mutexes = [
      new Mutex(shared, 'one'),
      new Mutex(shared, 'one'),
      new Mutex(own, 'one'),
      new Mutex(other, 'one'),
    ];
    let inside = 0;
    const tokens: bigint[] = [];
    await Promise.all(
      mutexes.map(async (mutex) => {
        for (let i = 0; i < 15; i++) {
          await mutex.withLock(async (tenure) => {
            inside++;
            tokens.push(tenure.createRevision);
            await client.get('one');
            expect(inside).toBe(1);
            inside--;
          });
        }
      }),
    );
    expect(tokens).toEqual([...tokens].sort((a, b) => Number(a - b)));
    expect(new Set(tokens).size).toBe(60);
    expect((await client.range({ prefix: 'one/' })).count).toBe(0n);
  });

  it('tryLock() takes what is free, and leaves no trace where it is not', async () => {
    const [a, b] = [new Mutex(await session(), 'try'), new Mutex(await session(), 'try')];
    await a.tryLock();
    await expect(b.tryLock()).rejects.toMatchObject({
      code: 'LOCKED',
      rawMessage: expect.stringContaining('mutex: Locked by another session'),
    });
    expect((await client.range({ prefix: 'try/' })).count).toBe(1n);
    await a.unlock();
    await b.tryLock();
    await b.unlock();
    await expect(b.unlock()).rejects.toMatchObject({
      code: 'LOCK_RELEASED',
      rawMessage: expect.stringContaining('mutex: lock has already been released'),
    });
  });

  it('takes a waiter that gives up out of the queue', async () => {
    const [a, b] = [new Mutex(await session(), 'abort'), new Mutex(await session(), 'abort')];
    await a.lock();
    const controller = new AbortController();
    const waiting = b.lock({ signal: controller.signal });
    await waiters('abort', 2);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    await waiters('abort', 1);
    await a.unlock();
    await b.lock();
  });

  it('refuses a waiter whose session ended while it waited', async () => {
    const [a, lost] = [new Mutex(await session(), 'ended'), await session()];
    await a.lock();
    const waiting = new Mutex(lost, 'ended').lock();
    waiting.catch(() => undefined);
    await waiters('ended', 2);
    await client.leaseRevoke(lost.leaseId);
    await a.unlock();
    await expect(waiting).rejects.toMatchObject({ code: 'SESSION_LOST' });
  });

  it('refuses a waiter at once when somebody deletes its key, and goes on with those behind it', async () => {
    const [holder, waiter, last] = [await session(), await session(), await session()];
    const held = new Mutex(holder, 'deleted');
    await held.lock();
    const waiting = new Mutex(waiter, 'deleted').lock();
    waiting.catch(() => undefined);
    await waiters('deleted', 2);
    const behind = new Mutex(last, 'deleted').lock();
    await waiters('deleted', 3);
    await client.delete(`deleted/${waiter.leaseHex}`);
    await expect(waiting).rejects.toMatchObject({ code: 'SESSION_LOST' });
    expect(held.fence()).toHaveLength(1);
    await held.unlock();
    await behind;
  });

  it('withLock() tells the function at once when the lock is lost, and its caller too', async () => {
    const mutex = new Mutex(await session(), 'with');
    let heard = false;
    const outcome = mutex.withLock(async ({ key, signal }) => {
      const lost = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      await client.delete(key);
      await lost;
      heard = true;
      return 'done';
    });
    await expect(outcome).rejects.toMatchObject({ code: 'SESSION_LOST' });
    expect(heard).toBe(true);
    await expect(mutex.withLock(({ key }) => client.delete(key))).rejects.toMatchObject({ code: 'SESSION_LOST' });
    expect(await mutex.withLock(() => 'sound')).toBe('sound');
  });

  it('withLock() frees the lock when the function fails, with its error', async () => {
    const mutex = new Mutex(await session(), 'throws');
    await expect(
      mutex.withLock(() => {
        throw new RangeError('mine');
      }),
    ).rejects.toThrowError(RangeError);
    expect((await client.range({ prefix: 'throws/' })).count).toBe(0n);
  });

  it('fences what its holder writes', async () => {
    const [a, b] = [new Mutex(await session(), 'mf'), new Mutex(await session(), 'mf')];
    await a.lock();
    const late = { compare: a.fence(), success: [op.put('mf-data', 'a')] };
    const next = b.lock();
    await a.unlock();
    await next;
    expect((await client.txn(late)).succeeded).toBe(false);
    expect((await client.txn({ compare: b.fence(), success: [op.put('mf-data', 'b')] })).succeeded).toBe(true);
    expect(() => a.fence()).toThrowError(/LOCK_RELEASED/);
  });
});

describe.skipIf(!Etcdctl.found)('a mutex with etcdctl lock (platform A4, row 2)', () => {
  it('waits behind it, and is waited for by it, on one queue', async () => {
    await using theirs = new Etcdctl(etcd.endpoints, ['lock', 'ctl']);
    await theirs.printed('ctl/');
    const mutex = new Mutex(await session(), 'ctl');
    const waiting = mutex.lock();
    await waiters('ctl', 2);
    await expect(new Mutex(await session(), 'ctl').tryLock()).rejects.toMatchObject({ code: 'LOCKED' });
    await theirs.interrupt();
    await waiting;
    await using behind = new Etcdctl(etcd.endpoints, ['lock', 'ctl']);
    await waiters('ctl', 2);
    expect(behind.output).toBe('');
    await mutex.unlock();
    await behind.printed('ctl/');
  });
});
