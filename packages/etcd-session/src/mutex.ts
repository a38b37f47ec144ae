import { EtcdError } from './client/errors.js';
import { abortError, LinkedAbort } from './client/linked-abort.js';
import type { CallOptions, Compare } from './client/types.js';
import { LocalQueue } from './local-queue.js';
import { type Joined, Place } from './place.js';
import type { Session } from './session.js';
import type { KeyTenure, Tenure } from './tenure.js';
import { type WaitOptions, within } from './within.js';

/** The tasks of this process that want the same key, which is one for all of a session. */
const localQueues = new WeakMap<Session, Map<string, LocalQueue>>();

function localQueue(session: Session, prefix: string): LocalQueue {
  const queues = localQueues.get(session) ?? new Map<string, LocalQueue>();
  localQueues.set(session, queues);
  const queue = queues.get(prefix) ?? new LocalQueue();
  queues.set(prefix, queue);
  return queue;
}

/**
 * A lock among all sessions, in whatever language: keys and order are those of Go's `concurrency.Mutex` and of `etcdctl lock`.
 *
 * In Go, one session may hold a lock twice, because both holders find the same key. Here tasks that share a session exclude each other too: they
 * queue up within the process, in the order they came, before one of them queues up in etcd.
 *
 * A lock alone cannot stop a holder that was suspended from acting late. What must be safe goes into an etcd transaction under {@link fence},
 * or to a store that refuses a lower `createRevision` than it has seen.
 */
export class Mutex {
  readonly prefix: string;
  readonly #session: Session;
  readonly #place: Place;
  readonly #local: LocalQueue;
  #tenure: KeyTenure | undefined;

  constructor(session: Session, prefix: string) {
    if (prefix === '') throw new EtcdError('INVALID_ARGUMENT', 'the prefix of a mutex must not be empty');
    this.prefix = prefix;
    this.#session = session;
    this.#place = new Place(session, prefix);
    this.#local = localQueue(session, prefix);
  }

  /**
   * Waits for the lock, however long; transport errors are waited out. Rejects with `ABORTED` when `signal` ends the wait (the waiter has left the
   * queue by then, or as soon as etcd can be reached), with `SESSION_LOST` when the session ends or somebody deleted the waiter's key.
   */
  async lock(options: WaitOptions = {}): Promise<Tenure> {
    const linked = new LinkedAbort(options.signal, this.#session.signal);
    try {
      await this.#local.enter(linked.signal);
    } finally {
      linked.unlink();
    }
    const { signal } = options;
    return await this.#acquire(async (joining) => {
      const joined = await within(joining, { ...(signal && { signal }) }, 'lock');
      const turn = await this.#place.waitForTurn(joined, signal);
      if (turn === undefined) throw new EtcdError('SESSION_LOST', `mutex: session is expired (${this.prefix})`);
      return await this.#place.tenure(joined.createRevision, turn);
    });
  }

  /** Takes the lock if it is free; rejects with `LOCKED` if another session, or another task of this one, has it or waits for it. */
  async tryLock(options: CallOptions = {}): Promise<Tenure> {
    if (options.signal?.aborted) throw abortError(options.signal);
    if (!this.#local.free) throw locked(this.prefix);
    await this.#local.enter();
    return await this.#acquire(async (joining) => {
      const { createRevision, first, revision } = await within(joining, { timeoutMs: 5000, ...options }, 'tryLock');
      if (!first) throw locked(this.prefix);
      return await this.#place.tenure(createRevision, revision);
    });
  }

  /**
   * Frees the lock, so that the next in the queue gets it; rejects with `LOCK_RELEASED` when it is not held, or was lost. With `DEADLINE` or `ABORTED` it has not
   * been confirmed yet, and goes on in the background until it is, or the session ends.
   */
  async unlock(options: CallOptions = {}): Promise<void> {
    const tenure = this.#tenure;
    if (tenure === undefined) throw released(this.prefix);
    this.#tenure = undefined;
    const lost = tenure.ended;
    tenure.end(new EtcdError('CLOSED', `the lock ${this.prefix} was given up`));
    const left = this.#place.leave(tenure.createRevision).finally(() => this.#local.next());
    const stood = await within(left, { timeoutMs: 5000, ...options }, 'unlock');
    if (lost || !stood) throw released(this.prefix);
  }

  /**
   * Runs `fn` under the lock and frees it again. The tenure that `fn` gets has a signal that fires when the lock is lost meanwhile (its session ended, its key
   * was deleted). Whether `fn` reads that signal or not: when the lock was lost, the result cannot be relied on, and withLock rejects with `SESSION_LOST`.
   */
  async withLock<T>(fn: (tenure: Tenure) => Promise<T> | T, options: WaitOptions = {}): Promise<T> {
    const tenure = await this.lock(options);
    const unlocked = async () => {
      try {
        await this.unlock();
      } catch (caught) {
        // Not confirmed is not lost: unlock() goes on in the background.
        const error = EtcdError.from(caught);
        if (error.code === 'LOCK_RELEASED') throw lost(this.prefix, error);
      }
    };
    let result: T;
    try {
      result = await fn(tenure);
    } catch (error) {
      await unlocked().catch(() => undefined);
      throw error;
    }
    await unlocked();
    return result;
  }

  /** The condition that makes a transaction the holder's. Throws `LOCK_RELEASED` when the lock is not held. */
  fence(): readonly Compare[] {
    if (this.#tenure === undefined || this.#tenure.ended) throw released(this.prefix);
    return this.#place.fence(this.#tenure.createRevision);
  }

  /** Joins the queue and waits as `win` does; who fails leaves it, and only then lets the next task of this process in. */
  async #acquire(win: (joining: Promise<Joined>) => Promise<KeyTenure>): Promise<Tenure> {
    const joining = this.#place.join('');
    try {
      this.#tenure = await win(joining);
      return this.#tenure;
    } catch (error) {
      const left = joining
        .then(({ createRevision }) => this.#place.leave(createRevision))
        .finally(() => this.#local.next());
      await within(left, { timeoutMs: 5000 }, `leaving ${this.prefix}`).catch(() => undefined);
      throw error;
    }
  }
}

function locked(prefix: string): EtcdError {
  return new EtcdError('LOCKED', `mutex: Locked by another session (${prefix})`);
}

function released(prefix: string): EtcdError {
  return new EtcdError('LOCK_RELEASED', `mutex: lock has already been released (${prefix})`);
}

function lost(prefix: string, cause: EtcdError): EtcdError {
  return new EtcdError(
    'SESSION_LOST',
    `the lock ${prefix} was lost while it was held: what was done under it may have overlapped with another holder`,
    { cause },
  );
}
