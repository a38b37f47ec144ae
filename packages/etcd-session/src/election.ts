import type { Bytes, CallOptions, Compare } from './client/types.js';
import type { Tenure } from './queue.js';
import type { Session } from './session.js';

/** Who leads, as etcd holds it. */
export interface Leader {
  readonly key: string;
  readonly value: Buffer;
  readonly lease: bigint;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  /** The revision of the store when this was read. */
  readonly revision: bigint;
}

/**
 * An election among all sessions, in whatever language, that campaign under the same prefix.
 * Keys are those of Go's `clientv3/concurrency` and of `etcdctl elect`: `<prefix>/<lease in hex>`; the leader is the key created first.
 */
export declare class Election {
  constructor(session: Session, prefix: string);
  /** Queues up and resolves when elected. Ending the wait by `signal` takes the candidate out of the queue. */
  campaign(value: Bytes, options?: { readonly signal?: AbortSignal }): Promise<Tenure>;
  /** The leader changes its value. */
  proclaim(value: Bytes, options?: CallOptions): Promise<void>;
  /** Gives leadership up, so that the next candidate is elected; nothing happens when there is none to give up. */
  resign(options?: CallOptions): Promise<void>;
  /** Who leads now; `NO_LEADER` when nobody does. */
  leader(options?: CallOptions): Promise<Leader>;
  /** The leader now, then each new leader and each new value, until `signal` ends it. */
  observe(options?: { readonly signal?: AbortSignal }): AsyncIterable<Leader>;
  /** The condition for a transaction that only the leader may make. `NOT_LEADER` when this election is not led. */
  fence(): readonly Compare[];
}
