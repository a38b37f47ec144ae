import { StorageError } from '../../src/storage/errors.js';
import type {
  CommitOptions,
  KeyRange,
  Pair,
  Savepoint,
  ScanOptions,
  Snapshot,
  Storage,
  Transaction,
} from '../../src/storage/types.js';

interface Write {
  readonly key: string;
  readonly value: Buffer | null;
  /** The key must not exist when the transaction commits. */
  readonly fresh: boolean;
}

const textOf = (key: Uint8Array): string => Buffer.from(key).toString('latin1');

/**
 * The storage's interface over a map, for tests of what stands above it: one session at a time, so nothing conflicts. What the store
 * itself promises is tested on etcd, in test/storage.
 */
export class MemoryStorage implements Storage {
  readonly data = new Map<string, Buffer>();
  /** The Prewrite values of the transactions that committed, in order. */
  readonly prewriteValues: Uint8Array[] = [];
  private clock = 1n << 40n;

  nextTs(): bigint {
    return ++this.clock;
  }

  async timestamp(): Promise<bigint> {
    return this.nextTs();
  }

  async begin(): Promise<Transaction> {
    return new MemoryTransaction(this);
  }

  snapshot(): Snapshot {
    return new MemoryTransaction(this);
  }

  latest(): Snapshot {
    return new MemoryTransaction(this);
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

class MemoryTransaction implements Transaction {
  readonly startTs: bigint;
  finished = false;
  readonly bytes = 0;
  private writes: Write[] = [];

  constructor(private readonly storage: MemoryStorage) {
    this.startTs = storage.nextTs();
  }

  get ts(): bigint {
    return this.startTs;
  }

  get size(): number {
    return this.writes.length;
  }

  get snapshot(): Snapshot {
    return new MemoryTransaction(this.storage);
  }

  buffered(key: Uint8Array): Buffer | null | undefined {
    const text = textOf(key);
    return this.writes.findLast((write) => write.key === text)?.value;
  }

  async get(key: Uint8Array): Promise<Buffer | undefined> {
    const own = this.buffered(key);
    return own === undefined ? this.storage.data.get(textOf(key)) : (own ?? undefined);
  }

  async batchGet(keys: readonly Uint8Array[]): Promise<(Buffer | undefined)[]> {
    return Promise.all(keys.map((key) => this.get(key)));
  }

  async *scan(range: KeyRange, options: ScanOptions = {}): AsyncGenerator<Pair> {
    const all = new Map(this.storage.data);
    for (const { key, value } of this.writes) {
      if (value === null) all.delete(key);
      else all.set(key, value);
    }
    const [start, end] = [textOf(range.start), textOf(range.end)];
    const pairs = [...all].filter(([key]) => key >= start && key < end).sort(([a], [b]) => (a < b ? -1 : 1));
    if (options.reverse === true) pairs.reverse();
    for (const [key, value] of pairs.slice(0, options.limit)) yield { key: Buffer.from(key, 'latin1'), value };
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.writes.push({ key: textOf(key), value: Buffer.from(value), fresh: false });
  }

  insert(key: Uint8Array, value: Uint8Array): void {
    const own = this.buffered(key);
    if (own !== undefined && own !== null) throw new StorageError('KEY_EXISTS', 'the key exists', { key });
    this.writes.push({ key: textOf(key), value: Buffer.from(value), fresh: own === undefined });
  }

  delete(key: Uint8Array): void {
    this.writes.push({ key: textOf(key), value: null, fresh: false });
  }

  lockKeys(): void {}

  primaryKey(): Buffer | undefined {
    const [first] = this.writes;
    return first === undefined ? undefined : Buffer.from(first.key, 'latin1');
  }

  savepoint(): Savepoint {
    return this.writes.length as Savepoint;
  }

  rollbackTo(savepoint: Savepoint): void {
    this.writes = this.writes.slice(0, savepoint);
  }

  async commit(options: CommitOptions = {}): Promise<bigint> {
    const { data, prewriteValues } = this.storage;
    for (const { key, fresh } of this.writes) {
      if (fresh && data.has(key))
        throw new StorageError('KEY_EXISTS', 'the key exists', { key: Buffer.from(key, 'latin1') });
    }
    if (options.prewriteValue !== undefined) prewriteValues.push(options.prewriteValue);
    for (const { key, value } of this.writes) {
      if (value === null) data.delete(key);
      else data.set(key, value);
    }
    this.finished = true;
    return this.storage.nextTs();
  }

  async rollback(): Promise<void> {
    this.finished = true;
    this.writes = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rollback();
  }
}
