import { observed, publish } from './client/diagnostics.js';
import { EtcdError } from './client/errors.js';
import type { EtcdClient } from './client/etcd-client.js';
import { abortError } from './client/linked-abort.js';
import type { CallOptions, Logger } from './client/types.js';
import { type Clock, systemClock } from './clock.js';
import { type Belief, LeaseDeadline, type Moment, readClock } from './lease-deadline.js';
import { type GrantedLease, grantLease } from './lease-grant.js';
import { type KeptLease, LeaseKeeper } from './lease-keeper.js';
import { whenAborted } from './when-aborted.js';

/** How {@link Session.create} obtains its lease. */
export interface SessionOptions {
  /** Seconds the lease lives without a keepalive; default 60. etcd raises what is below its own minimum (2 with its default timings). */
  readonly ttlSeconds?: number;
  /** How often to try to obtain the lease; default 3. `'unlimited'` tries until `signal` ends it. */
  readonly attempts?: number | 'unlimited';
  /** Pause between two tries in milliseconds; default 200. */
  readonly intervalMs?: number;
  /** Take part in a lease that exists already instead of asking for a new one. */
  readonly leaseId?: bigint;
  /** Ends the wait for the lease (not the session that came of it). A lease that was granted by then is revoked. */
  readonly signal?: AbortSignal;
  /** What the session reads the time from; the machine's clocks unless told. */
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** However long the TTL, a keepalive leaves at least this often. */
const longestIntervalMs = 3_600_000;

/** Waits for the answer to a keepalive that was sent after it began. */
interface Refresh {
  readonly askedAt: Moment;
  readonly settle: (error?: EtcdError) => void;
}

/**
 * A lease that is kept alive, and the belief in it.
 *
 * The belief ends at the time the last answered keepalive was *sent* plus the TTL that the server granted, so never later
 * than the server can give away what hangs on the lease. Monotonic time decides; the wall clock and the time since boot are
 * witnesses for a machine that slept. When they contradict it, {@link assertHeld} refuses with
 * `SESSION_UNCONFIRMED` and asks etcd at once: a wall clock that somebody set costs a healthy session nothing else.
 *
 * Follows `concurrency.Session` of Go's client and the NewSession of TiDB's owner package, save that the belief is shorter (Go counts from the answer).
 */
export class Session implements AsyncDisposable {
  /**
   * Obtains a lease and keeps it alive. Ends with the last error after `attempts`; at once with `ABORTED`, `CLOSED` or
   * `INVALID_ARGUMENT`. No failed try leaves a lease behind.
   */
  static async create(client: EtcdClient, options: SessionOptions = {}): Promise<Session> {
    const { ttlSeconds = 60, attempts = 3, intervalMs = 200, clock = systemClock, leaseId, logger, signal } = options;
    if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > 9_000_000_000) {
      throw invalid('ttlSeconds', ttlSeconds, 'must be a whole number of seconds from 1 to 9,000,000,000');
    }
    if (attempts !== 'unlimited' && (!Number.isInteger(attempts) || attempts < 1)) {
      throw invalid('attempts', attempts, "must be a whole number of at least 1, or 'unlimited'");
    }
    if (!(intervalMs >= 0 && intervalMs <= 2 ** 31 - 1)) {
      throw invalid('intervalMs', intervalMs, 'must be from 0 to 2147483647 milliseconds');
    }
    if (leaseId === undefined) {
      const lease = await grantLease(client, { ttlSeconds, attempts, intervalMs, clock, logger, signal });
      return new Session(client, lease, clock, logger);
    }
    if (leaseId <= 0n) throw invalid('leaseId', leaseId, 'must be the positive id of a lease that exists');
    const sentAt = readClock(clock);
    const lease = await client.leaseKeepAliveOnce(leaseId, signal === undefined ? {} : { signal });
    return new Session(client, { ...lease, sentAt }, clock, logger);
  }

