import { EtcdClient } from '@tidb-js/etcd-session';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { EtcdSchemaSyncer, type EtcdSchemaSyncerOptions } from '../src/etcd-schema-syncer.js';
import { tidbKeys } from '../src/schema-keys.js';
import type { SchemaSyncer } from '../src/schema-syncer.js';
import type { ComplianceFleet } from '../src/testing/index.js';

/** Generous: only what fails waits that long. */
export const patience = { timeoutMs: 20_000 };

/** A real etcd and syncers on it, all closed at the end. */
export class LocalFleet implements ComplianceFleet {
  static async start(): Promise<LocalFleet> {
    return new LocalFleet(await LocalEtcd.start());
  }

  readonly etcd: LocalEtcd;
  readonly client: EtcdClient;
  readonly #closers: (() => Promise<void>)[] = [];

  private constructor(etcd: LocalEtcd) {
    this.etcd = etcd;
    this.client = this.connect();
  }

  /** A client of its own. */
  connect(options: { readonly coalesce?: boolean } = {}): EtcdClient {
    const client = new EtcdClient({ endpoints: this.etcd.endpoints, ...options });
    this.#closers.push(() => client.close());
    return client;
  }

  node(options: EtcdSchemaSyncerOptions, client: EtcdClient = this.client): EtcdSchemaSyncer {
    const node = new EtcdSchemaSyncer(client, { ttlSeconds: 10, ...options });
    this.#closers.push(() => node.close());
    return node;
  }

  async expire({ id }: Pick<SchemaSyncer, 'id'>): Promise<void> {
    await this.client.leaseRevoke(await this.leaseOf(id));
  }

  async leaseOf(id: string): Promise<bigint> {
    const { kv } = await this.client.get(`${tidbKeys.selfVersions}/${id}`);
    if (kv === undefined) throw new Error(`${id} has no key`);
    return kv.lease;
  }

  /** The text of a key. */
  async read(key: string): Promise<string | undefined> {
    return (await this.client.get(key)).kv?.value.toString();
  }

  leases(): Promise<readonly bigint[]> {
    return this.client.leases();
  }

  /** Seconds that a lease has left. */
  async leaseTtl(lease: bigint): Promise<number> {
    return (await this.client.leaseTimeToLive(lease)).ttlSeconds;
  }

  /** Removes all keys, between two tests. */
  async clear(): Promise<void> {
    await this.#close(1);
    for (const lease of await this.leases()) await this.client.leaseRevoke(lease).catch(() => {});
    await this.client.delete({ prefix: '' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close(0);
    await this.etcd.close();
  }

  async #close(keep: number): Promise<void> {
    for (const close of this.#closers.splice(keep).reverse()) await close();
  }
}

/** Resolves when `check` is true; fails after a minute, for on a machine that is busy processes take long to start. */
export async function eventually(check: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const until = performance.now() + 60_000;
  while (!(await check())) {
    if (performance.now() > until) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
