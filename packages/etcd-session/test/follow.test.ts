import { expect, it } from 'vitest';
import { EtcdClient } from '../src/index.js';
import { LocalEtcd } from '../src/local-etcd/index.js';
import { TcpProxy } from './tcp-proxy.js';

it('delivers the state, its changes, and after a compaction that overtook it the differences', async () => {
  await using etcd = await LocalEtcd.start();
  await using writer = new EtcdClient({ endpoints: etcd.endpoints });
  await using proxy = await TcpProxy.to(etcd.endpoints[0] ?? '');
  await using reader = new EtcdClient({ endpoints: proxy.endpoint });
  await writer.put('f/a', '1');
  const follow = reader.follow({ prefix: 'f/' });
  const batches = follow[Symbol.asyncIterator]();
  expect((await batches.next()).value).toMatchObject({ listed: true, changes: [{ previous: undefined }] });
  const change = batches.next();
  await writer.put('f/a', '2');
  expect((await change).value).toMatchObject({ listed: false });
  expect(follow.get('f/a')?.value.toString()).toBe('2');
  const after = batches.next();
  proxy.hold();
  await writer.delete('f/a');
  await writer.put('f/b', '3');
  const { revision } = await writer.put('f/c', '4');
  await writer.compact(revision);
  proxy.cut();
  proxy.release();
  let { value } = await after;
  // What the server had handed to the network before the cut may still have arrived.
  while (follow.revision < revision) value = (await batches.next()).value;
  expect(value?.revision).toBeGreaterThanOrEqual(revision);
  expect(follow.entries().map((kv) => `${kv.key}=${kv.value}`)).toEqual(['f/b=3', 'f/c=4']);
  await batches.return(undefined);
});