  /** The client that the session was created on. */
  readonly client: EtcdClient;
  readonly leaseId: bigint;
  /** The lease id in lower-case hex without padding, as Go writes it into keys. */
  readonly leaseHex: string;
  /** Aborts when the session ends; its reason is an {@link EtcdError}: `SESSION_LOST`, or `CLOSED` after close() or orphan(). */
  readonly signal: AbortSignal;
  /** Resolves with the same reason when the session ends; never rejects. */
  readonly done: Promise<EtcdError>;

  readonly #deadline: LeaseDeadline;
  readonly #keeper: LeaseKeeper;
  readonly #kept: KeptLease;
  readonly #ended = new AbortController();
  readonly #refreshes = new Set<Refresh>();
  readonly #clock: Clock;
  readonly #logger: Logger | undefined;
  #ttlSeconds: number;
  #end: EtcdError | undefined;
  #deadlineTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  private constructor(client: EtcdClient, lease: GrantedLease, clock: Clock, logger: Logger | undefined) {
    this.client = client;
    this.leaseId = lease.id;
    this.leaseHex = lease.id.toString(16);
    this.signal = this.#ended.signal;
    this.done = new Promise((resolve) => {
      whenAborted(this.signal, () => resolve(this.signal.reason));
    });
    this.#ttlSeconds = lease.ttlSeconds;
    this.#clock = clock;
    this.#logger = logger;
    this.#deadline = new LeaseDeadline(clock, lease.sentAt, lease.ttlSeconds);
    this.#kept = {
      leaseId: lease.id,
      intervalMs: Math.min((lease.ttlSeconds * 1000) / 3, longestIntervalMs),
      now: () => readClock(clock),
      onAnswer: (sentAt, ttlSeconds) => this.#onAnswer(sentAt, ttlSeconds),
      onClosed: (error) => this.#lose('the client was closed', error),
    };
    this.#keeper = LeaseKeeper.of(client);
    this.#keeper.keep(this.#kept);
    this.#armDeadline();
    logger?.debug({ leaseId: this.leaseHex, ttlSeconds: lease.ttlSeconds }, 'session opened');
  }

  /** The TTL in seconds that the server granted last. */
  get ttlSeconds(): number {
    return this.#ttlSeconds;
  }

  /** Milliseconds for which the lease is certainly held, counted from this call; 0 when it is not or that is in doubt. */
  remainingMs(): number {
    return this.#deadline.remainingMs(this.#judge());
  }

  /**
   * Throws unless the lease is certainly held at this very moment, whatever timers and events are still to come:
   * `SESSION_LOST` (or `CLOSED`) when the session has ended, `SESSION_UNCONFIRMED` when clocks disagree and etcd is being asked.
   */
  assertHeld(): void {
    const belief = this.#judge();
    if (this.#end !== undefined) throw this.#end;
    if (belief === 'held') return;
    throw new EtcdError(
      'SESSION_UNCONFIRMED',
      `session ${this.leaseHex}: the clocks of this machine disagree on whether its TTL has passed; etcd is being asked: await refresh() and try again`,
      { retryable: true },
    );
  }

  /** Sends a keepalive now and resolves when etcd has answered it; rejects with the session's end, or `DEADLINE` after `timeoutMs` (5,000). */
  refresh(options: CallOptions = {}): Promise<void> {
    this.#judge();
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const { signal, timeoutMs = 5000 } = options;
    if (signal?.aborted) return Promise.reject(abortError(signal));
    return new Promise((resolve, reject) => {
      const settle = (error?: EtcdError) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#refreshes.delete(refresh);
        if (error === undefined) resolve();
        else reject(error);
      };
      const refresh: Refresh = { askedAt: readClock(this.#clock), settle };
      const onAbort = () => {
        if (signal !== undefined) settle(abortError(signal));
      };
      const timer = setTimeout(
        () =>
          settle(
            new EtcdError('DEADLINE', `session ${this.leaseHex}: no answer to a keepalive within ${timeoutMs} ms`, {
              retryable: true,
            }),
          ),
        timeoutMs,
      );
      whenAborted(signal, onAbort);
      this.#refreshes.add(refresh);
      this.#keeper.send(this.#kept);
    });
  }

  /**
   * Ends the session and revokes its lease, so that everything that hangs on it goes at once. Idempotent. Rejects when etcd
   * could not be told within `timeoutMs` (the client's default unless given): the lease then ends by its TTL.
   */
  close(options: CallOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  /** Ends the session and leaves its lease to expire, with what hangs on it. */
  orphan(): void {
    this.#finish(new EtcdError('CLOSED', `session ${this.leaseHex} was orphaned`));
  }

  /** As {@link close}; a lease that could not be revoked is left to its TTL in silence. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch((err) => this.#logger?.warn({ err, leaseId: this.leaseHex }, 'lease not revoked'));
  }

  async #close(options: CallOptions): Promise<void> {
    this.#finish(new EtcdError('CLOSED', `session ${this.leaseHex} was closed`));
    try {
      await this.client.leaseRevoke(this.leaseId, options);
    } catch (error) {
      if (EtcdError.from(error).code !== 'LEASE_NOT_FOUND') throw error;
    }
  }

  /** Ends the session if its time is over, asks etcd if that is in doubt. */
  #judge(): Belief {
    if (this.#end !== undefined) return 'past';
    const belief = this.#deadline.belief();
    if (belief === 'past') this.#lose('no keepalive was answered within its TTL');
    if (belief === 'doubtful') this.#keeper.send(this.#kept);
    return belief;
  }

  #onAnswer(sentAt: Moment, ttlSeconds: number): void {
    // An answer that comes after the deadline does not revive the belief: somebody may have seen it end.
    const belief = this.#deadline.belief();
    if (belief === 'past') {
      this.#lose('no keepalive was answered within its TTL');
      return;
    }
    if (ttlSeconds <= 0) {
      this.#lose('etcd says that its lease has expired or was revoked');
      return;
    }
    if (observed('leaseMargin')) {
      publish('leaseMargin', { leaseId: this.leaseId, marginMs: this.#deadline.remainingMs(belief), ttlSeconds });
    }
    this.#ttlSeconds = ttlSeconds;
    this.#deadline.extend(sentAt, ttlSeconds);
    let again = false;
    for (const refresh of [...this.#refreshes]) {
      if (sentAt.monotonicMs >= refresh.askedAt.monotonicMs) refresh.settle();
      else again = true;
    }
    if (again) this.#keeper.send(this.#kept);
  }

  #armDeadline(): void {
    // Timers hold at most 2^31 - 1 ms; a longer TTL is looked at again then.
    const inMs = Math.min(Math.ceil(this.#deadline.monotonicRemainingMs()), 2 ** 31 - 1);
    this.#deadlineTimer = setTimeout(() => {
      this.#judge();
      if (this.#end === undefined) this.#armDeadline();
    }, inMs);
  }

  #lose(why: string, cause?: unknown): void {
    const error = new EtcdError('SESSION_LOST', `session ${this.leaseHex} is lost: ${why}`, { cause });
    if (!this.#finish(error)) return;
    publish('sessionLost', { leaseId: this.leaseId, reason: why });
    this.#logger?.warn({ err: error, leaseId: this.leaseHex }, 'session lost');
  }

  #finish(reason: EtcdError): boolean {
    if (this.#end !== undefined) return false;
    this.#end = reason;
    clearTimeout(this.#deadlineTimer);
    this.#keeper.drop(this.#kept);
    for (const refresh of [...this.#refreshes]) refresh.settle(reason);
    this.#ended.abort(reason);
    return true;
  }
}

function invalid(name: string, value: unknown, rule: string): EtcdError {
  return new EtcdError('INVALID_ARGUMENT', `${name} ${rule}, not ${String(value)}`);
}
