import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compare, EtcdClient, EtcdError, op, type WatchEvent } from '../src/index.js';
import { LocalEtcd } from '../src/local-etcd/index.js';
import { eventually } from './eventually.js';
import { TcpProxy } from './tcp-proxy.js';

/** Each test is a fault under which etcd3's own calls and watches lose, repeat or hang; here they must not. */

let etcd: LocalEtcd;
/** Straight to etcd, past the proxies: what it sees is the truth. */
let witness: EtcdClient;

beforeAll(async () => {
  etcd = await LocalEtcd.start();
  witness = new EtcdClient({ endpoints: etcd.endpoints, timeoutMs: 30_000 });
});
afterAll(async () => {
  await witness?.close();
  await etcd?.close();
});

function proxied(): Promise<TcpProxy> {
  return TcpProxy.to(etcd.endpoints[0] ?? '');
}

async function failure(call: Promise<unknown>): Promise<EtcdError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EtcdError);
  return EtcdError.from(error);
}

/** Takes events until the value `end` comes, and tells their values. */
async function valuesUntilEnd(watch: AsyncIterable<{ readonly events: readonly WatchEvent[] }>): Promise<string[]> {
  const values: string[] = [];
  for await (const { events } of watch) {
    for (const { kv } of events) values.push(kv.value.toString());
    if (values.at(-1) === 'end') break;
  }
  return values;
}

async function write(key: string, from: number, to: number): Promise<string[]> {
  const values = Array.from({ length: to - from }, (_, i) => `${from + i}`);
  for (const value of values) await witness.put(key, value);
  return values;
}

describe('a watch', () => {
  it('has every event once when its connection is cut again and again under load', async () => {
    await using proxy = await proxied();
    await using client = new EtcdClient({ endpoints: proxy.endpoint });
    await using watch = client.watch('cuts');
    await watch.ready;
    const got = valuesUntilEnd(watch);
    const wrote: string[] = [];
    for (let cut = 1; cut <= 8; cut++) {
      wrote.push(...(await write('cuts', cut * 100, cut * 100 + 40)));
      proxy.cut();
      wrote.push(...(await write('cuts', cut * 100 + 40, cut * 100 + 80)));
      await eventually(() => client.stats().watchReconnects >= cut, 'the cut was noticed');
    }
    await witness.put('cuts', 'end');
    expect(await got).toEqual([...wrote, 'end']);
  });

  it('has what was written while it was away, when the next connection is cut as soon as it stands', async () => {
    await using proxy = await proxied();
    await using client = new EtcdClient({ endpoints: proxy.endpoint });
    await using watch = client.watch('flap');
    await watch.ready;
    const got = valuesUntilEnd(watch);
    const wrote = await write('flap', 0, 10);
    proxy.hold();
    proxy.cut();
    await eventually(() => client.stats().watchReconnects >= 1, 'the cut was noticed');
    wrote.push(...(await write('flap', 10, 310)));
    proxy.release();
    const before = client.stats().watchReconnects;
    await eventually(() => {
      proxy.cut();
      return client.stats().watchReconnects > before + 1;
    }, 'cut again');
    await witness.put('flap', 'end');
    expect(await got).toEqual([...wrote, 'end']);
  });

  it('that compaction overtook fails where it is iterated, even when nobody was listening at the time', async () => {
    await using proxy = await proxied();
    await using client = new EtcdClient({ endpoints: proxy.endpoint });
    const watch = client.watch('unheard');
    await watch.ready;
    proxy.hold();
    proxy.cut();
    await eventually(() => client.stats().watchReconnects >= 1, 'the cut was noticed');
    await write('unheard', 0, 10);
    const { revision } = await witness.put('unheard', 'end');
    await witness.compact(revision);
    proxy.release();
    await eventually(() => client.stats().watches === 0, 'the watch ended');
    const error = await failure(valuesUntilEnd(watch));
    expect(error).toMatchObject({ code: 'COMPACTED', compactRevision: revision });
  });

  it('has what was written by others as soon as a server that was long away is back', async () => {
    const [member] = etcd.members;
    await using client = new EtcdClient({ endpoints: etcd.endpoints });
    await using watch = client.watch('away');
    await watch.ready;
    const got = valuesUntilEnd(watch);
    await member?.kill();
    await eventually(() => client.stats().watchReconnects >= 6, 'several attempts in vain');
    await member?.restart();
    const wrote = await write('away', 0, 25);
    await witness.put('away', 'end');
    expect(await got).toEqual([...wrote, 'end']);
  });

  it('notices with default options that its network swallows everything, and goes on afterwards', async () => {
    await using proxy = await proxied();
    await using client = new EtcdClient({ endpoints: proxy.endpoint });
    await using watch = client.watch('swallow');
    await watch.ready;
    const got = valuesUntilEnd(watch);
    proxy.hold();
    const put = failure(client.put('swallow/put', 'x', { timeoutMs: 1_000 }));
    expect(await put).toMatchObject({ code: 'DEADLINE', outcomeUnknown: true });
    await eventually(() => client.stats().watchReconnects >= 1, 'the silence was noticed');
    const wrote = await write('swallow', 0, 20);
    // The old connection stays dead: only a new one can bring the events.
    proxy.cut();
    proxy.release();
    await witness.put('swallow', 'end');
    expect(await got).toEqual([...wrote, 'end']);
  });
});

