import type { CallOptions, Compare } from './client/types.js';
import type { Tenure } from './queue.js';
import type { Session } from './session.js';

/** A lock among all sessions, in whatever language: keys as Go's `concurrency.Mutex` and `etcdctl lock` write them. */
export declare class Mutex {
  constructor(session: Session, prefix: string);
  /** Waits for the lock. Ending the wait by `signal` leaves the queue. */
  lock(options?: { readonly signal?: AbortSignal }): Promise<Tenure>;
  /** Takes the lock if it is free, else rejects with `LOCKED`. */
  tryLock(options?: CallOptions): Promise<Tenure>;
  /** Frees the lock; `LOCK_RELEASED` when it is not held. */
  unlock(options?: CallOptions): Promise<void>;
  /** Runs `fn` under the lock; its signal fires when the lock is lost meanwhile, and then the result is `SESSION_LOST`. */
  withLock<T>(fn: (tenure: Tenure) => Promise<T> | T, options?: { readonly signal?: AbortSignal }): Promise<T>;
  /** The condition for a transaction that only the holder may make. `LOCK_RELEASED` when the lock is not held. */
  fence(): readonly Compare[];
}
