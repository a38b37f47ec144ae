import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { expect, test } from 'vitest';
import type { EtcdStorage } from '../../src/storage/etcd-storage.js';
import { collectGarbage } from '../../src/storage/gc.js';
import { StorageOutcomes } from '../../src/storage/outcome.js';
import { bytes, storageForAll, texts } from './open-storage.js';

let etcd: LocalEtcd;
let storage: EtcdStorage;

storageForAll((opened, server) => {
  storage = opened;
  etcd = server;
});

const never = new AbortController().signal;

test('locks of a process killed between prewrite and commit are rolled back by a reader when their ttl is over', async () => {
  const before = await storage.begin();
  before.set(bytes('crash/1'), bytes('kept'));
  await before.commit();
  const script = fileURLToPath(new URL('./dies-after-prewrite-process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, etcd.endpoints[0] ?? ''], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  child.kill('SIGKILL');
  await once(child, 'exit');
  const [kind, startTs = '0'] = line.toString().trim().split(' ');
  expect(kind).toBe('prewritten');
  expect(await texts(storage.latest().scan({ start: bytes('crash/'), end: bytes('crash0') }))).toEqual([
    'crash/1=kept',
  ]);
  // A writer does not have to wait for the dead one either, and the pump is told that it can never commit.
  const after = await storage.begin();
  after.set(bytes('crash/2'), bytes('next'));
  await after.commit();
  expect(
    await new StorageOutcomes(storage).outcome(
      { primaryKey: bytes('crash/1'), startTs: BigInt(startTs) },
      { signal: never },
    ),
  ).toEqual({ kind: 'rolled-back' });
});

test('a transaction whose primary was committed is carried out on the keys that its process left locked', async () => {
  const startTs = await storage.timestamp();
  const parts = [];
  for (const key of ['half/1', 'half/2']) {
    const mutations = [{ kind: 'put' as const, key: bytes(key), value: bytes('done') }];
    const result = await storage.store.prewrite({ mutations, primary: bytes('half/1'), startTs, ttlMs: 60_000 }, {});
    if (result.kind === 'prewritten') parts.push(result.part);
  }
  const [primary] = parts;
  if (primary === undefined) throw new Error('the primary was not locked');
  const commitTs = await storage.timestamp();
  expect(await storage.store.commit(primary, commitTs, [], {})).toBe('committed');
  expect(await storage.store.commit(primary, commitTs, [], {})).toBe('committed');
  expect((await storage.latest().get(bytes('half/2')))?.toString()).toBe('done');
  expect(
    await new StorageOutcomes(storage).outcome({ primaryKey: bytes('half/1'), startTs }, { signal: never }),
  ).toEqual({ kind: 'committed', commitTs });
});

test('a prewrite that comes after its transaction was rolled back is refused', async () => {
  const startTs = await storage.timestamp();
  await storage.store.status(bytes('late/1'), startTs, startTs, true, {});
  const mutations = [{ kind: 'put' as const, key: bytes('late/1'), value: bytes('x') }];
  expect(await storage.store.prewrite({ mutations, primary: bytes('late/1'), startTs, ttlMs: 3_000 }, {})).toEqual({
    kind: 'refused',
    refusals: [{ kind: 'rolledBack' }],
  });
});

test('garbage collection keeps what is visible at the safe point, and refuses older readers', async () => {
  for (const value of ['1', '2', '3']) {
    const transaction = await storage.begin();
    transaction.set(bytes('gc/1'), bytes(value));
    transaction.set(bytes('gc/2'), bytes(value));
    await transaction.commit();
  }
  const old = await storage.timestamp();
  const remove = await storage.begin();
  remove.delete(bytes('gc/2'));
  await remove.commit();
  const safePoint = await storage.timestamp();
  const { versionsRemoved } = await collectGarbage(storage, safePoint, []);
  expect(versionsRemoved).toBeGreaterThanOrEqual(6);
  expect(await texts(storage.latest().scan({ start: bytes('gc/'), end: bytes('gc0') }))).toEqual(['gc/1=3']);
  await expect
    .poll(
      () =>
        storage
          .snapshot(old)
          .get(bytes('gc/1'))
          .then(
            () => 'read',
            (error: { code: string }) => error.code,
          ),
      {
        timeout: 20_000,
      },
    )
    .toBe('GC_TOO_EARLY');
});
