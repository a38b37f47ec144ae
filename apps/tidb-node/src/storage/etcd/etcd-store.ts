import { type Compare, compare, EtcdError, op } from '@tidb-js/etcd-session';
import { StorageError } from '../errors.js';
import type {
  CommitResult,
  Lock,
  LockPage,
  PrewriteRequest,
  PrewriteResult,
  Prewritten,
  ReadResult,
  ScanPage,
  Store,
  TransactionStatus,
} from '../store.js';
import type { KeyRange, StoreCallOptions, Timestamp, UnreadPut } from '../types.js';
import { commitPart, heartbeatPart, locksBefore, resolveLock, rollbackKeys, waitForChange } from './commit.js';
import { encodeTs } from './layout.js';
import { prewritePart } from './prewrite.js';
import { readKey, readKeys } from './reads.js';
import { scanPage } from './scan.js';
import type { Space } from './space.js';
import { transactionStatus } from './status.js';
import { putUnread } from './unread.js';

export interface EtcdStoreLimits {
  /** etcd's `--max-txn-ops` (128). */
  readonly maxTxnOps: number;
  /** etcd's `--max-request-bytes` (1.5 MiB). */
  readonly maxRequestBytes: number;
}

/** Conditions of a prewrite that are not about one key, and some for a fence. */
const COMMON_CONDITIONS = 8;

/** The transactional store on etcd: locks and versions as keys, each step one etcd transaction. */
export class EtcdStore implements Store {
  readonly maxPartKeys: number;
  readonly maxPartBytes: number;

  private constructor(
    private readonly space: Space,
    limits: EtcdStoreLimits,
  ) {
    // A prewrite takes two conditions a key, a commit two operations.
    this.maxPartKeys = Math.floor((limits.maxTxnOps - COMMON_CONDITIONS) / 2);
    // Keys appear in conditions, operations and locks, so they count several times; what is left is for them.
    this.maxPartBytes = Math.floor(limits.maxRequestBytes * 0.9);
  }

  /** Open the store; the first one to do so lays out what it needs. */
  static async open(space: Space, limits: EtcdStoreLimits, options: StoreCallOptions = {}): Promise<EtcdStore> {
    const { safePoint } = space.layout;
    await guarded(() =>
      space.client.txn(
        { compare: [compare.create(safePoint, '=', 0n)], success: [op.put(safePoint, encodeTs(0n))] },
        callOptions(options),
      ),
    );
    return new EtcdStore(space, limits);
  }

  get(key: Uint8Array, ts: Timestamp, options: StoreCallOptions): Promise<ReadResult> {
    return guarded(() => readKey(this.space, key, ts, callOptions(options)));
  }

  batchGet(keys: readonly Uint8Array[], ts: Timestamp, options: StoreCallOptions): Promise<ReadResult[]> {
    return guarded(() => readKeys(this.space, keys, ts, callOptions(options)));
  }

  scan(range: KeyRange, ts: Timestamp, limit: number, reverse: boolean, options: StoreCallOptions): Promise<ScanPage> {
    return guarded(() => scanPage(this.space, range, ts, limit, reverse, callOptions(options)));
  }

  prewrite(request: PrewriteRequest, options: StoreCallOptions): Promise<PrewriteResult> {
    return guarded(() => prewritePart(this.space, request, callOptions(options)));
  }

  commit(
    part: Prewritten,
    commitTs: Timestamp,
    fence: readonly Compare[],
    options: StoreCallOptions,
  ): Promise<CommitResult> {
    return guarded(() => commitPart(this.space, part, commitTs, fence, callOptions(options)));
  }

  putUnread(
    puts: readonly UnreadPut[],
    asOf: Timestamp,
    commitTs: Timestamp,
    options: StoreCallOptions,
  ): Promise<boolean> {
    return guarded(() => putUnread(this.space, puts, asOf, commitTs, callOptions(options)));
  }

  rollback(keys: readonly Buffer[], startTs: Timestamp, options: StoreCallOptions): Promise<void> {
    return guarded(() => rollbackKeys(this.space, keys, startTs, callOptions(options)));
  }

  heartbeat(part: Prewritten, ttlMs: number, options: StoreCallOptions): Promise<boolean> {
    return guarded(() => heartbeatPart(this.space, part, ttlMs, callOptions(options)));
  }

  status(
    primary: Buffer,
    startTs: Timestamp,
    now: Timestamp,
    rollBack: boolean,
    options: StoreCallOptions,
  ): Promise<TransactionStatus> {
    return guarded(() => transactionStatus(this.space, primary, startTs, now, rollBack, callOptions(options)));
  }

  resolve(lock: Lock, commitTs: Timestamp, options: StoreCallOptions): Promise<void> {
    return guarded(() => resolveLock(this.space, lock, commitTs, callOptions(options)));
  }

  waitForChange(lock: Lock, ms: number, options: StoreCallOptions): Promise<void> {
    return guarded(() => waitForChange(this.space, lock, ms, callOptions(options)));
  }

  locksBefore(ts: Timestamp, start: Uint8Array, limit: number, options: StoreCallOptions): Promise<LockPage> {
    return guarded(() => locksBefore(this.space, ts, start, limit, callOptions(options)));
  }
}

/** etcd's client takes no undefined members. */
function callOptions({ signal }: StoreCallOptions): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** Run a call; what it throws comes out as a StorageError. */
async function guarded<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof EtcdError && error.code === 'ABORTED') {
      throw new StorageError('ABORTED', 'the wait for the storage was ended by its caller', { cause: error });
    }
    throw StorageError.from(error);
  }
}
