import { afterAll, beforeAll, expect, it } from 'vitest';
import { compare, EtcdClient, EtcdError, op } from '../src/index.js';
import { LocalEtcd } from '../src/local-etcd/index.js';

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

it('requests of one moment share a revision, and each gets its own answer', async () => {
  const before = client.stats();
  const puts = await Promise.all(Array.from({ length: 50 }, (_, i) => client.put(`many/${i}`, `${i}`)));
  expect(new Set(puts.map((put) => put.revision)).size).toBeLessThan(50);
  expect(client.stats().coalesced - before.coalesced).toBe(50);
  const gets = await Promise.all(Array.from({ length: 50 }, (_, i) => client.get(`many/${i}`)));
  expect(gets.map((get) => get.kv?.value.toString())).toEqual(Array.from({ length: 50 }, (_, i) => `${i}`));
});

it('reads of one moment, transactions of ranges too, share a transaction that never enters the log of etcd', async () => {
  await Promise.all(['r/1', 'r/2', 'r/3'].map((key) => client.put(key, key)));
  const [before, coalesced] = [await client.status(), client.stats().coalesced];
  const [two, none, one] = await Promise.all([
    client.txn({ success: [op.get('r/1'), op.range({ prefix: 'r/' }, { limit: 2 })] }),
    client.get('r/none'),
    client.txn({ success: [op.get('r/3')] }),
  ]);
  expect(client.stats().coalesced - coalesced).toBe(3);
  expect((await client.status()).raftIndex).toBe(before.raftIndex);
  const keys = two.results.map((each) => (each.kind === 'range' ? each.kvs.map(({ key }) => `${key}`) : []));
  expect([two.succeeded, ...keys]).toEqual([true, ['r/1'], ['r/1', 'r/2']]);
  expect(none.kv).toBeUndefined();
  expect(one.results).toMatchObject([{ kind: 'range', count: 1n, revision: two.revision }]);
});

it('a compare of one request decides for that request alone', async () => {
  await client.put('own/taken', 'x');
  const claim = (key: string) => ({ compare: [compare.create(key, '=', 0n)], success: [op.put(key, 'mine')] });
  const answers = await Promise.all(['own/taken', 'own/a', 'own/b'].map((key) => client.txn(claim(key))));
  expect(answers.map((answer) => answer.succeeded)).toEqual([false, true, true]);
});

it('contenders for one key never share a transaction: exactly one creates it', async () => {
  const claim = { compare: [compare.create('one', '=', 0n)], success: [op.put('one', 'mine')] };
  const answers = await Promise.all(Array.from({ length: 20 }, () => client.txn(claim)));
  expect(answers.filter((answer) => answer.succeeded)).toHaveLength(1);
  const puts = await Promise.all(Array.from({ length: 20 }, (_, i) => client.put('one', `${i}`)));
  expect(new Set(puts.map((put) => put.revision)).size).toBe(20);
});

it('a range and a write inside it do not meet, so the range sees all of it or nothing', async () => {
  const [gone, listed] = await Promise.all([
    client.delete({ prefix: 'many/' }),
    client.range({ prefix: 'many/' }),
    client.put('many/new', 'x'),
  ]);
  expect([50n, 51n]).toContain(gone.deleted);
  expect([0n, 1n, 50n, 51n]).toContain(listed.count);
});

it('a refusal of one never fails its neighbours', async () => {
  const outcomes = await Promise.allSettled([
    client.put('near/1', '1'),
    client.txn({ success: [op.put('near/l', 'x', { lease: 1n })] }),
    client.put('near/missing', '', { ignoreValue: true }),
    client.txn({ success: [op.put('near/d', '1'), op.put('near/d', '2')] }),
    client.put('near/2', '2'),
  ]);
  const codes = outcomes.map((each) => (each.status === 'fulfilled' ? 'ok' : EtcdError.from(each.reason).code));
  expect(codes).toEqual(['ok', 'LEASE_NOT_FOUND', 'INVALID_ARGUMENT', 'DUPLICATE_KEY', 'ok']);
});

