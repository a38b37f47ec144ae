import type { CallOptions, Logger } from './client/types.js';
import type { Clock } from './clock.js';

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
  /** What the session reads the time from; for tests. */
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/**
 * A lease that is kept alive, and the belief in it.
 *
 * The belief ends at the time the last answered keepalive was sent plus the TTL that the server granted, so never later
 * than the server can give away what hangs on the lease.
 */
export declare class Session implements AsyncDisposable {
  static create(client: unknown, options?: SessionOptions): Promise<Session>;
  /** The lease. Its name in keys is {@link leaseHex}. */
  readonly leaseId: bigint;
  /** The lease in lower-case hex without padding, as Go writes it into keys. */
  readonly leaseHex: string;
  /** The TTL that the server granted, in seconds. */
  readonly ttlSeconds: number;
  /** Aborts when the session ends; its reason is an `EtcdError`: `SESSION_LOST`, or `CLOSED` after close() or orphan(). */
  readonly signal: AbortSignal;
  /** Resolves with the same reason; never rejects. */
  readonly done: Promise<Error>;
  /** Milliseconds for which the lease is certainly held from now on; 0 when it is not. Exact at the moment of the call. */
  remainingMs(): number;
  /** Throws `SESSION_LOST` (or `CLOSED`) unless the lease is certainly held at this very moment. */
  assertHeld(): void;
  /** Sends a keepalive now and resolves when etcd has answered it. */
  refresh(options?: CallOptions): Promise<void>;
  /** Ends the session and revokes its lease. Idempotent. */
  close(options?: CallOptions): Promise<void>;
  /** Ends the session and leaves its lease to expire, with what hangs on it. */
  orphan(): void;
  [Symbol.asyncDispose](): Promise<void>;
}
