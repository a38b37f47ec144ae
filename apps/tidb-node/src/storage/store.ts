import type { Compare, KeyValue } from '@tidb-js/etcd-session';
import type { LockRecord } from './etcd/record.js';
import type { KeyRange, Pair, StoreCallOptions, Timestamp, UnreadPut } from './types.js';

/**
 * One change of a transaction, as it goes into the prewrite. `insert` is a put of a key that must not exist, `absent` changes
 * nothing but wants the same.
 */
export interface Mutation {
  readonly kind: 'put' | 'insert' | 'delete' | 'lock' | 'absent';
  readonly key: Buffer;
  readonly value: Buffer;
}

/** A lock met by a read or a prewrite. */
export interface Lock extends LockRecord {
  readonly key: Buffer;
  /** When it was seen, and which version of it: the store's own marks. */
  readonly seenRevision: bigint;
  readonly modRevision: bigint;
}

/** Some locks of the store. */
export interface LockPage {
  readonly locks: readonly Lock[];
  /** Undefined at the end. */
  readonly next: Buffer | undefined;
}

/** What a point read found: the value at the timestamp, or the lock that hides it. */
export type ReadResult =
  | { readonly kind: 'value'; readonly value: Buffer | undefined }
  | { readonly kind: 'locked'; readonly lock: Lock };

/** A part of a scan. */
export interface ScanPage {
  readonly pairs: readonly Pair[];
  /** Locks that hide keys at or after the place where `pairs` ends; resolve them and go on from `rest`. */
  readonly locks: readonly Lock[];
  /** What is still to be read; undefined at the end. */
  readonly rest: KeyRange | undefined;
}

export interface PrewriteRequest {
  readonly mutations: readonly Mutation[];
  readonly primary: Buffer;
  readonly startTs: Timestamp;
  readonly ttlMs: number;
  /** Whether the answer shall tell what a commit timestamp can be made of. */
  readonly wantsCommitTs?: boolean;
}

/** A part of a transaction whose keys are locked: what its commit needs. */
export interface Prewritten extends PrewriteRequest {
  /** The store's own mark of the locks. */
  readonly revision: bigint;
  /** What the timestamps of that revision are made of; missing where it was not asked for, or the answer to the prewrite was lost. */
  readonly anchor: KeyValue | undefined;
}

/** Why a prewrite was refused. */
export type PrewriteRefusal =
  | { readonly kind: 'locked'; readonly lock: Lock }
  | { readonly kind: 'conflict'; readonly key: Buffer; readonly startTs: Timestamp; readonly commitTs: Timestamp }
  | { readonly kind: 'exists'; readonly key: Buffer }
  /** The transaction was rolled back by another process. */
  | { readonly kind: 'rolledBack' }
  /** start_ts lies before the GC safe point. */
  | { readonly kind: 'tooOld'; readonly safePoint: Timestamp };

export type PrewriteResult =
  | { readonly kind: 'prewritten'; readonly part: Prewritten }
  | { readonly kind: 'refused'; readonly refusals: readonly PrewriteRefusal[] };

export type CommitResult = 'committed' | 'rolledBack' | 'fenced';

/** The fate of a transaction, as its primary key tells it. */
export type TransactionStatus =
  | { readonly kind: 'committed'; readonly commitTs: Timestamp }
  | { readonly kind: 'rolledBack' }
  /** Its owner may still be at work, for `ttlLeftMs` unless it asks for more. */
  | { readonly kind: 'locked'; readonly lock: Lock; readonly ttlLeftMs: number }
  /** No trace of it: not begun to prewrite, or all of it collected. Only without `rollBack`. */
  | { readonly kind: 'unknown' };

/**
 * The calls of a transactional key-value store, shaped like TiKV's: each touches the keys it names at a timestamp and knows
 * nothing of buffers, retries or waiting. What talks to it is {@link Snapshot} and the committer, so another store can stand here.
 *
 * All calls throw StorageError: `UNAVAILABLE` when the store does not answer (for a write: it may have happened).
 */
export interface Store {
  /** At most so many mutations fit into one `prewrite`, and the parts of one commit. */
  readonly maxPartKeys: number;
  /** At most so many bytes of keys and values in one part; one mutation must fit alone. */
  readonly maxPartBytes: number;
  get(key: Uint8Array, ts: Timestamp, options: StoreCallOptions): Promise<ReadResult>;
  batchGet(keys: readonly Uint8Array[], ts: Timestamp, options: StoreCallOptions): Promise<ReadResult[]>;
  scan(range: KeyRange, ts: Timestamp, limit: number, reverse: boolean, options: StoreCallOptions): Promise<ScanPage>;
  /** Lock all keys of one part, or none. Asking again for what is already locked by the same start_ts succeeds. */
  prewrite(request: PrewriteRequest, options: StoreCallOptions): Promise<PrewriteResult>;
  /** Turn the locks of one part into versions, all or none, if the fence holds. Asking again is safe. */
  commit(
    part: Prewritten,
    commitTs: Timestamp,
    fence: readonly Compare[],
    options: StoreCallOptions,
  ): Promise<CommitResult>;
  /** See {@link Storage.putUnread}: all of these, or none and false. At most {@link Store.maxPartKeys} guards. */
  putUnread(
    puts: readonly UnreadPut[],
    asOf: Timestamp,
    commitTs: Timestamp,
    options: StoreCallOptions,
  ): Promise<boolean>;
  /** Remove a transaction's locks from these keys and make sure it can never commit. */
  rollback(keys: readonly Buffer[], startTs: Timestamp, options: StoreCallOptions): Promise<void>;
  /** Make the primary's lock live until `ttlMs` after start_ts. Answers whether it is still there. */
  heartbeat(part: Prewritten, ttlMs: number, options: StoreCallOptions): Promise<boolean>;
  /**
   * What became of a transaction. With `rollBack`, one whose lock has outlived its ttl at `now`, or of which there is no
   * trace, is rolled back first, so that the answer is final.
   */
  status(
    primary: Buffer,
    startTs: Timestamp,
    now: Timestamp,
    rollBack: boolean,
    options: StoreCallOptions,
  ): Promise<TransactionStatus>;
  /** Carry out the fate of a transaction on one of its locks: 0n rolls it back. */
  resolve(lock: Lock, commitTs: Timestamp, options: StoreCallOptions): Promise<void>;
  /** Wait until this lock is gone or changed, at most so long. */
  waitForChange(lock: Lock, ms: number, options: StoreCallOptions): Promise<void>;
  /** Locks of transactions that began before `ts`, in key order from `start`; `next` is where to go on. */
  locksBefore(ts: Timestamp, start: Uint8Array, limit: number, options: StoreCallOptions): Promise<LockPage>;
}
