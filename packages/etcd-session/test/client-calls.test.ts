import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compare, EtcdClient, EtcdError, op } from '../src/index.js';
import { LocalEtcd } from '../src/local-etcd/index.js';

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

async function failure(call: Promise<unknown>): Promise<EtcdError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EtcdError);
  return EtcdError.from(error);
}

describe('keys and values', () => {
  it('are written and read as text or as bytes, with 64-bit revisions', async () => {
    const bytes = Buffer.from([0, 255, 1, 254]);
    const put = await client.put('kv/text', 'grüße');
    expect(put.revision).toBeTypeOf('bigint');
    const { kv, revision } = await client.get('kv/text');
    expect(kv?.value.toString()).toBe('grüße');
    expect(kv).toMatchObject({ createRevision: put.revision, modRevision: put.revision, version: 1n, lease: 0n });
    expect(revision).toBe(put.revision);
    await client.put(bytes, bytes);
    expect((await client.get(bytes)).kv?.value).toEqual(bytes);
    expect((await client.get('kv/missing')).kv).toBeUndefined();
  });

  it('put tells the pair it replaced, and keeps value or lease where asked', async () => {
    const lease = await client.leaseGrant(60);
    await client.put('kv/keep', 'a', { lease: lease.id });
    const again = await client.put('kv/keep', 'b', { ignoreLease: true, prevKv: true });
    expect(again.prevKv?.value.toString()).toBe('a');
    await client.put('kv/keep', '', { ignoreValue: true });
    const { kv } = await client.get('kv/keep');
    expect(kv).toMatchObject({ value: Buffer.from('b'), lease: 0n, version: 3n });
    await client.leaseRevoke(lease.id);
  });

  it('ranges take prefix, interval, limit, order, filters by revision, and past revisions', async () => {
    const revisions: bigint[] = [];
    for (const name of ['a', 'b', 'c', 'd']) revisions.push((await client.put(`range/${name}`, name)).revision);
    const all = await client.range({ prefix: 'range/' }, { sortBy: 'create', order: 'descend', limit: 3 });
    expect(all.kvs.map((kv) => kv.value.toString())).toEqual(['d', 'c', 'b']);
    expect(all).toMatchObject({ more: true, count: 4n });
    const part = await client.range({ key: 'range/b', end: 'range/d' });
    expect(part.kvs.map((kv) => kv.value.toString())).toEqual(['b', 'c']);
    const [first, second] = revisions;
    const past = await client.range({ prefix: 'range/' }, { revision: second ?? 0n });
    expect(past.count).toBe(2n);
    const old = await client.range({ prefix: 'range/' }, { maxCreateRevision: first ?? 0n });
    expect(old.kvs.map((kv) => kv.value.toString())).toEqual(['a']);
    expect((await client.range({ prefix: 'range/' }, { countOnly: true })).kvs).toEqual([]);
    expect((await client.range({ prefix: 'range/' }, { keysOnly: true })).kvs[0]?.value).toEqual(Buffer.alloc(0));
  });

  it('a prefix of 0xff bytes, and the empty prefix, mean what they say', async () => {
    await client.put(Buffer.from([255, 255, 7]), 'high');
    const high = await client.range({ prefix: Buffer.from([255, 255]) });
    expect(high.kvs.map((kv) => kv.value.toString())).toEqual(['high']);
    const all = await client.range({ prefix: '' }, { countOnly: true });
    expect(all.count).toBeGreaterThan(5n);
  });

  it('delete tells how many keys went, and which', async () => {
    await client.put('del/1', 'x');
    await client.put('del/2', 'y');
    const gone = await client.delete({ prefix: 'del/' }, { prevKv: true });
    expect(gone.deleted).toBe(2n);
    expect(gone.prevKvs.map((kv) => kv.value.toString())).toEqual(['x', 'y']);
    expect((await client.delete('del/1')).deleted).toBe(0n);
  });
});

