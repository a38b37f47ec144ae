import { WriteBuffer } from './buffer.js';
import type { CommitRequest } from './committer.js';
import { StorageError } from './errors.js';
import type {
  CommitOptions,
  KeyRange,
  Pair,
  Savepoint,
  ScanOptions,
  Snapshot,
  StoreCallOptions,
  Timestamp,
  Transaction,
} from './types.js';

/** A transaction over a snapshot, whose commit is carried out by `run`. */
export class BufferedTransaction implements Transaction {
  private readonly buffer = new WriteBuffer();
  finished = false;

  constructor(
    readonly snapshot: Snapshot,
    private readonly run: (request: CommitRequest) => Promise<Timestamp>,
    private readonly ended: () => void,
  ) {}

  get startTs(): Timestamp {
    return this.snapshot.ts;
  }

  get ts(): Timestamp {
    return this.snapshot.ts;
  }

  get size(): number {
    return this.buffer.size;
  }

  get bytes(): number {
    return this.buffer.bytes;
  }

  async get(key: Uint8Array, options?: StoreCallOptions): Promise<Buffer | undefined> {
    const own = this.open().get(key);
    if (own !== undefined) return own ?? undefined;
    return this.snapshot.get(key, options);
  }

  async batchGet(keys: readonly Uint8Array[], options?: StoreCallOptions): Promise<(Buffer | undefined)[]> {
    const buffer = this.open();
    const own = keys.map((key) => buffer.get(key));
    const below = await this.snapshot.batchGet(
      keys.filter((_, at) => own[at] === undefined),
      options,
    );
    let next = 0;
    return own.map((value) => (value === undefined ? below[next++] : (value ?? undefined)));
  }

  async *scan(range: KeyRange, options: ScanOptions = {}): AsyncGenerator<Pair> {
    const buffer = this.open();
    const { reverse = false, limit = Number.POSITIVE_INFINITY } = options;
    const own = buffer.range(range, reverse);
    let mine = own.next();
    // The limit counts what comes out, and own deletes take away from what lies below.
    const below = this.snapshot.scan(range, { ...options, limit: mine.done ? options.limit : undefined });
    let left = limit;
    for await (const pair of below) {
      let overridden = false;
      while (mine.done !== true && left > 0) {
        const order = mine.value.key.compare(pair.key) * (reverse ? -1 : 1);
        if (order > 0) break;
        overridden ||= order === 0;
        const { key, value } = mine.value;
        mine = own.next();
        if (value === null) continue;
        yield { key, value };
        left -= 1;
      }
      if (left <= 0) return;
      if (overridden) continue;
      yield pair;
      left -= 1;
      if (left <= 0) return;
    }
    for (; mine.done !== true && left > 0; mine = own.next()) {
      const { key, value } = mine.value;
      if (value === null) continue;
      yield { key, value };
      left -= 1;
    }
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.open().put(key, value);
  }

  insert(key: Uint8Array, value: Uint8Array): void {
    this.open().insert(key, value);
  }

  delete(key: Uint8Array): void {
    this.open().delete(key);
  }

  buffered(key: Uint8Array): Buffer | null | undefined {
    return this.open().get(key);
  }

  lockKeys(keys: readonly Uint8Array[]): void {
    for (const key of keys) this.open().lock(key);
  }

  primaryKey(): Buffer | undefined {
    return this.buffer.primary();
  }

  savepoint(): Savepoint {
    return this.open().savepoint();
  }

  rollbackTo(savepoint: Savepoint): void {
    this.open().rollbackTo(savepoint);
  }

  async commit(options: CommitOptions = {}): Promise<Timestamp> {
    const buffer = this.open();
    this.finished = true;
    try {
      const primary = buffer.primary();
      if (primary === undefined) return 0n;
      return await this.run({ startTs: this.startTs, primary, mutations: buffer.mutations(), options });
    } finally {
      this.ended();
    }
  }

  async rollback(): Promise<void> {
    if (this.finished) return;
    this.finished = true;
    this.ended();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.rollback();
  }

  private open(): WriteBuffer {
    if (this.finished) {
      throw new StorageError('INVALID', `the transaction with start_ts ${this.startTs} has ended; begin a new one`);
    }
    return this.buffer;
  }
}