describe('a change whose reply is lost', () => {
  it('is applied once and reported as unknown: a put', async () => {
    await using proxy = await proxied();
    await using client = new EtcdClient({ endpoints: proxy.endpoint, timeoutMs: 30_000 });
    await client.put('lost/put', 'before');
    proxy.dropReplies();
    const put = failure(client.put('lost/put', 'after'));
    await eventually(async () => (await witness.get('lost/put')).kv?.version === 2n, 'etcd applied it');
    proxy.cut();
    expect(await put).toMatchObject({ code: 'UNAVAILABLE', outcomeUnknown: true, retryable: true });
    proxy.release();
    const { kv } = await client.get('lost/put');
    expect(kv).toMatchObject({ version: 2n, value: Buffer.from('after') });
    expect(client.stats()).toMatchObject({ failures: 1 });
  });

  it('is applied once and reported as unknown, and reading back tells who won: a claim', async () => {
    await using proxy = await proxied();
    await using client = new EtcdClient({ endpoints: proxy.endpoint, timeoutMs: 30_000 });
    await client.get('lost/claim');
    proxy.dropReplies();
    const claim = failure(
      client.txn({ compare: [compare.create('lost/claim', '=', 0n)], success: [op.put('lost/claim', 'mine')] }),
    );
    await eventually(async () => (await witness.get('lost/claim')).kv !== undefined, 'etcd applied it');
    proxy.cut();
    expect(await claim).toMatchObject({ code: 'UNAVAILABLE', outcomeUnknown: true });
    proxy.release();
    const { kv } = await client.get('lost/claim');
    expect(kv).toMatchObject({ version: 1n, value: Buffer.from('mine') });
  });

  it('is not asked for again when it waited with others in one transaction', async () => {
    await using proxy = await proxied();
    await using client = new EtcdClient({ endpoints: proxy.endpoint, timeoutMs: 30_000, coalesce: true });
    await client.get('lost/many');
    proxy.dropReplies();
    const puts = Array.from({ length: 20 }, (_, i) => failure(client.put(`lost/many/${i}`, 'x')));
    const count = async () => (await witness.range({ prefix: 'lost/many/' }, { countOnly: true })).count;
    await eventually(async () => (await count()) === 20n, 'etcd applied them');
    proxy.cut();
    for (const error of await Promise.all(puts)) expect(error).toMatchObject({ outcomeUnknown: true });
    proxy.release();
    await client.get('lost/many');
    const { kvs } = await witness.range({ prefix: 'lost/many/' });
    expect(kvs.map((kv) => kv.version)).toEqual(Array.from({ length: 20 }, () => 1n));
  });
});

it('a read whose reply is lost is repeated in silence', async () => {
  await using proxy = await proxied();
  await using client = new EtcdClient({ endpoints: proxy.endpoint, timeoutMs: 30_000 });
  await client.put('lost/read', 'x');
  proxy.dropReplies();
  const read = client.get('lost/read');
  await eventually(() => proxy.dropped > 0, 'a reply was lost');
  proxy.cut();
  proxy.release();
  expect((await read).kv?.value.toString()).toBe('x');
  expect(client.stats().retries).toBeGreaterThan(0);
});

describe('while etcd is down', () => {
  it('calls wait for it as long as their deadline lets them, and nothing keeps them out afterwards', async () => {
    const [member] = etcd.members;
    await using client = new EtcdClient({ endpoints: etcd.endpoints, timeoutMs: 30_000 });
    await client.put('down/old', 'x');
    await member?.kill();
    const refused = await failure(client.get('down/old', { timeoutMs: 1_000 }));
    expect(['UNAVAILABLE', 'DEADLINE']).toContain(refused.code);
    expect(refused).toMatchObject({ retryable: true, outcomeUnknown: false });
    const never = await failure(client.put('down/never', 'x', { timeoutMs: 300 }));
    expect(never).toMatchObject({ retryable: true, outcomeUnknown: false });
    const waiting = [client.put('down/new', 'y'), client.get('down/old')];
    await member?.restart();
    await Promise.all(waiting);
    await Promise.all(Array.from({ length: 50 }, (_, i) => client.put(`down/after/${i}`, 'z')));
    expect((await witness.get('down/new')).kv?.version).toBe(1n);
    expect((await witness.get('down/never')).kv).toBeUndefined();
  });
});
