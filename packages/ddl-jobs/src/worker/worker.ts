import type { Compare, Logger } from '@tidb-js/etcd-session';
import type { SchemaSyncer } from '@tidb-js/syncer';
import type { Action } from '../actions/action.js';
import type { DdlBinlogSink, DdlBinlogTime } from '../binlog.js';
import type { DdlEvent } from '../events.js';
import type { MetaStorage } from '../meta/storage.js';
import type { ReorgBackend, ReorgSpeed } from '../reorg/backend.js';

/** Who owns: `OwnerManager` of `@tidb-js/etcd-session` is one. */
export interface Ownership {
  readonly isOwner: boolean;
  /** Resolves when this node is the owner, with what ends when it no longer is. */
  whenOwner(options?: { readonly signal?: AbortSignal }): Promise<{ readonly signal: AbortSignal }>;
  /** What every write in the owner's name compares. Throws when this node is not the owner. */
  fence(): readonly Compare[];
}

export interface DdlWorkerOptions {
  readonly storage: MetaStorage;
  readonly syncer: SchemaSyncer;
  readonly owner: Ownership;
  /** Actions of one's own, beside TiDB's. */
  readonly actions?: readonly Action[];
  /** Without it tables have no rows as far as the worker knows: nothing is backfilled. */
  readonly reorg?: ReorgBackend;
  readonly reorgSpeed?: Partial<ReorgSpeed>;
  readonly binlog?: DdlBinlogSink;
  /** Default `'synced'`. */
  readonly ddlBinlog?: DdlBinlogTime;
  /** Milliseconds; a barrier's time is twice this. Default 45,000, TiDB's lease. */
  readonly leaseMs?: number;
  /** Per-job barriers without a time limit, as TiDB's metadata lock. The syncer has to speak the same protocol. Default false. */
  readonly metadataLock?: boolean;
  /**
   * When a barrier's time is over: `'proceed'`, as TiDB (a server that is so late may no longer commit: its schema lease is over), or `'wait'` for another
   * round. Default `'proceed'`. With `metadataLock` there is no such time.
   */
  readonly onBarrierTimeout?: 'proceed' | 'wait';
  /** How many failed steps a job has before it is turned back; default 512, as tidb_ddl_error_count_limit. */
  readonly errorCountLimit?: number;
  /** Milliseconds after a failed step; doubled each time up to 30 times as much. Default 1,000. */
  readonly retryDelayMs?: number;
  readonly logger?: Logger;
}

/** Runs the jobs while this node is the owner, and stands by while it is not. */
export declare class DdlWorker implements AsyncDisposable {
  constructor(options: DdlWorkerOptions);
  /** Begins to work, or to stand by. */
  start(): void;
  /** How fast backfills go; takes effect with the next batch. */
  get reorgSpeed(): ReorgSpeed;
  setReorgSpeed(speed: Partial<ReorgSpeed>): void;
  /** What this worker does from now on, until the signal or {@link close}. */
  events(options?: { readonly signal?: AbortSignal }): AsyncIterable<DdlEvent>;
  /** Stops after the transaction that is under way. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
