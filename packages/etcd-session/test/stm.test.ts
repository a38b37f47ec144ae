import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EtcdClient, type StmIsolation, stm } from '../src/index.js';
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

async function text(key: string): Promise<string | undefined> {
  return (await client.get(key)).kv?.value.toString();
}

describe('a software transaction', () => {
  it('loses no update among competitors', async () => {
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let i = 0; i < 10; i++) {
          await stm(client, async (tx) => tx.put('counter', String(Number((await tx.get('counter')) ?? 0) + 1)), {
            attempts: 1000,
          });
        }
      }),
    );
    expect(await text('counter')).toBe('80');
  });

  it('sees its own writes, in ranges too, and writes nothing when its body fails', async () => {
    await client.put('own/a', '1');
    await client.put('own/b', '2');
    await stm(client, async (tx) => {
      tx.put('own/c', '3');
      tx.delete('own/a');
      expect(await tx.get('own/a')).toBeUndefined();
      expect((await tx.get('own/c'))?.toString()).toBe('3');
      const pairs = await tx.range({ prefix: 'own/' });
      expect(pairs.map(({ key, value }) => `${key}=${value}`)).toEqual(['own/b=2', 'own/c=3']);
      expect(await tx.revision('own/c')).toBe(0n);
    });
    expect(await text('own/a')).toBeUndefined();
    await expect(
      stm(client, (tx) => {
        tx.put('own/d', '4');
        throw new RangeError('mine');
      }),
    ).rejects.toThrowError(RangeError);
    expect(await text('own/d')).toBeUndefined();
  });

  it.each(['serializable-snapshot', 'serializable'] as const)('reads one revision only (%s)', async (isolation) => {
    await client.put('snap/x', 'old');
    await client.put('snap/y', 'old');
    const result = await stm(
      client,
      async (tx) => {
        const x = await tx.get('snap/x');
        if (x?.toString() === 'old') await client.put('snap/y', 'new');
        return `${x}-${await tx.get('snap/y')}`;
      },
      { isolation, attempts: 1 },
    ).catch((error) => error.code);
    // One run cannot commit, since what it read has changed; what it saw was one revision all the same.
    expect(result).toBe('CONFLICT');
    let saw = '';
    await stm(
      client,
      async (tx) => {
        const x = await tx.get('snap/x');
        if (saw === '') await client.put('snap/y', 'newest');
        const y = await tx.get('snap/y');
        saw ||= `${x}-${y}`;
      },
      { isolation },
    );
    expect(saw).toBe('old-new');
  });

  it('runs again when a key that it read has changed, but not with read-committed', async () => {
    const runs = async (isolation: StmIsolation) => {
      let ran = 0;
      await client.put('iso', '0');
      const { attempts } = await stm(
        client,
        async (tx) => {
          await tx.get('iso');
          if (ran++ === 0) await client.put('iso', 'other');
          tx.put('iso-out', 'x');
        },
        { isolation },
      );
      expect(attempts).toBe(ran);
      return ran;
    };
    expect(await runs('serializable-snapshot')).toBe(2);
    expect(await runs('serializable')).toBe(2);
    expect(await runs('repeatable-reads')).toBe(2);
    expect(await runs('read-committed')).toBe(1);
  });

  it('runs again when a key that it only writes has changed, with serializable-snapshot alone', async () => {
    const runs = async (isolation: StmIsolation) => {
      let ran = 0;
      await stm(
        client,
        async (tx) => {
          await tx.get('blind/read');
          if (ran++ === 0) await client.put('blind/write', 'other');
          tx.put('blind/write', 'mine');
        },
        { isolation },
      );
      return ran;
    };
    expect(await runs('serializable-snapshot')).toBe(2);
    expect(await runs('serializable')).toBe(1);
  });

  it.each([
    ['added', () => client.put('range/new', 'x')],
    ['deleted', () => client.delete('range/a')],
    ['changed', () => client.put('range/b', 'x')],
  ])('notices that a key of a range was %s', async (_, meddle) => {
    await client.delete({ prefix: 'range/' });
    await client.put('range/a', '1');
    await client.put('range/b', '2');
    let ran = 0;
    await stm(client, async (tx) => {
      const pairs = await tx.range({ prefix: 'range/' });
      if (ran++ === 0) await meddle();
      tx.put('range-count', String(pairs.length));
    });
    expect(ran).toBe(2);
    expect(await text('range-count')).toBe(String((await client.range({ prefix: 'range/' })).count));
  });

  it('gives up with CONFLICT after its attempts, and at once when it is aborted', async () => {
    let ran = 0;
    const hopeless = stm(
      client,
      async (tx) => {
        await tx.get('hot');
        ran++;
        await client.put('hot', String(ran));
        tx.put('hot', 'mine');
      },
      { attempts: 3 },
    );
    await expect(hopeless).rejects.toMatchObject({ code: 'CONFLICT', retryable: true });
    expect(ran).toBe(3);
    await expect(stm(client, () => undefined, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    await expect(stm(client, () => undefined, { attempts: 0 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('refuses to be used after its body', async () => {
    let leaked: { put(key: string, value: string): void } | undefined;
    await stm(client, (tx) => {
      leaked = tx;
    });
    expect(() => leaked?.put('late', 'x')).toThrowError(/INVALID_ARGUMENT/);
  });
});
