import { EtcdClient } from '@tidb-js/etcd-session';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeTs, Layout } from '../../src/storage/etcd/layout.js';
import type { EtcdStorage } from '../../src/storage/etcd-storage.js';
import { GcWorker, safePointBefore } from '../../src/storage/gc-worker.js';
import { SafePoint } from '../../src/storage/safe-point.js';
import { bytes, openStorage } from './open-storage.js';

let etcd: LocalEtcd;
let storage: EtcdStorage;
let client: EtcdClient;

beforeAll(async () => {
  etcd = await LocalEtcd.start();
  storage = await openStorage(etcd.endpoints);
  client = new EtcdClient({ endpoints: etcd.endpoints });
});

afterAll(async () => {
  await storage?.close();
  await client?.close();
  await etcd?.close();
});

test('each node publishes its oldest transaction, and no safe point passes that of any node', async () => {
  const running = await storage.begin();
  await using _worker = new GcWorker({
    storage,
    report: async (startTs) => {
      await client.put('/tidb/server/minstartts/this-node', String(startTs));
    },
    fence: () => [],
    settings: () => ({ enabled: false, lifeMs: 0, intervalMs: 0 }),
    logger: pino({ level: 'silent' }),
  });
  const published = async () =>
    BigInt((await client.get('/tidb/server/minstartts/this-node')).kv?.value.toString() ?? 0);
  await expect.poll(published, { timeout: 20_000 }).toBe(running.startTs);
  await client.put('/tidb/server/minstartts/junk', 'no number');
  const now = await storage.timestamp();
  expect(await safePointBefore(client, now)).toBe(running.startTs - 1n);
  await client.put('/tidb/server/minstartts/other-node', String(running.startTs - 100n));
  expect(await safePointBefore(client, now)).toBe(running.startTs - 101n);
  expect(await safePointBefore(client, 5n)).toBe(5n);
  await running.rollback();
});

test('a round keeps what is younger than ten minutes, however short the life time is set, and only the owner runs one', async () => {
  let isOwner = true;
  await using worker = new GcWorker({
    storage,
    report: async () => {},
    fence: () => (isOwner ? [] : undefined),
    settings: () => ({ enabled: false, lifeMs: 1, intervalMs: 0 }),
    logger: pino({ level: 'silent' }),
  });
  const before = await storage.timestamp();
  for (const value of ['1', '2']) {
    await using transaction = await storage.begin();
    transaction.set(bytes('young'), bytes(value));
    await transaction.commit();
  }
  const result = await worker.collect();
  expect(result?.safePoint).toBeLessThan(before);
  expect(result?.versionsRemoved).toBe(0);
  isOwner = false;
  await expect(worker.collect()).rejects.toMatchObject({ code: 'FENCED' });
});

test('a read from long ago is refused when its versions were collected while its process heard of nothing', async () => {
  const layout = new Layout('asleep/');
  const safePoint = new SafePoint(client, layout, undefined);
  safePoint.close();
  const minute = 60_000n << 18n;
  const now = await storage.timestamp();
  const old = now - 20n * minute;
  safePoint.check(old);
  await safePoint.confirm(old, {});
  await client.put(layout.safePoint, encodeTs(now - 10n * minute));
  safePoint.check(old);
  await expect(safePoint.confirm(old, {})).rejects.toMatchObject({ code: 'GC_TOO_EARLY' });
  expect(safePoint.confirm(now, {})).toBeUndefined();
});
