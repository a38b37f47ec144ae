/** A key or a value: text travels as UTF-8. */
export type Bytes = string | Uint8Array;

/** What every call takes last. */
export interface CallOptions {
  /** Ends the wait. A write that was already sent may still happen: the error then says `outcomeUnknown`. */
  readonly signal?: AbortSignal;
  /** The call's deadline in milliseconds; the client's `timeoutMs` (5,000) unless told. */
  readonly timeoutMs?: number;
}

/** Where a change leaves the trace that its outcome is read back from when its answer was lost. */
export interface OutcomeMarker {
  /**
   * A key of the caller's own, which nothing else writes; it is made when it is missing. Calls that share a marker are right one after the
   * other; at the same time they may hide each other's trace, and then the outcome stays unknown.
   */
  readonly key: Bytes;
  /** The marker's lease, so that it goes with its process: a session's, for example. */
  readonly lease?: bigint;
  /** For how long to try and to ask, in milliseconds. Default 30,000; each request within it has `timeoutMs`. */
  readonly withinMs?: number;
}

/** What every call that changes something takes last. */
export interface ChangeOptions extends CallOptions {
  /**
   * Find out what became of a change whose answer was lost, and make it again only where it did not and cannot happen any more. It costs one request
   * more. For puts and deletes without `prevKv`, and transactions of these; anything else is refused, because its answer cannot be read back.
   */
  readonly resolveUnknown?: OutcomeMarker;
}

/** One pair as etcd holds it. Revisions, versions and lease ids are 64-bit, so bigint. */
export interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  /** Revision of the last creation of the key. */
  readonly createRevision: bigint;
  /** Revision of the last change of the key. */
  readonly modRevision: bigint;
  /** Number of changes since the creation; 1 for a fresh key. */
  readonly version: bigint;
  /** The lease the key hangs on; 0n for none. */
  readonly lease: bigint;
}

/**
 * Which keys are meant: one key, all keys with a prefix, or the half-open interval `[key, end)`.
 * An empty prefix means all keys; `end: '\0'` means "to the last key".
 */
export type KeySelector = Bytes | { readonly prefix: Bytes } | { readonly key: Bytes; readonly end: Bytes };

export interface RangeOptions {
  readonly limit?: number;
  /** Read at this revision instead of the newest. */
  readonly revision?: bigint;
  readonly sortBy?: 'key' | 'version' | 'create' | 'mod' | 'value';
  readonly order?: 'ascend' | 'descend';
  /** Read from the member at hand, without asking the quorum: may be stale. */
  readonly serializable?: boolean;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  readonly minModRevision?: bigint;
  readonly maxModRevision?: bigint;
  readonly minCreateRevision?: bigint;
  readonly maxCreateRevision?: bigint;
}

export interface PutOptions {
  readonly lease?: bigint;
  readonly prevKv?: boolean;
  /** Keep the value, change the lease. */
  readonly ignoreValue?: boolean;
  /** Keep the lease, change the value. */
  readonly ignoreLease?: boolean;
}

export interface DeleteOptions {
  readonly prevKv?: boolean;
}

/** A condition of a transaction. Build it with {@link compare}. */
export interface Compare {
  readonly target: 'version' | 'create' | 'mod' | 'value' | 'lease';
  readonly result: '=' | '>' | '<' | '!=';
  /**
   * A selector that names more than one key holds if it holds for every key in it. A key that is missing, or a range without keys, has version,
   * revisions and lease 0, and no value: a comparison of values fails.
   */
  readonly key: KeySelector;
  readonly value: bigint | Bytes;
}

/** One operation of a transaction. Build it with {@link op}. */
export type Op =
  | { readonly kind: 'range'; readonly key: KeySelector; readonly options: RangeOptions }
  | { readonly kind: 'put'; readonly key: Bytes; readonly value: Bytes; readonly options: PutOptions }
  | { readonly kind: 'delete'; readonly key: KeySelector; readonly options: DeleteOptions }
  | { readonly kind: 'txn'; readonly txn: Txn };

/** If all of `compare` hold then `success`, else `failure`, as one revision. */
export interface Txn {
  readonly compare?: readonly Compare[];
  readonly success?: readonly Op[];
  readonly failure?: readonly Op[];
}

export interface GetResult {
  readonly kv: KeyValue | undefined;
  /** The store's revision when the answer was made (etcd's `header.revision`). */
  readonly revision: bigint;
}

export interface RangeResult {
  readonly kind: 'range';
  readonly kvs: readonly KeyValue[];
  /** Whether `limit` cut the answer. */
  readonly more: boolean;
  /** How many keys match, whatever `limit` says. */
  readonly count: bigint;
  readonly revision: bigint;
}

export interface PutResult {
  readonly kind: 'put';
  readonly prevKv: KeyValue | undefined;
  readonly revision: bigint;
}

