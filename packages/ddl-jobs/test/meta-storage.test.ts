import { compare, EtcdClient } from '@tidb-js/etcd-session';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSchema, EtcdMetaStorage, JobState, MemoryMetaStorage, type MetaStorage } from '../src/index.js';
import { hashKey, hashRange, metaRange, stringKey } from '../src/meta/structure.js';
import { alone, Fleet, until } from './fleet.js';

let etcd: LocalEtcd;
let client: EtcdClient;
beforeAll(async () => {
  etcd = await LocalEtcd.start();
  client = new EtcdClient({ endpoints: etcd.endpoints });
});
afterAll(async () => {
  await client.close();
  await etcd.close();
});

const bytes = (text: string) => Buffer.from(text);
const textOf = (value: Uint8Array | undefined) => (value === undefined ? undefined : Buffer.from(value).toString());
let prefixes = 0;
const onEtcd = () => new EtcdMetaStorage({ client, prefix: `/storage-${prefixes++}/` });

describe.each([
  { kind: 'in etcd', make: (): MetaStorage => onEtcd() },
  { kind: 'in memory', make: (): MetaStorage => new MemoryMetaStorage() },
])('metadata $kind', ({ make }) => {
  async function put(storage: MetaStorage, key: Buffer, value: string | undefined): Promise<void> {
    const transaction = await storage.begin();
    if (value === undefined) transaction.delete(key);
    else transaction.set(key, bytes(value));
    await transaction.commit();
  }

  test('a transaction sees one moment, whatever is committed meanwhile', async () => {
    const storage = make();
    await put(storage, stringKey('a'), 'one');
    const reader = await storage.begin();
    expect(textOf(await reader.get(stringKey('a')))).toBe('one');
    await put(storage, stringKey('a'), 'two');
    await put(storage, stringKey('b'), 'new');
    expect(textOf(await reader.get(stringKey('a')))).toBe('one');
    expect(await reader.get(stringKey('b'))).toBe(undefined);
    expect((await reader.scan(metaRange)).map((pair) => textOf(pair.value))).toEqual(['one']);
  });

  test('of two that change the same key the second gets a conflict, also when the first deleted it', async () => {
    const storage = make();
    await put(storage, stringKey('a'), 'one');
    for (const value of ['two', undefined]) {
      const late = await storage.begin();
      await late.get(stringKey('a'));
      await put(storage, stringKey('a'), value);
      late.set(stringKey('a'), bytes('late'));
      await expect(late.commit()).rejects.toMatchObject({ code: 'CONFLICT', retryable: true, outcomeUnknown: false });
      await put(storage, stringKey('a'), 'one');
    }
    expect(textOf(await (await storage.begin()).get(stringKey('a')))).toBe('one');
  });

  test('scans go both ways and stop at their limit', async () => {
    const storage = make();
    for (const field of ['1', '2', '3']) await put(storage, hashKey('h', field), field);
    await put(storage, hashKey('hh', '4'), 'another');
    const reader = await storage.begin();
    const scan = async (options: object) =>
      (await reader.scan(hashRange('h'), options)).map((pair) => textOf(pair.value));
    expect(await scan({})).toEqual(['1', '2', '3']);
    expect(await scan({ reverse: true, limit: 2 })).toEqual(['3', '2']);
  });

  test('a watch says first that nothing is missed from here on, then each change', async () => {
    const storage = make();
    const stop = new AbortController();
    const seen: (string | undefined)[][] = [];
    const watching = (async () => {
      for await (const changes of storage.watch(hashRange('h'), { signal: stop.signal })) {
        seen.push(changes.map((change) => textOf(change.value)));
      }
    })();
    await until(async () => seen.length === 1, 'the watch stands');
    await put(storage, hashKey('h', '1'), 'one');
    await put(storage, hashKey('other', '1'), 'not mine');
    await put(storage, hashKey('h', '1'), undefined);
    await until(async () => seen.length === 3, 'both changes are seen');
    expect(seen).toEqual([[], ['one'], [undefined]]);
    stop.abort();
    await watching;
  });
});

describe('metadata in etcd', () => {
  test('a fence that does not hold lets nothing through, and says so', async () => {
    const storage = onEtcd();
    const { revision } = await client.put('/owner', 'me');
    const fence = [compare.create('/owner', '=', revision)];
    const held = await storage.begin();
    held.set(stringKey('a'), bytes('mine'));
    await held.commit({ fence });
    await client.delete('/owner');
    await client.put('/owner', 'somebody else');
    const replaced = await storage.begin();
    replaced.set(stringKey('a'), bytes('too late'));
    await expect(replaced.commit({ fence })).rejects.toMatchObject({ code: 'NOT_OWNER', errno: 8201 });
    expect(textOf(await (await storage.begin()).get(stringKey('a')))).toBe('mine');
  });

  test('a transaction may write more keys than etcd takes operations, and stays whole', async () => {
    const storage = onEtcd();
    const large = await storage.begin();
    for (let at = 0; at < 700; at++) large.set(hashKey('h', String(at).padStart(4, '0')), bytes(`${at}`));
    await large.commit();
    expect(await (await storage.begin()).scan(hashRange('h'))).toHaveLength(700);
    const late = await storage.begin();
    await late.get(hashKey('h', '0007'));
    const other = await storage.begin();
    other.set(hashKey('h', '0500'), bytes('changed'));
    await other.commit();
    for (let at = 0; at < 700; at++) late.set(hashKey('h', String(at).padStart(4, '0')), bytes('late'));
    await expect(late.commit()).rejects.toMatchObject({ code: 'CONFLICT' });
    const tooLarge = await storage.begin();
    for (let at = 0; at < 5000; at++) tooLarge.set(hashKey('h', `${at}`), bytes('x'));
    await expect(tooLarge.commit()).rejects.toMatchObject({ code: 'TOO_LARGE' });
  });

  test('what a transaction reads may be compacted away: then it begins anew', async () => {
    const storage = onEtcd();
    const reader = await storage.begin();
    await reader.get(stringKey('a'));
    const { revision } = await client.put('/later', '1');
    await client.put('/later', '2');
    await client.compact(revision + 1n);
    await expect(reader.get(stringKey('b'))).rejects.toMatchObject({ code: 'CONFLICT', retryable: true });
  });
});

test('two owners who both believe: the one whose key is gone changes nothing, and the jobs go on', async () => {
  const { revision } = await client.put('/believer', 'old');
  const stale = { ...alone, fence: () => [compare.create('/believer', '=', revision)] };
  await client.delete('/believer');
  await using fleet = await Fleet.start(etcd, { owner: stale });
  const { id } = await fleet.jobs.submit(createSchema('d'));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect((await fleet.jobs.job(id))?.state).toBe(JobState.None);
  expect(await fleet.read((meta) => meta.schemaVersion())).toBe(0n);
});

test('etcd is restarted and compacted under a fleet: its jobs end all the same', async () => {
  const own = await LocalEtcd.start();
  try {
    await using fleet = await Fleet.start(own);
    await fleet.jobs.run(createSchema('before'));
    const [member] = own.members;
    await member?.kill();
    const during = fleet.jobs.run(createSchema('during')).catch(() => undefined);
    await member?.restart();
    const admin = new EtcdClient({ endpoints: own.endpoints });
    const { revision } = await admin.put('/x', '1');
    await admin.compact(revision);
    await admin.close();
    await during;
    expect((await fleet.jobs.run(createSchema('after'))).state).toBe(JobState.Synced);
  } finally {
    await own.close();
  }
});
