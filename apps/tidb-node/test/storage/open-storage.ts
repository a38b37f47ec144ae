import { EtcdClient } from '@tidb-js/etcd-session';
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

export const bytes = (text: string): Buffer => Buffer.from(text);

/** Collect a scan as text. */
export async function texts(pairs: AsyncIterable<{ readonly key: Buffer; readonly value: Buffer }>): Promise<string[]> {
  const out: string[] = [];
  for await (const { key, value } of pairs) out.push(`${key.toString()}=${value.toString()}`);
  return out;
}
