import { setTimeout as delay } from 'node:timers/promises';
import { type EtcdClient, EtcdError, type KeySelector } from '@tidb-js/etcd-session';
import { DdlError } from '../errors.js';
import { EtcdMetaTransaction } from './etcd-meta-transaction.js';
import type { MetaChange, MetaRange, MetaStorage, MetaTransaction } from './storage.js';
import { ClockTimestamps, type Timestamps } from './timestamps.js';

/** How many operations etcd takes in one transaction unless told (`--max-txn-ops`). */
const defaultMaxOps = 128;
/** Pauses between two tries of a watch that broke: doubled each time. */
const rewatchMs = { first: 50, most: 2_000 };

export interface EtcdMetaStorageOptions {
  readonly client: EtcdClient;
  /** What stands before every key; default `/tidb-js/meta/`. Two storages with the same prefix are the same storage. */
  readonly prefix?: string;
  /** The server's `--max-txn-ops`; default 128. */
  readonly maxOps?: number;
  /** Default {@link ClockTimestamps}. */
  readonly timestamps?: Timestamps;
}

/**
 * The metadata in etcd, in TiDB's layout behind a prefix. A transaction reads at one revision, and its commit is one etcd transaction: every
 * key it writes is compared with what it was at that revision, beside the owner's fence, so an owner that has been replaced can write nothing.
 */
export class EtcdMetaStorage implements MetaStorage {
  readonly maxWrites: number;
  readonly #client: EtcdClient;
  readonly #prefix: Buffer;
  readonly #maxOps: number;
  readonly #timestamps: Timestamps;

  constructor(options: EtcdMetaStorageOptions) {
    this.#client = options.client;
    this.#prefix = Buffer.from(options.prefix ?? '/tidb-js/meta/', 'utf8');
    this.#maxOps = options.maxOps ?? defaultMaxOps;
    if (!Number.isInteger(this.#maxOps) || this.#maxOps < 16) {
      throw new DdlError('INVALID_STATE', `maxOps must be a whole number of at least 16, not ${options.maxOps}`);
    }
    this.#timestamps = options.timestamps ?? new ClockTimestamps();
    // Each write is one operation and one compare, and the fence needs some of them.
    this.maxWrites = this.#maxOps - 8;
  }

  async begin(options: { readonly signal?: AbortSignal } = {}): Promise<MetaTransaction> {
    return new EtcdMetaTransaction({
      client: this.#client,
      prefix: this.#prefix,
      maxOps: this.#maxOps,
      timestamps: this.#timestamps,
      startTs: await this.#timestamps.next(options),
    });
  }

  async *watch(range: MetaRange, options: { readonly signal: AbortSignal }): AsyncIterable<readonly MetaChange[]> {
    const { signal } = options;
    const selector: KeySelector = { key: this.#keyOf(range.start), end: this.#keyOf(range.end) };
    for (let pause: number = rewatchMs.first; !signal.aborted; pause = Math.min(pause * 2, rewatchMs.most)) {
      try {
        // The revision first: the watch then begins right behind what the reader is going to read, and etcd need not catch up.
        const { revision } = await this.#client.range(selector, { countOnly: true, signal });
        const watch = this.#client.watch(selector, { startRevision: revision + 1n, signal });
        yield [];
        for await (const batch of watch) {
          if (batch.events.length > 0) {
            yield batch.events.map((event) => ({
              key: event.kv.key.subarray(this.#prefix.length),
              value: event.type === 'put' ? event.kv.value : undefined,
            }));
          }
          pause = rewatchMs.first;
        }
      } catch (error) {
        if (signal.aborted) {
          return;
        }
        const failure = EtcdError.from(error);
        if (failure.code === 'CLOSED' || failure.code === 'AUTH') {
          throw new DdlError('STORAGE', `the watch of the metadata ended: ${failure.message}`, { cause: error });
        }
      }
      await delay(pause, undefined, { signal }).catch(() => {});
    }
  }

  #keyOf(key: Uint8Array): Buffer {
    return Buffer.concat([this.#prefix, key]);
  }
}
