import { EtcdClient } from '@tidb-js/etcd-session';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { afterAll, beforeAll } from 'vitest';
import { EtcdStorage, type EtcdStorageOptions } from '../../src/storage/etcd-storage.js';

/** A storage with a client of its own, as each process has one; both end with it. */
export async function openStorage(
  endpoints: readonly string[],
  options: Partial<EtcdStorageOptions> = {},
): Promise<EtcdStorage & AsyncDisposable> {
  const client = new EtcdClient({ endpoints, coalesce: true });
  const storage = await EtcdStorage.open({ client, ...options });
  const close = storage.close.bind(storage);
  storage.close = async () => {
    await close();
    await client.close();
  };
  return storage;
}

/** An etcd and a storage on it for the tests of a file, handed over before the first and closed after the last. */
export function storageForAll(opened: (storage: EtcdStorage, etcd: LocalEtcd) => void): void {
  let etcd: LocalEtcd | undefined;
  let storage: EtcdStorage | undefined;
  beforeAll(async () => {
    etcd = await LocalEtcd.start();
    storage = await openStorage(etcd.endpoints);
    opened(storage, etcd);
  });
  afterAll(async () => {
    await storage?.close();
    await etcd?.close();
  });
}

export const bytes = (text: string): Buffer => Buffer.from(text);

/** Collect a scan as text. */
export async function texts(pairs: AsyncIterable<{ readonly key: Buffer; readonly value: Buffer }>): Promise<string[]> {
  const out: string[] = [];
  for await (const { key, value } of pairs) out.push(`${key.toString()}=${value.toString()}`);
  return out;
}
