import type { Compare } from '@tidb-js/etcd-session';
import type { BarrierProgress, BarrierTarget } from './barrier.js';
import type { SyncProtocol } from './syncer-options.js';

/** What every call of a syncer takes last. */
export interface SyncOptions {
  /**
   * Ends the wait: `ABORTED`, or `DEADLINE` when the signal is an `AbortSignal.timeout()`. The error of a write that
   * was already on its way says `outcomeUnknown`.
   */
  readonly signal?: AbortSignal;
  /** Ends the wait after so many milliseconds with `DEADLINE`. No limit unless told. */
  readonly timeoutMs?: number;
}

/** A version that a node reports. */
export interface VersionReport {
  /** The version that this node has loaded: 0n to 2^63 − 1. */
  readonly version: bigint;
  /**
   * The DDL job that the report is for (metadata lock). 0n, or none, is a report for no job: by the metadata-lock
   * protocol it is remembered for the next {@link SchemaSyncer.restart} and nothing is written, as TiDB since v8.5.
   */
  readonly jobId?: bigint;
}

/** How the owner raises the global version. */
export interface RaiseOptions extends SyncOptions {
  /**
   * What must hold in etcd at the moment of the write, in the same transaction: pass `owner.fence()`, so that an owner that
   * has been replaced without knowing it cannot write. `FENCED` when it does not hold.
   */
  readonly fence?: readonly Compare[];
}

/** How the owner waits for everybody. */
export interface BarrierOptions extends SyncOptions {
  /** Metadata lock only: also wait for servers of other keyspaces that announce `assumed_keyspace`. Default false. */
  readonly assumedServers?: boolean;
}

/**
 * One node's part in a fleet that moves through versions in step: TiDB's SchemaSyncer.
 *
 * A node calls {@link init}, loads the newest version, reports it with {@link updateSelfVersion}, and does so again for each version
 * that {@link globalVersions} yields. The one owner raises the version with {@link ownerUpdateGlobalVersion} and waits with
 * {@link ownerCheckAllVersions} until every live node has it. Versions and job ids are int64 and travel as bigint.
 *
 * All failures are `SyncerError`s.
 */
export interface SchemaSyncer extends AsyncDisposable {
  /** Who this node is: in TiDB the DDL id, a UUID. */
  readonly id: string;

  /** How nodes report to it and what owners wait for. */
  readonly protocol: SyncProtocol;

  /**
   * Creates the global version as 0 if there is none, opens the session and puts this node's version, 0, on its lease. From then
   * on an owner waits for this node. `ID_IN_USE` when a live node has this id; `UNAVAILABLE` after the last try.
   */
  init(options?: SyncOptions): Promise<void>;

  /**
   * Reports what this node has loaded, and tries until that is written. Reports only go up: a smaller number than
   * one reported before changes nothing. `SESSION_LOST` when the session has ended: the version is remembered, and {@link restart} publishes it.
   *
   * @returns the version that stands reported.
   */
  updateSelfVersion(report: VersionReport, options?: SyncOptions): Promise<bigint>;

  /**
   * Takes this node out: an owner no longer waits for it. The session lives on, later reports are only remembered, and
   * {@link restart} puts the node back.
   */
  removeSelfVersionPath(options?: SyncOptions): Promise<void>;

  /**
   * Raises the global version, and tries until it is written. It is never lowered: when it is at or above `version` already
   * nothing is written.
   *
   * @returns the global version that stands: `version`, or the greater one that was found.
   */
  ownerUpdateGlobalVersion(version: bigint, options?: RaiseOptions): Promise<bigint>;

  /**
   * The global version now, and then each time it rises. A consumer that is slower than the owner gets the newest only.
   * Neither compaction nor a lost connection ends it: it ends by `signal` (returning, without an error) or by {@link close}.
   */
  globalVersions(options?: { readonly signal?: AbortSignal }): AsyncIterable<bigint>;

  /** Reads the global version, and waits until there is one that is a number. */
  mustGetGlobalVersion(options?: SyncOptions): Promise<bigint>;

  /**
   * Aborts when this node's session ends; the reason is a `SyncerError`: `SESSION_LOST`, or `CLOSED` after {@link close}. From then on this node
   * may be missing in an owner's count, so it must not use its version. {@link restart} makes a new signal.
   */
  readonly signal: AbortSignal;

  /** Resolves with the reason of {@link signal} when it aborts; never rejects. */
  readonly done: Promise<Error>;

  /**
   * Throws `SESSION_LOST` (`CLOSED`, `NOT_INITIALIZED`) unless an owner certainly counts this node at this very moment;
   * `SESSION_UNCONFIRMED` while the machine's clocks disagree on that and etcd is being asked.
   * {@link signal} needs a turn of the event loop to fire; a process that was frozen asks here before it acts.
   */
  assertLive(): void;

  /**
   * Opens a new session, and tries until it has one, and publishes the last version reported (TiDB publishes 0). Load and report the
   * newest version before using it again.
   */
  restart(options?: SyncOptions): Promise<void>;

  /**
   * Waits until every live node has the version, by the syncer's protocol. Zero nodes are all nodes. `DEADLINE` and `ABORTED` name in
   * `behind` those that are missing. To see them while waiting, use {@link barrier}.
   *
   * @returns how it stood at the end.
   */
  ownerCheckAllVersions(target: bigint | BarrierTarget, options?: BarrierOptions): Promise<BarrierProgress>;

  /**
   * The same wait, watched: yields how it stands at first and after every change, the last time with `synced: true`, and ends. A slow
   * consumer misses states in between, but nobody who joined or left.
   */
  barrier(target: bigint | BarrierTarget, options?: BarrierOptions): AsyncIterable<BarrierProgress>;

  /** Metadata lock: removes what was reported for a job that has ended, Synced or RollbackDone. */
  ownerRemoveJobVersions(jobId: bigint, options?: RaiseOptions): Promise<void>;

  /** Takes this node out and ends its session. Idempotent. */
  close(): Promise<void>;
}
