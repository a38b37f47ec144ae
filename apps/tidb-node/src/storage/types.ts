import type { Compare } from '@tidb-js/etcd-session';

/** A timestamp of the cluster: milliseconds since 1970 shifted left by 18, plus a logical part. 0n means "none". */
export type Timestamp = bigint;

/** What every call that goes to the store takes last. */
export interface StoreCallOptions {
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
}

/** The half-open interval of keys `[start, end)`, in the order of their bytes. */
export interface KeyRange {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
}

/** One pair of a scan. */
export interface Pair {
  readonly key: Buffer;
  readonly value: Buffer;
}

export interface ScanOptions extends StoreCallOptions {
  /** Stop after so many pairs. Without it the scan goes to the end of the range. */
  readonly limit?: number | undefined;
  /** From the last key to the first. */
  readonly reverse?: boolean | undefined;
}

/** A reader of the store as it was at one timestamp. Reads never see part of a transaction. */
export interface Snapshot {
  /** Everything committed at this timestamp or before is seen, and nothing after it. */
  readonly ts: Timestamp;
  /** The value of a key, or undefined. */
  get(key: Uint8Array, options?: StoreCallOptions): Promise<Buffer | undefined>;
  /** The values of many keys, in the order of `keys`; undefined where there is none. */
  batchGet(keys: readonly Uint8Array[], options?: StoreCallOptions): Promise<(Buffer | undefined)[]>;
  /** The pairs of a range in the order of their keys, fetched in pages as the consumer goes on. */
  scan(range: KeyRange, options?: ScanOptions): AsyncIterable<Pair>;
}

/** A point in a transaction's buffer to which it can go back. */
export type Savepoint = number & { readonly savepoint: unique symbol };

/** The schema that a transaction was built with: the commit asks the domain whether it still holds (8027, 8028). */
export interface SchemaUse {
  readonly version: bigint;
  /** The tables (physical and logical ids) that the transaction wrote to. */
  readonly tableIds: readonly number[];
}

export interface CommitOptions extends StoreCallOptions {
  /** The marshalled PrewriteValue of the transaction. Absent: nothing is sent to the Pumps. */
  readonly prewriteValue?: Uint8Array | undefined;
  /** Checked after the prewrite, before the commit. Absent: not checked (internal transactions). */
  readonly schema?: SchemaUse | undefined;
  /** Conditions on etcd that must hold in the very transaction that commits: the fence of an owner. */
  readonly fence?: readonly Compare[] | undefined;
}

/**
 * An optimistic transaction with snapshot isolation. Writes stay in memory until {@link Transaction.commit}; reads see
 * them over the snapshot at `startTs`. Not for use by several statements at the same time.
 */
export interface Transaction extends Snapshot, AsyncDisposable {
  readonly startTs: Timestamp;
  /** Whether commit or rollback was called. */
  readonly finished: boolean;
  /** Number of keys written or locked. */
  readonly size: number;
  /** Bytes of keys and values buffered. */
  readonly bytes: number;
  /** The snapshot below the buffer, for reads that must not see own writes. */
  readonly snapshot: Snapshot;
  set(key: Uint8Array, value: Uint8Array): void;
  /**
   * Set a key that must not exist when the transaction commits. It is checked by the prewrite, at no cost of a read: a key
   * found then fails the commit with `KEY_EXISTS`. A key in the own buffer fails at once with the same code.
   */
  insert(key: Uint8Array, value: Uint8Array): void;
  delete(key: Uint8Array): void;
  /** The buffer's own entry: a value, `null` for a key deleted here, undefined for a key not written here. */
  buffered(key: Uint8Array): Buffer | null | undefined;
  /**
   * Make the commit fail when another transaction changes one of these keys meanwhile (`SELECT … FOR UPDATE`).
   * Nothing is sent before the commit.
   */
  lockKeys(keys: readonly Uint8Array[]): void;
  /** The key whose fate is the transaction's fate: the first that was written. Undefined while nothing is written. */
  primaryKey(): Buffer | undefined;
  /** Mark the present state of the buffer. */
  savepoint(): Savepoint;
  /** Forget all writes and locks made after the mark. */
  rollbackTo(savepoint: Savepoint): void;
  /**
   * Commit. Answers the commit timestamp, or 0n for a transaction that wrote nothing.
   * A failure leaves nothing behind, unless its error says `outcomeUnknown`.
   */
  commit(options?: CommitOptions): Promise<Timestamp>;
  /** Drop the buffer. Idempotent; after a commit it does nothing. */
  rollback(): Promise<void>;
}

/** A key that no reader looks at yet. */
export interface UnreadPut {
  readonly key: Buffer;
  readonly value: Buffer;
  /** Keys that must be as they were when the value was made. */
  readonly guards: readonly Buffer[];
}

/** The storage as SQL and DDL see it. */
export interface Storage extends AsyncDisposable {
  /** A timestamp above all that were handed out, in any process, before this call. Unique in the cluster. */
  timestamp(options?: StoreCallOptions): Promise<Timestamp>;
  /** Begin a transaction at a fresh timestamp, or at the one given. */
  begin(options?: StoreCallOptions & { readonly startTs?: Timestamp }): Promise<Transaction>;
  /** Read at a timestamp of the past (not before the GC safe point), or, with `latest()`, what is newest when each read is made. */
  snapshot(ts: Timestamp): Snapshot;
  /** Each read sees all that is committed when it is made; one point read then costs one round trip. */
  latest(): Snapshot;
  /** All that is committed before this call, at one point in time. */
  present(options?: StoreCallOptions): Promise<Snapshot>;
  /**
   * Put keys that nobody reads yet, as of an index that is being filled. Each put is for itself, at a timestamp after the present; it happens only if none of
   * its guards has changed since `asOf`, or is about to. So neither locks nor a second phase are needed: whoever changes a guard later also
   * sees to the key, above this version.
   *
   * @throws StorageError WRITE_CONFLICT when a guard has changed; some of the puts may have happened then.
   */
  putUnread(puts: readonly UnreadPut[], asOf: Timestamp, options?: StoreCallOptions): Promise<void>;
  close(): Promise<void>;
}
