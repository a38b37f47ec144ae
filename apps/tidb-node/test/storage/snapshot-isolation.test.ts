import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EtcdStorage } from '../../src/storage/etcd-storage.js';
import { bytes, openStorage, texts } from './open-storage.js';

let etcd: LocalEtcd;
let one: EtcdStorage;
let two: EtcdStorage;

beforeAll(async () => {
  etcd = await LocalEtcd.start();
  one = await openStorage(etcd.endpoints);
  two = await openStorage(etcd.endpoints);
});

afterAll(async () => {
  await one?.close();
  await two?.close();
  await etcd?.close();
});

async function put(storage: EtcdStorage, pairs: Record<string, string>): Promise<bigint> {
  const transaction = await storage.begin();
  for (const [key, value] of Object.entries(pairs)) transaction.set(bytes(key), bytes(value));
  return transaction.commit();
}

test('a committed write is seen by every later transaction of any process, and by none that began before', async () => {
  const early = await two.begin();
  const commitTs = await put(one, { 'a/1': 'x' });
  expect(commitTs).toBeGreaterThan(early.startTs);
  expect(await early.get(bytes('a/1'))).toBeUndefined();
  const late = await two.begin();
  expect(late.startTs).toBeGreaterThan(commitTs);
  expect((await late.get(bytes('a/1')))?.toString()).toBe('x');
  expect((await two.latest().get(bytes('a/1')))?.toString()).toBe('x');
  expect(await two.snapshot(commitTs - 1n).get(bytes('a/1'))).toBeUndefined();
});

test('own writes are seen over the snapshot, by gets and by scans in both directions', async () => {
  await put(one, { 'b/1': '1', 'b/2': '2', 'b/3': '3', 'b/5': '5' });
  const transaction = await one.begin();
  transaction.set(bytes('b/2'), bytes('two'));
  transaction.delete(bytes('b/3'));
  transaction.set(bytes('b/4'), bytes('4'));
  transaction.set(bytes('b/6'), bytes('6'));
  const range = { start: bytes('b/'), end: bytes('b0') };
  const all = ['b/1=1', 'b/2=two', 'b/4=4', 'b/5=5', 'b/6=6'];
  expect(await texts(transaction.scan(range))).toEqual(all);
  expect(await texts(transaction.scan(range, { reverse: true }))).toEqual(all.toReversed());
  expect(await texts(transaction.scan(range, { limit: 3 }))).toEqual(all.slice(0, 3));
  expect(await texts(transaction.scan(range, { limit: 2, reverse: true }))).toEqual(['b/6=6', 'b/5=5']);
  expect((await transaction.batchGet(['b/2', 'b/3', 'b/1'].map(bytes))).map((value) => value?.toString())).toEqual([
    'two',
    undefined,
    '1',
  ]);
  await transaction.rollback();
  expect(await texts(one.latest().scan(range))).toEqual(['b/1=1', 'b/2=2', 'b/3=3', 'b/5=5']);
});

test('a lost update is refused with 9007', async () => {
  await put(one, { 'c/sum': '1' });
  const first = await one.begin();
  const second = await two.begin();
  for (const transaction of [first, second]) {
    const value = Number(await transaction.get(bytes('c/sum')));
    transaction.set(bytes('c/sum'), bytes(String(value + 1)));
  }
  await first.commit();
  await expect(second.commit()).rejects.toMatchObject({ code: 'WRITE_CONFLICT', errno: 9007, retryable: true });
  expect((await one.latest().get(bytes('c/sum')))?.toString()).toBe('2');
});

test('write skew is allowed, as snapshot isolation does, unless the read keys were locked for update', async () => {
  for (const [lock, both] of [
    [false, true],
    [true, false],
  ] as const) {
    await put(one, { 'd/1': 'on', 'd/2': 'on' });
    const first = await one.begin();
    const second = await two.begin();
    await first.get(bytes('d/2'));
    await second.get(bytes('d/1'));
    if (lock) {
      first.lockKeys([bytes('d/2')]);
      second.lockKeys([bytes('d/1')]);
    }
    first.set(bytes('d/1'), bytes('off'));
    second.set(bytes('d/2'), bytes('off'));
    await first.commit();
    const outcome = await second.commit().then(
      () => true,
      () => false,
    );
    expect(outcome).toBe(both);
  }
});

test('a version that only locked a key hides nothing from readers', async () => {
  await put(one, { 'e/1': 'kept' });
  const locking = await one.begin();
  locking.lockKeys([bytes('e/1')]);
  locking.set(bytes('e/2'), bytes('new'));
  await locking.commit();
  expect((await two.latest().get(bytes('e/1')))?.toString()).toBe('kept');
  expect(await texts(two.latest().scan({ start: bytes('e/'), end: bytes('e0') }))).toEqual(['e/1=kept', 'e/2=new']);
});

test('an insert fails when the key exists, and goes over one that was deleted', async () => {
  await put(one, { 'f/1': 'there' });
  const duplicate = await one.begin();
  duplicate.insert(bytes('f/1'), bytes('again'));
  duplicate.set(bytes('f/2'), bytes('with it'));
  await expect(duplicate.commit()).rejects.toMatchObject({ code: 'KEY_EXISTS', key: bytes('f/1') });
  expect(await one.latest().get(bytes('f/2'))).toBeUndefined();

  const remove = await one.begin();
  remove.delete(bytes('f/1'));
  await remove.commit();
  const again = await one.begin();
  again.insert(bytes('f/1'), bytes('again'));
  await again.commit();
  expect((await one.latest().get(bytes('f/1')))?.toString()).toBe('again');

  const insertAndDelete = await one.begin();
  insertAndDelete.insert(bytes('f/1'), bytes('x'));
  insertAndDelete.delete(bytes('f/1'));
  await expect(insertAndDelete.commit()).rejects.toMatchObject({ code: 'KEY_EXISTS' });
});