describe('transactions', () => {
  it('a compare on each target refuses what does not hold', async () => {
    const lease = await client.leaseGrant(60);
    const { revision } = await client.put('txn/c', 'v', { lease: lease.id });
    const holds = [
      compare.create('txn/c', '=', revision),
      compare.mod('txn/c', '=', revision),
      compare.version('txn/c', '=', 1n),
      compare.value('txn/c', '=', 'v'),
      compare.lease('txn/c', '=', lease.id),
    ];
    expect((await client.txn({ compare: holds })).succeeded).toBe(true);
    const broken = [
      compare.create('txn/c', '=', revision - 1n),
      compare.mod('txn/c', '<', revision),
      compare.version('txn/c', '>', 1n),
      compare.value('txn/c', '!=', 'v'),
      compare.lease('txn/c', '=', lease.id + 1n),
    ];
    for (const each of broken) expect((await client.txn({ compare: [each] })).succeeded).toBe(false);
    await client.leaseRevoke(lease.id);
  });

  it('a compare on a range holds when it holds for each key, and always for none', async () => {
    await client.put('txn/r/1', 'x');
    await client.put('txn/r/2', 'x');
    const same = { compare: [compare.version({ prefix: 'txn/r/' }, '=', 1n)] };
    expect((await client.txn(same)).succeeded).toBe(true);
    await client.put('txn/r/2', 'x');
    expect((await client.txn(same)).succeeded).toBe(false);
    const none = { compare: [compare.create({ prefix: 'txn/none/' }, '=', 0n)] };
    expect((await client.txn(none)).succeeded).toBe(true);
  });

  it('transactions nest, and every answer carries the revision', async () => {
    const result = await client.txn({
      compare: [compare.create('txn/n', '=', 0n)],
      success: [
        op.put('txn/n', '1'),
        op.txn({
          // etcd judges all compares, nested ones too, before it runs the first operation.
          compare: [compare.create('txn/n', '=', 0n)],
          success: [op.put('txn/n2', '2'), op.range({ prefix: 'txn/n' })],
          failure: [op.delete('txn/n3')],
        }),
      ],
    });
    const [put, inner] = result.results;
    expect(put).toMatchObject({ kind: 'put', revision: result.revision });
    expect(inner).toMatchObject({ kind: 'txn', succeeded: true, revision: result.revision });
    if (inner?.kind !== 'txn') throw new Error('no nested answer');
    const [, range] = inner.results;
    expect(range?.kind === 'range' && range.kvs.map((kv) => kv.value.toString())).toEqual(['1', '2']);
  });

  it('refusals name the rule', async () => {
    const twice = await failure(client.txn({ success: [op.put('txn/d', '1'), op.put('txn/d', '2')] }));
    expect(twice).toMatchObject({ code: 'DUPLICATE_KEY', retryable: false, outcomeUnknown: false });
    const many = Array.from({ length: 129 }, (_, i) => op.put(`txn/m/${i}`, ''));
    expect((await failure(client.txn({ success: many }))).code).toBe('TOO_MANY_OPS');
    expect((await failure(client.put('txn/big', Buffer.alloc(3 << 20)))).code).toBe('TOO_LARGE');
    expect((await failure(client.put('', 'x'))).code).toBe('INVALID_ARGUMENT');
    expect((await failure(client.get('x', { revision: 1n << 60n }))).code).toBe('FUTURE_REVISION');
    expect((await failure(client.get('x', { revision: 1n << 64n }))).code).toBe('INVALID_ARGUMENT');
  });
});

describe('leases', () => {
  it('are granted, renewed, looked at, listed and revoked', async () => {
    const lease = await client.leaseGrant(60, { id: 0x7000_0000_0000_0001n });
    expect(lease).toEqual({ id: 0x7000_0000_0000_0001n, ttlSeconds: 60 });
    await client.put('lease/k', 'v', { lease: lease.id });
    expect(await client.leaseKeepAliveOnce(lease.id)).toEqual(lease);
    const left = await client.leaseTimeToLive(lease.id, { keys: true });
    expect(left.grantedTtlSeconds).toBe(60);
    expect(left.keys.map(String)).toEqual(['lease/k']);
    expect(await client.leases()).toContain(lease.id);
    expect((await failure(client.leaseGrant(60, { id: lease.id }))).code).toBe('LEASE_EXISTS');
    await client.leaseRevoke(lease.id);
    expect((await client.get('lease/k')).kv).toBeUndefined();
    expect((await client.leaseTimeToLive(lease.id)).ttlSeconds).toBe(-1);
    expect((await failure(client.leaseRevoke(lease.id))).code).toBe('LEASE_NOT_FOUND');
    expect((await failure(client.leaseKeepAliveOnce(lease.id))).code).toBe('LEASE_NOT_FOUND');
    expect((await failure(client.put('lease/k', 'v', { lease: lease.id }))).code).toBe('LEASE_NOT_FOUND');
  });
});

describe('the cluster', () => {
  it('tells its members and the state of one', async () => {
    const [member] = await client.memberList();
    const status = await client.status();
    expect(member).toMatchObject({
      id: status.memberId,
      clientUrls: [`http://${etcd.endpoints[0]}`],
      isLearner: false,
    });
    expect(status.version).toMatch(/^3\./);
    expect(status.leader).toBe(status.memberId);
  });

  it('forgets history on demand, and says so when it is asked for', async () => {
    const { revision } = await client.put('compact', '1');
    await client.put('compact', '2');
    await client.compact(revision + 1n, { physical: true });
    expect((await failure(client.get('compact', { revision }))).code).toBe('COMPACTED');
  });
});

describe('a closed client', () => {
  it('refuses calls, and closes twice without harm', async () => {
    const other = new EtcdClient({ endpoints: etcd.endpoints });
    const last = other.put('closing', 'x');
    await other.close();
    await last;
    await other.close();
    expect((await failure(other.get('closing'))).code).toBe('CLOSED');
  });
});

describe('one signal for many calls', () => {
  it.each([false, true])('is not taken for a leak (coalescing: %s)', async (coalesce) => {
    const warnings: Error[] = [];
    const warned = (warning: Error) => warnings.push(warning);
    process.on('warning', warned);
    try {
      await using shared = new EtcdClient({ endpoints: etcd.endpoints, coalesce });
      const stop = new AbortController();
      const { signal } = stop;
      await Promise.all(Array.from({ length: 30 }, (_, at) => shared.put(`signal/${at}`, '', { signal })));
      const watches = Array.from({ length: 30 }, () => shared.watch('signal/0', { signal }));
      stop.abort();
      for (const watch of watches)
        await watch[Symbol.asyncIterator]()
          .next()
          .catch(() => undefined);
      // Warnings come with the next tick.
      await new Promise((resolve) => setImmediate(resolve));
      expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([]);
    } finally {
      process.off('warning', warned);
    }
  });
});
