import { expect, it } from 'vitest';
import { EtcdClient, type FollowChange } from '../src/index.js';
import { LocalEtcd } from '../src/local-etcd/index.js';
import { eventually } from './eventually.js';
import { TcpProxy } from './tcp-proxy.js';

function told({ key, previous, kv }: FollowChange): string {
  return `${key}: ${previous?.value ?? 'none'} → ${kv?.value ?? 'none'}`;
}

it('a compaction that overtook the watch brings a fresh listing with the differences, and then changes again', async () => {
  await using etcd = await LocalEtcd.start();
  await using writer = new EtcdClient({ endpoints: etcd.endpoints, timeoutMs: 30_000 });
  await using proxy = await TcpProxy.to(etcd.endpoints[0] ?? '');
  await using reader = new EtcdClient({ endpoints: proxy.endpoint, timeoutMs: 30_000 });
  for (const name of ['changed', 'gone', 'same']) await writer.put(`f/${name}`, 'old');
  const follow = reader.follow({ prefix: 'f/' });
  const batches = follow[Symbol.asyncIterator]();
  expect((await batches.next()).value).toMatchObject({ listed: true, changes: [{}, {}, {}] });

  const next = batches.next();
  await eventually(() => reader.stats().watches === 1, 'the watch was asked for');
  proxy.hold();
  proxy.cut();
  await eventually(() => reader.stats().watchReconnects >= 1, 'the cut was noticed');
  await writer.put('f/changed', 'between');
  await writer.put('f/changed', 'new');
  await writer.delete('f/gone');
  await writer.put('f/fresh', 'new');
  await writer.put('f/short', 'lived');
  const { revision } = await writer.delete('f/short');
  await writer.compact(revision);
  proxy.release();

  const { value: listing } = await next;
  expect(listing).toMatchObject({ listed: true, revision });
  expect(listing?.changes.map(told).sort()).toEqual([
    'f/changed: old → new',
    'f/fresh: none → new',
    'f/gone: old → none',
  ]);
  expect(follow.revision).toBe(revision);
  expect(follow.entries().map((kv) => `${kv.key}`)).toEqual(expect.arrayContaining(['f/same', 'f/changed', 'f/fresh']));

  const after = batches.next();
  const last = await writer.put('f/same', 'new');
  expect((await after).value).toMatchObject({ listed: false, revision: last.revision });
  expect(follow.get('f/same')?.value.toString()).toBe('new');
  await batches.return(undefined);
});