test('a savepoint takes back writes, deletes and locks made after it', async () => {
  const transaction = await one.begin();
  transaction.set(bytes('g/1'), bytes('1'));
  const savepoint = transaction.savepoint();
  transaction.set(bytes('g/1'), bytes('changed'));
  transaction.set(bytes('g/2'), bytes('2'));
  transaction.rollbackTo(savepoint);
  expect(transaction.size).toBe(1);
  expect(transaction.bytes).toBe(4);
  await transaction.commit();
  expect(await texts(one.latest().scan({ start: bytes('g/'), end: bytes('g0') }))).toEqual(['g/1=1']);
  await expect(transaction.get(bytes('g/1'))).rejects.toMatchObject({ code: 'INVALID' });
});

test('a transaction of 10,000 keys commits whole, and its scan gives them in order', async () => {
  const transaction = await one.begin();
  for (let i = 0; i < 10_000; i++) transaction.set(bytes(`h/${String(i).padStart(6, '0')}`), bytes(`v${i}`));
  const commitTs = await transaction.commit();
  let count = 0;
  // Read by another process at once: locks that are still there are settled by the reader.
  for await (const { key } of two.latest().scan({ start: bytes('h/'), end: bytes('h0') })) {
    expect(key.toString()).toBe(`h/${String(count).padStart(6, '0')}`);
    count += 1;
  }
  expect(count).toBe(10_000);
  expect(await texts(two.snapshot(commitTs - 1n).scan({ start: bytes('h/'), end: bytes('h0') }))).toEqual([]);
});

test('many versions of one key do not stop a scan', async () => {
  for (let i = 0; i < 40; i++) await put(one, { 'i/1': String(i), 'i/2': String(i) });
  const range = { start: bytes('i/'), end: bytes('i0') };
  expect(await texts(one.latest().scan(range, { limit: 2 }))).toEqual(['i/1=39', 'i/2=39']);
  expect(await texts(one.latest().scan(range, { limit: 2, reverse: true }))).toEqual(['i/2=39', 'i/1=39']);
});

test('concurrent transfers keep the sum in every snapshot', async () => {
  const accounts = Array.from({ length: 6 }, (_, i) => bytes(`j/${i}`));
  await put(one, Object.fromEntries(accounts.map((key) => [key.toString(), '100'])));
  let conflicts = 0;
  const transfer = async (storage: EtcdStorage, seed: number): Promise<void> => {
    for (let i = 0; i < 25; i++) {
      const from = accounts[(seed + i) % accounts.length] ?? bytes('');
      const to = accounts[(seed * 3 + i * 5 + 1) % accounts.length] ?? bytes('');
      if (from.equals(to)) continue;
      const transaction = await storage.begin();
      try {
        const [a, b] = await transaction.batchGet([from, to]);
        transaction.set(from, bytes(String(Number(a) - 1)));
        transaction.set(to, bytes(String(Number(b) + 1)));
        await transaction.commit();
      } catch (error) {
        expect(error).toMatchObject({ code: 'WRITE_CONFLICT' });
        conflicts += 1;
      }
    }
  };
  let done = false;
  const transfers = Promise.all([transfer(one, 1), transfer(two, 2), transfer(one, 3), transfer(two, 4)]).finally(
    () => {
      done = true;
    },
  );
  let looks = 0;
  while (!done) {
    const reader = await (looks % 2 === 0 ? one : two).begin();
    let sum = 0;
    for await (const { value } of reader.scan({ start: bytes('j/'), end: bytes('j0') })) sum += Number(value);
    expect(sum).toBe(600);
    await reader.rollback();
    looks += 1;
  }
  await transfers;
  expect(looks).toBeGreaterThan(3);
  expect(conflicts).toBeLessThan(100);
});

test('commits that travel together have timestamps of their own, between the starts before and after them', async () => {
  const seen = new Set<bigint>();
  const once = (ts: bigint): void => {
    expect(seen.has(ts)).toBe(false);
    seen.add(ts);
  };
  for (let round = 0; round < 5; round++) {
    // More than one revision of etcd has timestamps for.
    const storages = Array.from({ length: 150 }, (_, i) => (i % 3 === 0 ? two : one));
    const transactions = await Promise.all(storages.map((storage) => storage.begin()));
    const commits = await Promise.all(
      transactions.map((transaction, i) => {
        transaction.set(bytes(`k/${i}`), bytes(`${round}`));
        return transaction.commit();
      }),
    );
    const after = [await one.begin(), await two.begin()];
    for (const { startTs } of transactions) {
      once(startTs);
      for (const commitTs of commits) expect(commitTs).toBeGreaterThan(startTs);
    }
    for (const commitTs of commits) {
      once(commitTs);
      for (const { startTs } of after) expect(commitTs).toBeLessThan(startTs);
    }
    for (const { startTs } of after) once(startTs);
    await Promise.all(after.map((transaction) => transaction.rollback()));
  }
});
