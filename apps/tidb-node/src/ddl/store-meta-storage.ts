import { setTimeout as sleep } from 'node:timers/promises';
import {
  DdlError,
  type MetaChange,
  type MetaCommitOptions,
  type MetaCommitResult,
  type MetaPair,
  type MetaRange,
  type MetaScanOptions,
  type MetaStorage,
  type MetaTransaction,
} from '@tidb-js/ddl-jobs';
import { StorageError } from '../storage/errors.js';
import { decodeWrite } from '../storage/etcd/record.js';
import type { EtcdStorage } from '../storage/etcd-storage.js';
import type { Transaction } from '../storage/types.js';

/** Pause before a watch is opened again after a failure, first and at most. */
const REWATCH_MS = { first: 100, most: 5_000 } as const;

/**
 * TiDB's metadata in the storage that holds the rows: a schema version is then visible at a timestamp, like a row, and a
 * DDL binlog has the timestamps of the transaction that made the change.
 */
export class StoreMetaStorage implements MetaStorage {
  /** @param at let transactions see the metadata as they stood at this timestamp, instead of the present ones. */
  constructor(
    private readonly storage: EtcdStorage,
    private readonly at?: bigint,
  ) {}

  /** One part, so that a step becomes visible in a single etcd transaction. */
  get maxWrites(): number {
    return this.storage.store.maxPartKeys;
  }

  async begin(options: { readonly signal?: AbortSignal } = {}): Promise<MetaTransaction> {
    try {
      const { at } = this;
      return new StoreMetaTransaction(
        await this.storage.begin(at === undefined ? options : { ...options, startTs: at }),
      );
    } catch (error) {
      throw asDdlError(error);
    }
  }

  async *watch(range: MetaRange, options: { readonly signal: AbortSignal }): AsyncGenerator<readonly MetaChange[]> {
    const { signal } = options;
    const { client, layout } = this.storage;
    const selector = layout.versionRange(range);
    for (let pause: number = REWATCH_MS.first; !signal.aborted; pause = Math.min(pause * 2, REWATCH_MS.most)) {
      try {
        // The revision first: the watch then begins right behind what the reader is going to read.
        const { revision } = await client.range(selector, { countOnly: true, signal });
        const watch = client.watch(selector, { startRevision: revision + 1n, signal });
        yield [];
        for await (const batch of watch) {
          pause = REWATCH_MS.first;
          const changes = batch.events.flatMap((event): MetaChange[] => {
            // A version that goes away is garbage collection, not a change.
            if (event.type === 'delete') return [];
            const record = decodeWrite(event.kv.value);
            if (record.kind === 'lock') return [];
            const { key } = layout.parseWrite(event.kv.key);
            return [{ key, value: record.kind === 'put' ? record.value : undefined }];
          });
          if (changes.length > 0) yield changes;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (client.closed) throw asDdlError(error);
      }
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }
}

interface WaitingRead {
  readonly key: Uint8Array;
  readonly resolve: (value: Uint8Array | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Keys that are asked for at the same moment are read together. */
class StoreMetaTransaction implements MetaTransaction {
  private waiting: WaitingRead[] = [];

  constructor(private readonly transaction: Transaction) {}

  get startTs(): bigint {
    return this.transaction.startTs;
  }

  get(key: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ key, resolve, reject });
      if (this.waiting.length === 1) queueMicrotask(() => void this.readWaiting(options));
    });
  }

  private async readWaiting(options: { readonly signal?: AbortSignal } | undefined): Promise<void> {
    const { waiting } = this;
    this.waiting = [];
    try {
      const values = await this.transaction.batchGet(
        waiting.map(({ key }) => key),
        options,
      );
      for (const [at, { resolve }] of waiting.entries()) resolve(values[at]);
    } catch (error) {
      const failure = asDdlError(error);
      for (const { reject } of waiting) reject(failure);
    }
  }

  async scan(range: MetaRange, options: MetaScanOptions = {}): Promise<readonly MetaPair[]> {
    const pairs: MetaPair[] = [];
    try {
      for await (const pair of this.transaction.scan(range, options)) pairs.push(pair);
    } catch (error) {
      throw asDdlError(error);
    }
    return pairs;
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.transaction.set(key, value);
  }

  delete(key: Uint8Array): void {
    this.transaction.delete(key);
  }

  primaryKey(): Uint8Array | undefined {
    return this.transaction.primaryKey();
  }

  async commit(options: MetaCommitOptions = {}): Promise<MetaCommitResult> {
    try {
      return { commitTs: await this.transaction.commit(options) };
    } catch (error) {
      throw asDdlError(error);
    }
  }

  rollback(): Promise<void> {
    return this.transaction.rollback();
  }
}

function asDdlError(error: unknown): DdlError {
  if (DdlError.is(error)) return error;
  const failure = StorageError.from(error);
  const { message, outcomeUnknown } = failure;
  switch (failure.code) {
    case 'WRITE_CONFLICT':
    case 'ROLLED_BACK':
      return new DdlError('CONFLICT', message, { cause: error });
    case 'FENCED':
      return new DdlError('NOT_OWNER', message, { cause: error });
    case 'ENTRY_TOO_LARGE':
    case 'TXN_TOO_LARGE':
      return new DdlError('TOO_LARGE', message, { cause: error });
    case 'ABORTED':
      return new DdlError('ABORTED', message, { cause: error });
    default:
      return new DdlError('STORAGE', message, { cause: error, outcomeUnknown });
  }
}
