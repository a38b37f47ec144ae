import {
  type Compare,
  compare,
  type EtcdClient,
  EtcdError,
  type Op,
  type OpResult,
  op,
  type RangeResult,
} from '@tidb-js/etcd-session';
import { DdlError } from '../errors.js';
import type {
  MetaCommitOptions,
  MetaCommitResult,
  MetaPair,
  MetaRange,
  MetaScanOptions,
  MetaTransaction,
} from './storage.js';
import type { Timestamps } from './timestamps.js';

interface Setting {
  readonly client: EtcdClient;
  readonly prefix: Buffer;
  readonly maxOps: number;
  readonly timestamps: Timestamps;
  readonly startTs: bigint;
}

interface Read {
  readonly range: Op;
  readonly resolve: (result: RangeResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads of one etcd transaction; the rest of those that wait at the same moment go into the next. */
const maxReads = 100;

/** One transaction on the metadata in etcd. Reads that wait at the same moment travel together. */
export class EtcdMetaTransaction implements MetaTransaction {
  readonly startTs: bigint;
  readonly #setting: Setting;
  readonly #writes = new Map<string, { readonly key: Uint8Array; readonly value: Uint8Array | undefined }>();
  /** Mod revision of each key that was read; 0n for one that was not there. */
  readonly #seen = new Map<string, bigint>();
  /** The moment that all reads see; the first read fixes it. */
  #revision: Promise<bigint> | undefined;
  #waiting: Read[] = [];

  constructor(setting: Setting) {
    this.#setting = setting;
    this.startTs = setting.startTs;
  }

  async get(key: Uint8Array, options: { readonly signal?: AbortSignal } = {}): Promise<Uint8Array | undefined> {
    const write = this.#writes.get(idOf(key));
    if (write !== undefined) {
      return write.value;
    }
    const { kvs } = await this.#read(op.range(this.#keyOf(key)), options.signal);
    this.#seen.set(idOf(key), kvs[0]?.modRevision ?? 0n);
    return kvs[0]?.value;
  }

  async scan(range: MetaRange, options: MetaScanOptions = {}): Promise<readonly MetaPair[]> {
    // Writes of this transaction are laid over what is stored by the MetaBuffer; those that were flushed already are not read again.
    const { limit, reverse, signal } = options;
    const { kvs } = await this.#read(
      op.range(
        { key: this.#keyOf(range.start), end: this.#keyOf(range.end) },
        { order: reverse === true ? 'descend' : 'ascend', sortBy: 'key', ...(limit !== undefined && { limit }) },
      ),
      signal,
    );
    return kvs.map((kv) => {
      const key = kv.key.subarray(this.#setting.prefix.length);
      this.#seen.set(idOf(key), kv.modRevision);
      return { key, value: kv.value };
    });
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#writes.set(idOf(key), { key, value });
  }

  delete(key: Uint8Array): void {
    this.#writes.set(idOf(key), { key, value: undefined });
  }

  primaryKey(): Uint8Array | undefined {
    const [first] = this.#writes.values();
    return first?.key;
  }

  async commit(options: MetaCommitOptions = {}): Promise<MetaCommitResult> {
    const writes = [...this.#writes.values()];
    const fence = options.fence ?? [];
    if (writes.length > 0) {
      const revision = await (this.#revision ?? this.#fixRevision(options.signal));
      // Nested parts leave half of what etcd takes to the compares above them.
      const { maxOps } = this.#setting;
      const most = (writes.length > maxOps ? Math.floor(maxOps / 2) : maxOps) - fence.length;
      const compares = this.#unchanged(writes, revision, most);
      await this.#write([...fence, ...compares], this.#operations(writes), fence, options.signal);
    }
    this.#writes.clear();
    return { commitTs: await this.#setting.timestamps.next(options) };
  }

  async rollback(): Promise<void> {
    this.#writes.clear();
  }

  async #write(
    compares: readonly Compare[],
    success: readonly Op[],
    fence: readonly Compare[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    // When it fails, the fence's keys tell why.
    const failure = fence.map((each) => op.range(each.key, { keysOnly: true }));
    const result = await this.#setting.client
      .txn({ compare: compares, success, failure }, signal === undefined ? {} : { signal })
      .catch((error: unknown) => {
        throw storageError(error);
      });
    if (!result.succeeded) {
      const revisions = result.results.map((each) => (each.kind === 'range' ? each.kvs[0]?.createRevision : undefined));
      throw fenceHolds(fence, revisions)
        ? new DdlError('CONFLICT', 'another transaction changed the same metadata first')
        : new DdlError('NOT_OWNER', 'TiDB server is not a DDL owner');
    }
  }

  /** What has to be as it was: each key that is written, or where these are too many, the ranges in which they lie. */
  #unchanged(writes: readonly { readonly key: Uint8Array }[], revision: bigint, most: number): readonly Compare[] {
    if (writes.length <= most) {
      return writes.map(({ key }) => {
        const seen = this.#seen.get(idOf(key));
        return seen === undefined
          ? compare.mod(this.#keyOf(key), '<', revision + 1n)
          : compare.mod(this.#keyOf(key), '=', seen);
      });
    }
    const sorted = writes.map((write) => this.#keyOf(write.key)).sort(Buffer.compare);
    const size = Math.ceil(sorted.length / most);
    const ranges: Compare[] = [];
    for (let at = 0; at < sorted.length; at += size) {
      const [first, last] = [sorted[at], sorted[Math.min(at + size, sorted.length) - 1]];
      if (first !== undefined && last !== undefined) {
        const end = Buffer.concat([last, Buffer.alloc(1)]);
        ranges.push(compare.mod({ key: first, end }, '<', revision + 1n));
      }
    }
    return ranges;
  }

  /** The writes; nested by parts when they are more than etcd takes at one level. */
  #operations(writes: readonly { readonly key: Uint8Array; readonly value: Uint8Array | undefined }[]): readonly Op[] {
    const { maxOps } = this.#setting;
    const operations = writes.map(({ key, value }) =>
      value === undefined ? op.delete(this.#keyOf(key)) : op.put(this.#keyOf(key), value),
    );
    if (operations.length <= maxOps) {
      return operations;
    }
    // etcd allows the operations of a level and those of the level below it together maxOps.
    const size = Math.floor(maxOps / 2);
    if (operations.length > size * size) {
      const most = size * size;
      throw new DdlError(
        'TOO_LARGE',
        `a transaction of ${operations.length} keys is too large for etcd: ${most} is the limit`,
      );
    }
    const parts: Op[] = [];
    for (let at = 0; at < operations.length; at += size) {
      parts.push(op.txn({ success: operations.slice(at, at + size) }));
    }
    return parts;
  }

  /** Reads that wait at the same moment travel together, at the transaction's revision. */
  #read(range: Op, signal: AbortSignal | undefined): Promise<RangeResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ range, resolve, reject });
      if (this.#waiting.length === 1) {
        queueMicrotask(() => this.#readWaiting(signal));
      }
    });
  }

  async #readWaiting(signal: AbortSignal | undefined): Promise<void> {
    const reads = this.#waiting;
    this.#waiting = [];
    for (let at = 0; at < reads.length; at += maxReads) {
      const part = reads.slice(at, at + maxReads);
      try {
        const results = await this.#send(
          part.map((read) => read.range),
          signal,
        );
        for (const [place, read] of part.entries()) {
          const result = results[place];
          if (result?.kind === 'range') {
            read.resolve(result);
          }
        }
      } catch (error) {
        for (const read of part) {
          read.reject(error);
        }
      }
    }
  }

  /** The first reads take the newest revision, and so fix it for those that follow. */
  async #send(ranges: readonly Op[], signal: AbortSignal | undefined): Promise<readonly OpResult[]> {
    const options = signal === undefined ? {} : { signal };
    const revision = await this.#revision;
    const pinned =
      revision === undefined
        ? ranges
        : ranges.map((each) => (each.kind === 'range' ? op.range(each.key, { ...each.options, revision }) : each));
    const sent = this.#setting.client.txn({ success: pinned }, options).catch((error: unknown) => {
      throw storageError(error);
    });
    if (this.#revision === undefined) {
      this.#revision = sent.then((result) => result.revision);
      this.#revision.catch(() => {});
    }
    return (await sent).results;
  }

  async #fixRevision(signal: AbortSignal | undefined): Promise<bigint> {
    await this.#read(op.range(this.#setting.prefix, { keysOnly: true }), signal);
    return this.#revision ?? 0n;
  }

  #keyOf(key: Uint8Array): Buffer {
    return Buffer.concat([this.#setting.prefix, key]);
  }
}

function idOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}

function storageError(error: unknown): DdlError {
  const failure = EtcdError.from(error);
  const options = { cause: error, outcomeUnknown: failure.outcomeUnknown };
  switch (failure.code) {
    case 'ABORTED':
      return new DdlError('ABORTED', 'the wait was aborted', options);
    case 'COMPACTED':
      return new DdlError('CONFLICT', 'the moment that the transaction reads has been compacted away', options);
    case 'TOO_LARGE':
    case 'TOO_MANY_OPS':
      return new DdlError('TOO_LARGE', `etcd refused the transaction: ${failure.message}`, options);
    case 'CLOSED':
      return new DdlError('CLOSED', 'the etcd client is closed', options);
    default:
      return new DdlError('STORAGE', `etcd failed: ${failure.message}`, options);
  }
}

/** Whether a fence holds for the revisions that its keys have. */
function fenceHolds(fence: readonly Compare[], revisions: readonly (bigint | undefined)[]): boolean {
  return fence.every((compare, at) => compare.target !== 'create' || compare.value === (revisions[at] ?? 0n));
}
