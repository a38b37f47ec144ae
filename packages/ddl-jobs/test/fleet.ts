import { EtcdClient } from '@tidb-js/etcd-session';
import type { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { MemoryFleet, MemorySchemaSyncer } from '@tidb-js/syncer';
import {
  DdlJobs,
  DdlWorker,
  type DdlWorkerOptions,
  EtcdMetaStorage,
  Meta,
  type MetaStorage,
  type Ownership,
} from '../src/index.js';
import { transact } from '../src/meta/transact.js';

let prefixes = 0;

/** A server that reports each version that it is allowed to, as soon as it is out. */
export class Follower {
  readonly syncer: MemorySchemaSyncer;
  readonly #stop = new AbortController();
  #allowed: bigint | undefined;
  #seen = 0n;
  #following: Promise<void> | undefined;

  constructor(fleet: MemoryFleet, id: string) {
    this.syncer = new MemorySchemaSyncer(fleet, { id });
  }

  async start(): Promise<void> {
    await this.syncer.init();
    this.#following = this.#follow();
  }

  /** Reports nothing above this version from now on; undefined for no limit. */
  async allow(version: bigint | undefined): Promise<void> {
    this.#allowed = version;
    await this.#report();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#following;
    await this.syncer.close();
  }

  async #follow(): Promise<void> {
    for await (const version of this.syncer.globalVersions({ signal: this.#stop.signal })) {
      this.#seen = version;
      await this.#report();
    }
  }

  async #report(): Promise<void> {
    const version = this.#allowed !== undefined && this.#allowed < this.#seen ? this.#allowed : this.#seen;
    await this.syncer.updateSelfVersion({ version });
  }
}

/** A fleet in one process: the metadata in a real etcd, servers that follow, and one owner's worker. */
export class Fleet implements AsyncDisposable {
  readonly storage: MetaStorage;
  readonly jobs: DdlJobs;
  readonly worker: DdlWorker;
  readonly servers: readonly Follower[];
  readonly #close: () => Promise<void>;

  private constructor(parts: Pick<Fleet, 'storage' | 'jobs' | 'worker' | 'servers'>, close: () => Promise<void>) {
    this.storage = parts.storage;
    this.jobs = parts.jobs;
    this.worker = parts.worker;
    this.servers = parts.servers;
    this.#close = close;
  }

  static async start(etcd: LocalEtcd, options: Partial<DdlWorkerOptions> & { readonly servers?: number } = {}) {
    const client = new EtcdClient({ endpoints: etcd.endpoints });
    const storage = options.storage ?? new EtcdMetaStorage({ client, prefix: `/fleet-${prefixes++}/` });
    const fleet = new MemoryFleet();
    const servers = Array.from({ length: options.servers ?? 2 }, (_, at) => new Follower(fleet, `server-${at}`));
    for (const server of servers) {
      await server.start();
    }
    const first = servers[0];
    if (first === undefined) {
      throw new Error('a fleet has at least one server');
    }
    const actions = options.actions === undefined ? {} : { actions: options.actions };
    const jobs = new DdlJobs({ storage, ...actions });
    const worker = new DdlWorker({ retryDelayMs: 20, owner: alone, syncer: first.syncer, storage, ...options });
    worker.start();
    return new Fleet({ storage, jobs, worker, servers }, async () => {
      await worker.close();
      await jobs.close();
      for (const server of servers) {
        await server.close();
      }
      await client.close();
    });
  }

  /** Reads the metadata at one moment. */
  async read<T>(read: (meta: Meta) => Promise<T>): Promise<T> {
    return transact(this.storage, { signal: AbortSignal.timeout(20_000) }, (buffer) => read(new Meta(buffer)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

/** The only node there is, so always the owner. */
export const alone: Ownership = {
  isOwner: true,
  whenOwner: async () => ({ signal: new AbortController().signal }),
  fence: () => [],
};

/** Waits until something holds. */
export async function until<T>(look: () => Promise<T | undefined | false>, what: string): Promise<T> {
  const end = performance.now() + 30_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) {
      return found;
    }
    if (performance.now() > end) {
      throw new Error(`it did not come to pass in 30 s: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
