import { noop } from 'cockatiel';
import { Etcd3 } from 'etcd3';
import { EtcdError } from '../client/errors.js';
import { EtcdClient } from '../client/etcd-client.js';
import { toBuffer } from '../client/key-selector.js';
import type { TlsOptions } from '../client/types.js';

/** Makes the user `root` with that password and switches authentication on, unless it is on already. */
export async function enableAuth(endpoint: string, tls: TlsOptions | undefined, password: string): Promise<void> {
  if (await asksForUser(endpoint, tls)) return;
  const etcd = new Etcd3({
    hosts: endpoint,
    faultHandling: { host: () => noop, global: noop },
    defaultCallOptions: () => ({ deadline: Date.now() + 10_000 }),
    ...(tls?.ca === undefined ? {} : { credentials: { rootCertificate: toBuffer(tls.ca) } }),
  });
  try {
    await etcd.auth.userAdd({ name: 'root', password });
    await etcd.auth.roleAdd({ name: 'root' });
    await etcd.auth.userGrantRole({ user: 'root', role: 'root' });
    await etcd.auth.authEnable();
  } catch (error) {
    const { rawMessage, code } = EtcdError.from(error);
    throw new EtcdError(code, `authentication could not be switched on at ${endpoint}: ${rawMessage}`, {
      cause: error,
    });
  } finally {
    etcd.close();
  }
}

async function asksForUser(endpoint: string, tls: TlsOptions | undefined): Promise<boolean> {
  await using client = new EtcdClient({ endpoints: endpoint, ...(tls === undefined ? {} : { tls }) });
  try {
    await client.get('\0');
    return false;
  } catch (error) {
    if (EtcdError.from(error).code === 'AUTH') return true;
    throw error;
  }
}