export interface DeleteResult {
  readonly kind: 'delete';
  readonly deleted: bigint;
  readonly prevKvs: readonly KeyValue[];
  readonly revision: bigint;
}

export interface TxnResult {
  readonly kind: 'txn';
  readonly succeeded: boolean;
  /** The answers of the branch that ran, in its order. */
  readonly results: readonly OpResult[];
  readonly revision: bigint;
}

export type OpResult = RangeResult | PutResult | DeleteResult | TxnResult;

export interface LeaseGrant {
  readonly id: bigint;
  /** What the server granted, which may be more than was asked for. */
  readonly ttlSeconds: number;
}

export interface LeaseTimeToLive {
  readonly id: bigint;
  /** Seconds left; -1 for a lease that does not exist. */
  readonly ttlSeconds: number;
  readonly grantedTtlSeconds: number;
  readonly keys: readonly Buffer[];
}

export interface Member {
  readonly id: bigint;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface MemberStatus {
  /** The member that answered. */
  readonly memberId: bigint;
  readonly version: string;
  readonly dbSize: bigint;
  readonly leader: bigint;
  readonly raftIndex: bigint;
  readonly raftTerm: bigint;
  /** The store's revision as the member sees it. */
  readonly revision: bigint;
}

/** Counters of one client. */
export interface EtcdClientStats {
  /** Unary calls made; those that travelled in one coalesced transaction count as one. */
  readonly calls: number;
  readonly failures: number;
  /** Times a call was sent again, where that could do no harm. */
  readonly retries: number;
  /** Times the client turned to another member. */
  readonly failovers: number;
  /** Requests that travelled together with others. */
  readonly coalesced: number;
  /** Watches that stand. */
  readonly watches: number;
  /** Times the watch stream was opened again. */
  readonly watchReconnects: number;
}

/** A pino-compatible logger: a constant message, the facts as fields. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface TlsOptions {
  /** PEM. */
  readonly ca?: Bytes;
  readonly cert?: Bytes;
  readonly key?: Bytes;
}

export interface EtcdClientOptions {
  /** `host:port`, or `http(s)://host:port`; several are tried in turn when one fails. */
  readonly endpoints: string | readonly string[];
  readonly tls?: TlsOptions;
  readonly auth?: { readonly username: string; readonly password: string };
  /** Deadline of each unary call in milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
  /**
   * How often a connection that waits for something is asked whether it lives, and how long it may take to answer.
   * Default 6,000 and 3,000. etcd hangs up on pings less than 5 s apart (`--grpc-keepalive-min-time`).
   */
  readonly keepaliveIntervalMs?: number;
  readonly keepaliveTimeoutMs?: number;
  /**
   * Let requests that are issued at the same time travel as one etcd transaction. Off by default.
   * `maxOps` must not pass the server's `--max-txn-ops` (128).
   */
  readonly coalesce?: boolean | { readonly maxOps?: number };
  readonly logger?: Logger;
}

/** One change of a key. */
export interface WatchEvent {
  readonly type: 'put' | 'delete';
  /** For a delete only `key` and `modRevision` (the revision of the delete) are set by etcd. */
  readonly kv: KeyValue;
  readonly prevKv: KeyValue | undefined;
}

/** The changes of one revision or more, whole revisions only, in order. */
export interface WatchBatch {
  readonly events: readonly WatchEvent[];
  /** Everything up to this revision has been delivered. A batch without events is a progress notice. */
  readonly revision: bigint;
}

export interface WatchOptions {
  /** First revision wanted; the newest + 1 unless told. */
  readonly startRevision?: bigint;
  readonly prevKv?: boolean;
  readonly filter?: 'put' | 'delete';
  /** Deliver progress notices as batches without events. */
  readonly progressNotify?: boolean;
  /** How many events may wait in memory for a slow consumer. Default 10,000. */
  readonly maxBuffered?: number;
  /**
   * What happens when more wait than `maxBuffered`. `park`, the default: the watch leaves its events in etcd's history and
   * fetches them when the consumer has caught up; it is told by the logger and the `slowConsumer` channel. `fail`: the
   * iteration ends with `SLOW_CONSUMER` after what is buffered.
   */
  readonly slowConsumer?: 'park' | 'fail';
  readonly signal?: AbortSignal;
}

export interface FollowOptions {
  /** Ends the iteration with `ABORTED`. */
  readonly signal?: AbortSignal;
}

/** How one key differs from what was delivered before. */
export interface FollowChange {
  readonly key: Buffer;
  /** The pair as it is now; undefined when the key is gone. */
  readonly kv: KeyValue | undefined;
  /** The pair as it was delivered last; undefined when the key is new. */
  readonly previous: KeyValue | undefined;
}

/** Changes that belong together; applied in order they give the state at `revision`. */
export interface FollowBatch {
  readonly changes: readonly FollowChange[];
  readonly revision: bigint;
  /** It comes from a listing: the first batch, and the one after a compaction that overtook the watch. */
  readonly listed: boolean;
}
