import { setTimeout as sleep } from 'node:timers/promises';
import { StorageError } from './errors.js';
import type { TimestampOracle } from './oracle/oracle.js';
import type { Lock, Store, TransactionStatus } from './store.js';
import type { StoreCallOptions } from './types.js';

/** How long a read or a prewrite waits for locks before it gives up. A lock that is kept alive longer is a transaction at work. */
const PATIENCE_MS = 40_000;
/** A lock lives for two round trips as a rule, so it is looked at again soon a few times before a watch is opened for it. */
const SOON_MS = [1, 2, 4, 8, 16];
/** Fates of transactions that are remembered: a large one leaves many locks with the same answer. */
const REMEMBERED = 1_024;

/**
 * Gets locks of other transactions out of the way: asks their primary what became of them and carries that out; waits for those that
 * are at work; rolls back those whose time is over, so that a dead process holds nobody up for longer than its ttl.
 */
export class LockResolver {
  private readonly fates = new Map<bigint, bigint>();

  constructor(
    private readonly store: Store,
    private readonly oracle: TimestampOracle,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  /** A budget of patience for one read or one prewrite. */
  patience(options: StoreCallOptions): Patience {
    return new Patience(this, Date.now() + this.patienceMs, options);
  }

  /** Settle locks whose fate is known; answers those of transactions still at work. */
  async settle(locks: readonly Lock[], options: StoreCallOptions): Promise<readonly WaitingLock[]> {
    const waiting = await Promise.all(locks.map((lock) => this.settleOne(lock, options)));
    return waiting.filter((lock) => lock !== undefined);
  }

  private async settleOne(lock: Lock, options: StoreCallOptions): Promise<WaitingLock | undefined> {
    let commitTs = this.fates.get(lock.startTs);
    if (commitTs === undefined) {
      const status = await this.statusOf(lock, options);
      if (status.kind === 'locked') return { lock, ttlLeftMs: status.ttlLeftMs };
      commitTs = status.kind === 'committed' ? status.commitTs : 0n;
      this.remember(lock.startTs, commitTs);
    }
    await this.store.resolve(lock, commitTs, options);
    return undefined;
  }

  private async statusOf(lock: Lock, options: StoreCallOptions): Promise<TransactionStatus> {
    const now = await this.oracle.transactionTs(options);
    return this.store.status(lock.primary, lock.startTs, now, true, options);
  }

  private remember(startTs: bigint, commitTs: bigint): void {
    if (this.fates.size >= REMEMBERED) {
      const oldest = this.fates.keys().next().value;
      if (oldest !== undefined) this.fates.delete(oldest);
    }
    this.fates.set(startTs, commitTs);
  }

  wait(lock: Lock, ms: number, options: StoreCallOptions): Promise<void> {
    return this.store.waitForChange(lock, ms, options);
  }
}

/** A lock of a transaction that may still be at work, and how long it may. */
export interface WaitingLock {
  readonly lock: Lock;
  readonly ttlLeftMs: number;
}

/** What is left of the patience of one read or prewrite that meets locks again and again. */
export class Patience {
  private meetings = 0;

  constructor(
    private readonly resolver: LockResolver,
    private readonly until: number,
    private readonly options: StoreCallOptions,
  ) {}

  /**
   * Return when it makes sense to try again.
   *
   * @throws StorageError LOCK_TIMEOUT when patience is over, ABORTED by the signal.
   */
  async clear(locks: readonly Lock[]): Promise<void> {
    const [first] = await this.resolver.settle(locks, this.options);
    if (first === undefined) return;
    const leftMs = this.until - Date.now();
    if (leftMs <= 0) {
      throw new StorageError(
        'LOCK_TIMEOUT',
        `Resolve lock timeout: the key ${first.lock.key.toString('hex')} is locked by the transaction with start_ts ${first.lock.startTs}, which is kept alive; end that transaction or try again`,
        { key: first.lock.key },
      );
    }
    const soonMs = SOON_MS[this.meetings];
    this.meetings += 1;
    if (soonMs === undefined) {
      await this.resolver.wait(first.lock, Math.min(leftMs, Math.max(first.ttlLeftMs, 1)), this.options);
      return;
    }
    const { signal } = this.options;
    try {
      await sleep(soonMs, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      throw new StorageError('ABORTED', 'the wait for a lock was ended by its caller', { cause: error });
    }
  }
}
