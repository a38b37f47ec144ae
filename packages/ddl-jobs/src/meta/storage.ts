import type { Compare } from '@tidb-js/etcd-session';

/** Keys from `start` on, up to but not including `end`. */
export interface MetaRange {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
}

export interface MetaPair {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface MetaScanOptions {
  readonly limit?: number;
  /** Last key first. */
  readonly reverse?: boolean;
  readonly signal?: AbortSignal;
}

export interface MetaCommitOptions {
  /**
   * What must hold in etcd at the moment of the commit, beside the transaction's own conditions: the owner's key with the create
   * revision it was won with. A storage that cannot compare these in the commit itself breaks the first rule of the owner.
   */
  readonly fence?: readonly Compare[];
  readonly signal?: AbortSignal;
}

export interface MetaCommitResult {
  readonly commitTs: bigint;
}

/**
 * One transaction on the metadata, with snapshot isolation: reads see one moment plus the transaction's own writes, and the commit
 * happens only if no key that it writes has been changed by another since that moment.
 */
export interface MetaTransaction {
  /** Its timestamp (ms << 18 | logical). Later transactions of the same storage have greater ones. */
  readonly startTs: bigint;
  get(key: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<Uint8Array | undefined>;
  /** The pairs of a range, in the order of their keys. */
  scan(range: MetaRange, options?: MetaScanOptions): Promise<readonly MetaPair[]>;
  set(key: Uint8Array, value: Uint8Array): void;
  delete(key: Uint8Array): void;
  /** The key that stands for the whole transaction when somebody asks for its outcome; undefined while nothing is written. */
  primaryKey(): Uint8Array | undefined;
  /**
   * Makes the writes durable, all or none.
   *
   * @throws DdlError with code CONFLICT (another one was first: nothing is written, begin anew), NOT_OWNER (the fence did not hold: nothing is
   *   written), TOO_LARGE (nothing is written), STORAGE (`outcomeUnknown` says whether it may have been written).
   */
  commit(options?: MetaCommitOptions): Promise<MetaCommitResult>;
  /** Forgets the writes. Harmless after a commit. */
  rollback(): Promise<void>;
}

/** One change of the metadata: a value that was set, or undefined for a key that was deleted. */
export interface MetaChange {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** Where the metadata lie: jobs, versions, databases and tables. {@link EtcdMetaStorage} is one; an app can bring its own. */
export interface MetaStorage {
  /** How many keys one transaction may write; the worker puts no more steps into one than fit. */
  readonly maxWrites: number;
  begin(options?: { readonly signal?: AbortSignal }): Promise<MetaTransaction>;
  /**
   * The changes of a range as they are committed. An **empty batch** means: from here on nothing is missed, so read now what you want
   * to know; it comes first, and again whenever the stream had to begin anew. Ends only by the signal.
   */
  watch(range: MetaRange, options: { readonly signal: AbortSignal }): AsyncIterable<readonly MetaChange[]>;
}
