import { afterAll, beforeAll, expect, it } from 'vitest';
import { EtcdClient, op, type WatchBatch } from '../src/index.js';
import { LocalEtcd } from '../src/local-etcd/index.js';
import { eventually } from './eventually.js';
import { TcpProxy } from './tcp-proxy.js';

let etcd: LocalEtcd;
let client: EtcdClient;

beforeAll(async () => {
  etcd = await LocalEtcd.start();
  client = new EtcdClient({ endpoints: etcd.endpoints, coalesce: true });
});
afterAll(async () => {
  await client?.close();
  await etcd?.close();
});

async function fill(prefix: string, count: number): Promise<bigint> {
  const { revision } = await client.put(`${prefix}first`, '');
  for (let i = 0; i < count; i += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, j) => client.put(`${prefix}k`, `${i + j}`)));
  }
  return revision + 1n;
}

it('a replay that is cut off goes on at the event after the last one it took in', async () => {
  const startRevision = await fill('replay/', 3_000);
  await using proxy = await TcpProxy.to(etcd.endpoints[0] ?? '');
  await using cutOff = new EtcdClient({ endpoints: proxy.endpoint });
  const revisions: bigint[] = [];
  let cuts = 0;
  await using watch = cutOff.watch({ prefix: 'replay/' }, { startRevision });
  await watch.ready;
  proxy.cut();
  for await (const batch of watch) {
    for (const event of batch.events) revisions.push(event.kv.modRevision);
    if (cuts++ < 2) proxy.cut();
    if (revisions.length >= 3_000) break;
  }
  expect(revisions).toHaveLength(3_000);
  expect(new Set(revisions).size).toBe(3_000);
  expect(revisions).toEqual([...revisions].sort((a, b) => (a < b ? -1 : 1)));
});

it('history that was compacted is an error that names the oldest revision left', async () => {
  const startRevision = await fill('compacted/', 50);
  const { revision } = await client.get('compacted/k');
  await client.compact(revision);
  const next = client.watch({ prefix: 'compacted/' }, { startRevision })[Symbol.asyncIterator]().next();
  await expect(next).rejects.toMatchObject({ code: 'COMPACTED', compactRevision: revision });
});

it('a slow consumer loses nothing and holds no more than it was allowed', async () => {
  await using watch = client.watch({ prefix: 'slow/' }, { maxBuffered: 20 });
  await watch.ready;
  await fill('slow/', 500);
  let events = 0;
  for await (const batch of watch) {
    events += batch.events.length;
    if (events >= 501) break;
  }
  expect(events).toBe(501);
});

it('a slow consumer that asked for it is told by an error, after what was buffered', async () => {
  await using watch = client.watch({ prefix: 'fail/' }, { maxBuffered: 20, slowConsumer: 'fail' });
  await watch.ready;
  await fill('fail/', 100);
  const take = async () => {
    for await (const batch of watch) expect(batch.events.length).toBeGreaterThan(0);
  };
  await expect(take()).rejects.toMatchObject({ code: 'SLOW_CONSUMER' });
});

it('a watch outlives a restart of its server', async () => {
  await using watch = client.watch('restart/k');
  await watch.ready;
  await etcd.members[0]?.kill();
  await etcd.members[0]?.restart();
  await client.put('restart/k', 'after', { timeoutMs: 20_000 });
  for await (const batch of watch) {
    expect(batch.events[0]?.kv.value.toString()).toBe('after');
    break;
  }
});

it('ends by its signal, by close, and with the client', async () => {
  const abort = new AbortController();
  const aborted = client.watch('end', { signal: abort.signal })[Symbol.asyncIterator]().next();
  abort.abort();
  await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
  const watch = client.watch('end');
  const closed = watch[Symbol.asyncIterator]().next();
  watch.close();
  expect(await closed).toEqual({ done: true, value: undefined });
  const other = new EtcdClient({ endpoints: etcd.endpoints });
  const last = other.watch('end')[Symbol.asyncIterator]().next();
  await other.close();
  expect((await last).done).toBe(true);
});

it('a revision that etcd sends in fragments, and a history of large values, come whole', async () => {
  const value = Buffer.alloc(180 << 10, 'x');
  const write = (turn: number) =>
    client.txn({
      success: Array.from({ length: 7 }, (_, i) => op.put(`large/${i}`, Buffer.concat([value, Buffer.of(turn)]))),
    });
  const { revision } = await write(0);
  // With the values before, one revision is twice what one message of etcd may hold.
  await using live = client.watch({ prefix: 'large/' }, { prevKv: true });
  await live.ready;
  for (let turn = 1; turn <= 4; turn++) await write(turn);
  const turns = async (watch: AsyncIterable<WatchBatch>, first: number) => {
    for await (const { events } of watch) {
      for (let i = 0; i < events.length; i += 7) {
        const revisionEvents = events.slice(i, i + 7);
        expect(new Set(revisionEvents.map((event) => event.kv.modRevision)).size).toBe(1);
        expect(revisionEvents.map((event) => `${event.kv.key}`)).toEqual(
          Array.from({ length: 7 }, (_, j) => `large/${j}`),
        );
        expect(revisionEvents.map((event) => event.kv.value.at(-1))).toEqual(Array(7).fill(first));
        first++;
      }
      if (first > 4) break;
    }
  };
  await turns(live, 1);
  await turns(client.watch({ prefix: 'large/' }, { startRevision: revision, prevKv: true }), 0);
});

it('watches that are closed leave nothing behind on the server', async () => {
  const watchers = async () => {
    const metrics = await (await fetch(`http://${etcd.endpoints[0]}/metrics`)).text();
    return /^etcd_debugging_mvcc_watcher_total (\d+)$/m.exec(metrics)?.[1];
  };
  for (let round = 0; round < 3; round++) {
    const all = Array.from({ length: 300 }, (_, i) => client.watch(`left/${i}`));
    // Some are closed before the server has answered.
    for (const watch of all.splice(0, 100)) watch.close();
    await Promise.all(all.map((watch) => watch.ready));
    for (const watch of all) watch.close();
  }
  await eventually(async () => (await watchers()) === '0', 'no watcher is left');
  expect(client.stats().watches).toBe(0);
});
