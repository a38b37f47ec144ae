import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EtcdClient, Session } from '../src/index.js';
import { LocalEtcd } from '../src/local-etcd/index.js';
import { eventually } from './eventually.js';
import { TcpProxy } from './tcp-proxy.js';

let etcd: LocalEtcd;

beforeAll(async () => {
  etcd = await LocalEtcd.start();
});
afterAll(() => etcd?.close());

/** Collects what a channel tells, until disposed. */
function listen(name: string): { readonly messages: unknown[] } & Disposable {
  const messages: unknown[] = [];
  const hear = (message: unknown) => void messages.push(message);
  subscribe(`tidb-js:etcd:${name}`, hear);
  return { messages, [Symbol.dispose]: () => void unsubscribe(`tidb-js:etcd:${name}`, hear) };
}

it('counts calls and failures, and tells of each call which member answered and how it ended', async () => {
  using calls = listen('call');
  await using client = new EtcdClient({ endpoints: etcd.endpoints });
  expect(client.stats()).toEqual({
    calls: 0,
    failures: 0,
    retries: 0,
    failovers: 0,
    coalesced: 0,
    watches: 0,
    watchReconnects: 0,
  });
  await client.put('k', 'v');
  await client.get('k');
  await expect(client.put('k', 'v', { lease: 1n })).rejects.toThrow();
  expect(client.stats()).toMatchObject({ calls: 3, failures: 1, retries: 0 });
  const endpoint = etcd.endpoints[0];
  const durationMs = expect.any(Number);
  expect(calls.messages).toEqual([
    { service: 'KV', method: 'put', endpoint, durationMs, attempts: 1 },
    { service: 'KV', method: 'range', endpoint, durationMs, attempts: 1 },
    { service: 'KV', method: 'put', endpoint, durationMs, attempts: 1, code: 'LEASE_NOT_FOUND' },
  ]);
});

it('counts requests that travelled together as one call, and tells how many there were', async () => {
  using together = listen('coalesce');
  await using client = new EtcdClient({ endpoints: etcd.endpoints, coalesce: true });
  await Promise.all(Array.from({ length: 30 }, (_, i) => client.put(`together/${i}`, 'x')));
  const { calls, coalesced } = client.stats();
  expect(coalesced).toBe(30);
  expect(calls).toBe(together.messages.length);
  expect(together.messages[0]).toEqual({ requests: 30 });
});

it('counts watches and the times their stream was opened again, and tells of both ends of each', async () => {
  using ends = listen('disconnect');
  using starts = listen('connect');
  await using proxy = await TcpProxy.to(etcd.endpoints[0] ?? '');
  await using client = new EtcdClient({ endpoints: proxy.endpoint });
  const watches = Array.from({ length: 3 }, (_, i) => client.watch(`w${i}`));
  await Promise.all(watches.map((watch) => watch.ready));
  expect(client.stats()).toMatchObject({ watches: 3, watchReconnects: 0 });
  expect(starts.messages).toEqual([{ stream: 'watch', endpoint: proxy.endpoint }]);
  proxy.cut();
  await eventually(() => starts.messages.length === 2, 'a new stream stands');
  expect(client.stats().watchReconnects).toBeGreaterThanOrEqual(1);
  expect(ends.messages[0]).toEqual({ stream: 'watch', endpoint: proxy.endpoint, reason: expect.any(String) });
  for (const watch of watches) watch.close();
  expect(client.stats().watches).toBe(0);
});

it('counts and tells when it turns to another member', async () => {
  using failovers = listen('failover');
  const gone = await TcpProxy.to(etcd.endpoints[0] ?? '');
  const from = gone.endpoint;
  await gone[Symbol.asyncDispose]();
  const to = etcd.endpoints[0] ?? '';
  // The first member is taken by lot, so some clients begin with the one that is gone.
  let count = 0;
  await eventually(async () => {
    await using client = new EtcdClient({ endpoints: [from, to], timeoutMs: 30_000 });
    await client.put('k', 'v');
    count += client.stats().failovers;
    return count > 0;
  }, 'a client turned to another member');
  expect(failovers.messages).toHaveLength(count);
  expect(failovers.messages[0]).toEqual({ from, to, reason: expect.any(String) });
});

it('tells of a watch whose consumer is slow where it will go on', async () => {
  using slow = listen('slowConsumer');
  await using client = new EtcdClient({ endpoints: etcd.endpoints });
  await using watch = client.watch('slow', { maxBuffered: 5 });
  await watch.ready;
  let revision = 0n;
  for (let i = 0; i < 10; i++) revision = (await client.put('slow', `${i}`)).revision;
  await eventually(() => slow.messages.length === 1, 'the watch was parked');
  expect(slow.messages[0]).toMatchObject({ key: 'slow', fromRevision: expect.any(BigInt) });
  let last = 0n;
  for await (const batch of watch) {
    last = batch.revision;
    if (last >= revision) break;
  }
  expect(last).toBe(revision);
});

it('tells what was left of a lease when it was renewed, and of a session that is over', async () => {
  using margins = listen('leaseMargin');
  using losses = listen('sessionLost');
  await using client = new EtcdClient({ endpoints: etcd.endpoints });
  const session = await Session.create(client, { ttlSeconds: 10 });
  const { leaseId } = session;
  await eventually(() => margins.messages.length > 0, 'the lease was renewed');
  expect(margins.messages[0]).toEqual({ leaseId, ttlSeconds: 10, marginMs: expect.any(Number) });
  await client.leaseRevoke(leaseId);
  await eventually(() => losses.messages.length > 0, 'the loss was noticed');
  expect(losses.messages).toEqual([{ leaseId, reason: expect.any(String) }]);
  await session.close();
});
