import { compare, type EtcdClient, type Logger, op, type WatchEvent } from '@tidb-js/etcd-session';
import { BinlogError } from '../errors.js';
import { Backoff, pause } from './backoff.js';
import { type PumpStatus, parsePumpStatus } from './pump-status.js';

/** Where TiDB, Pumps and Drainers keep the registry. */
export const defaultRegistryRoot = '/tidb-binlog/v1';
/** Where PD keeps the cluster's id: 8 bytes, big-endian. */
const clusterIdKey = '/pd/cluster_id';

export interface PumpRegistryOptions {
  readonly etcd: EtcdClient;
  /** Default `/tidb-binlog/v1`. */
  readonly root?: string;
  readonly logger?: Logger;
}

/** The registered pumps, kept up to date by a watch. A deleted entry is a pump that is gone. */
export class PumpRegistry implements AsyncDisposable {
  readonly #etcd: EtcdClient;
  readonly #prefix: string;
  readonly #logger: Logger | undefined;
  readonly #abort = new AbortController();
  readonly #listeners = new Set<() => void>();
  #pumps = new Map<string, PumpStatus>();
  /** The pumps are those of this revision. */
  #revision = 0n;
  #following: Promise<void> = Promise.resolve();

  private constructor(options: PumpRegistryOptions) {
    this.#etcd = options.etcd;
    this.#prefix = `${options.root ?? defaultRegistryRoot}/pumps/`;
    this.#logger = options.logger;
  }

  /**
   * Lists the pumps and goes on watching them. The client stays the caller's.
   *
   * @throws BinlogError `UNAVAILABLE` when etcd cannot be read.
   */
  static async open(
    options: PumpRegistryOptions,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<PumpRegistry> {
    const registry = new PumpRegistry(options);
    await registry.confirm({ signal });
    registry.#following = registry.#follow();
    return registry;
  }

  /** The pumps by node id. */
  get pumps(): ReadonlyMap<string, PumpStatus> {
    return this.#pumps;
  }

  /**
   * Reads the registry anew: afterwards {@link pumps} has every pump that was registered before this call, which a watch may not have
   * told of yet.
   *
   * @throws BinlogError `UNAVAILABLE` when etcd cannot be read, `ABORTED`.
   */
  async confirm({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    try {
      const call = signal === undefined ? {} : { signal };
      const { kvs, revision } = await this.#etcd.range({ prefix: this.#prefix }, call);
      if (revision < this.#revision) return;
      this.#revision = revision;
      const before = this.#pumps;
      this.#pumps = new Map();
      for (const { key, value } of kvs) this.#put(key, value, before);
    } catch (error) {
      throw BinlogError.from(error, 'UNAVAILABLE');
    }
    this.#notify();
  }

  /** Calls back after each change, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#abort.abort(new BinlogError('CLOSED', 'the registry was closed'));
    this.#listeners.clear();
    await this.#following;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A watch that ends (history compacted, etcd away too long) is followed by a fresh listing, so no change is lost. */
  async #follow(): Promise<void> {
    const { signal } = this.#abort;
    const backoff = new Backoff(100, 5_000);
    while (!signal.aborted) {
      try {
        const options = { startRevision: this.#revision + 1n, signal };
        for await (const { events } of this.#etcd.watch({ prefix: this.#prefix }, options)) {
          backoff.reset();
          // A listing may have been faster.
          const news = events.filter(({ kv }) => kv.modRevision > this.#revision);
          for (const event of news) this.#apply(event);
          if (news.length > 0) this.#notify();
        }
      } catch (error) {
        if (signal.aborted) return;
        this.#logger?.warn({ err: error }, 'the watch of the pumps ended; listing them again');
      }
      await pause(backoff.next(), signal).catch(() => undefined);
      await this.confirm({ signal }).catch(() => undefined);
    }
  }

  #apply({ type, kv }: WatchEvent): void {
    this.#revision = kv.modRevision;
    if (type === 'put') this.#put(kv.key, kv.value);
    else this.#pumps.delete(this.#nodeId(kv.key));
  }

  #put(key: Buffer, value: Buffer, before: ReadonlyMap<string, PumpStatus> = this.#pumps): void {
    const nodeId = this.#nodeId(key);
    try {
      this.#pumps.set(nodeId, { ...parsePumpStatus(value), nodeId });
    } catch (error) {
      // One bad entry must not hide the other pumps, nor make a known one disappear.
      const known = before.get(nodeId);
      if (known !== undefined) this.#pumps.set(nodeId, known);
      this.#logger?.error({ err: error, key: key.toString() }, 'a registry entry of a pump cannot be read');
    }
  }

  #nodeId(key: Buffer): string {
    return key.toString().slice(this.#prefix.length);
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

/**
 * The cluster's id, as PD keeps it in etcd; without a PD it is made by whoever asks first.
 *
 * @throws BinlogError `UNAVAILABLE` when etcd cannot be read, `MALFORMED` when the key holds something else.
 */
export async function clusterIdOf(etcd: EtcdClient, options: { readonly signal?: AbortSignal } = {}): Promise<bigint> {
  // PD's ids have the seconds since 1970 in front and chance behind; a made one looks the same.
  const made = Buffer.alloc(8);
  made.writeUInt32BE(Math.floor(Date.now() / 1000), 0);
  made.writeUInt32BE(Math.floor(Math.random() * 0x1_0000_0000), 4);
  try {
    const { results } = await etcd.txn(
      {
        compare: [compare.create(clusterIdKey, '=', 0n)],
        success: [op.put(clusterIdKey, made)],
        failure: [op.get(clusterIdKey)],
      },
      options,
    );
    const [result] = results;
    if (result?.kind !== 'range') return made.readBigUInt64BE();
    const value = result.kvs[0]?.value;
    if (value?.length !== 8)
      throw new BinlogError('MALFORMED', `${clusterIdKey} holds ${value?.length ?? 0} bytes, 8 are a cluster id`);
    return value.readBigUInt64BE();
  } catch (error) {
    throw BinlogError.from(error, 'UNAVAILABLE');
  }
}