it('an abort of one never fails its neighbours', async () => {
  const abort = new AbortController();
  const aborted = client.put('abort/1', 'x', { signal: abort.signal });
  const kept = client.put('abort/2', 'x');
  abort.abort(new Error('enough'));
  await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', outcomeUnknown: false });
  expect((await kept).revision).toBeGreaterThan(0n);
  expect((await client.get('abort/1')).kv).toBeUndefined();
});

it('keys on leases keep create revisions of their own, because queues are ordered by them', async () => {
  const lease = await client.leaseGrant(60);
  const puts = await Promise.all(
    Array.from({ length: 10 }, (_, i) => client.put(`queue/${i}`, '', { lease: lease.id })),
  );
  expect(new Set(puts.map((put) => put.revision)).size).toBe(10);
  await client.leaseRevoke(lease.id);
});

it('a server that stands still leaves each outcome unknown, and none is written twice', async () => {
  const [member] = etcd.members;
  await client.put('still/1', '0');
  member?.pause();
  const outcomes = await Promise.allSettled([
    client.put('still/1', '1', { timeoutMs: 300 }),
    client.put('still/2', '2', { timeoutMs: 300 }),
    client.get('still/3', { timeoutMs: 300 }),
  ]);
  member?.resume();
  const errors = outcomes.map((each) => (each.status === 'rejected' ? EtcdError.from(each.reason) : undefined));
  expect(errors.map((error) => error?.outcomeUnknown)).toEqual([true, true, false]);
  const { kv } = await client.get('still/1', { timeoutMs: 20_000 });
  expect(kv?.version).toBeLessThanOrEqual(2n);
});

it('a server that allows fewer operations is found out, and then requests travel together within its limit', async () => {
  await using strict = await LocalEtcd.start({ args: ['--max-txn-ops', '16'] });
  await using other = new EtcdClient({ endpoints: strict.endpoints, coalesce: true });
  for (let round = 0; round < 4; round++) {
    await Promise.all(Array.from({ length: 100 }, (_, i) => other.put(`strict/${i}`, `${round}`)));
  }
  const before = other.stats();
  await Promise.all(Array.from({ length: 100 }, (_, i) => other.put(`strict/${i}`, 'last')));
  const after = other.stats();
  expect(after.coalesced - before.coalesced).toBe(100);
  expect(after.failures).toBe(before.failures);
  const { kvs } = await other.range({ prefix: 'strict/' });
  expect(kvs.map((kv) => [kv.version, `${kv.value}`])).toEqual(Array.from({ length: 100 }, () => [5n, 'last']));
});

it('a transaction that waits while the limit is found to be lower than it is long is sent all the same', async () => {
  await using strict = await LocalEtcd.start({ args: ['--max-txn-ops', '16'] });
  await using other = new EtcdClient({ endpoints: strict.endpoints, coalesce: true });
  const long = (from: number) => ({
    compare: [compare.version('long', '=', 0n)],
    success: Array.from({ length: 12 }, (_, i) => op.put(`long/${from}/${i}`, 'x')),
  });
  for (let round = 0; round < 5; round++) {
    const puts = Array.from({ length: 150 }, (_, i) => other.put(`short/${i}`, `${round}`));
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => other.txn(long(i))));
    expect(answers.every(({ succeeded }) => succeeded)).toBe(true);
    await Promise.all(puts);
  }
});

it('transactions with conditions travel together up to the limit of etcd, each nested as deep as it is', async () => {
  const claim = (i: number) => ({
    compare: [compare.create(`deep/${i}/a`, '=', 0n), compare.create(`deep/${i}/b`, '=', 0n)],
    success: [
      op.put(`deep/${i}/a`, 'x'),
      op.put(`deep/${i}/b`, 'x'),
      op.txn({ success: [op.put(`deep/${i}/c`, 'x')] }),
    ],
  });
  const before = client.stats();
  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => client.txn(claim(i))));
  expect(answers.every((answer) => answer.succeeded && answer.results.length === 3)).toBe(true);
  const after = client.stats();
  expect(after.coalesced - before.coalesced).toBe(200);
  expect(after.calls - before.calls).toBe(2);
  expect(after.failures).toBe(before.failures);
  expect((await client.range({ prefix: 'deep/' }, { countOnly: true })).count).toBe(600n);
});
