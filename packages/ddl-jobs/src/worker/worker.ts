import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { Compare, Logger } from '@tidb-js/etcd-session';
import type { SchemaSyncer } from '@tidb-js/syncer';
import type { Action } from '../actions/action.js';
import { ActionRegistry } from '../actions/registry.js';
import type { DdlBinlogSink, DdlBinlogTime } from '../binlog.js';
import { DdlError } from '../errors.js';
import { type DdlEvent, DdlEvents } from '../events.js';
import type { MetaStorage } from '../meta/storage.js';
import type { ReorgBackend, ReorgSpeed } from '../reorg/backend.js';
import { Tenure } from './tenure.js';

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
  /** Milliseconds between two checkpoints of a backfill: what a new owner does again at most. Default 1,000. */
  readonly checkpointMs?: number;
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

/** Pause before a worker that failed as owner begins anew. */
const restartMs = 100;
const defaultSpeed: ReorgSpeed = { batchSize: 256, concurrency: 4, rowsPerSecond: undefined };

/**
 * Runs the jobs while this node is the owner, and stands by while it is not. Every node of a fleet has one; the owner's does the work, and
 * what it does is fenced by the owner's key, so that one which has been replaced without noticing changes nothing.
 */
export class DdlWorker implements AsyncDisposable {
  readonly #options: DdlWorkerOptions;
  readonly #registry: ActionRegistry;
  readonly #events = new DdlEvents();
  readonly #closing = new AbortController();
  #speed: ReorgSpeed;
  #working: Promise<void> | undefined;

  constructor(options: DdlWorkerOptions) {
    this.#options = options;
    this.#registry = new ActionRegistry(options.actions);
    this.#speed = checkSpeed({ ...defaultSpeed, ...options.reorgSpeed });
  }

  /** Begins to work, or to stand by. Once is enough. @throws DdlError CLOSED after {@link close}. */
  start(): void {
    if (this.#closing.signal.aborted) {
      throw new DdlError('CLOSED', 'the DDL worker is closed');
    }
    this.#working ??= this.#work();
  }

  /** How fast backfills go. */
  get reorgSpeed(): ReorgSpeed {
    return this.#speed;
  }

  /** Changes how fast backfills go, from the next batch on. */
  setReorgSpeed(speed: Partial<ReorgSpeed>): void {
    this.#speed = checkSpeed({ ...this.#speed, ...speed });
  }

  /** What this worker does from now on, until the signal or {@link close}. Who is slow misses the oldest of what waits for him. */
  events(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<DdlEvent> {
    const { signal } = this.#closing;
    return this.#events.subscribe(options.signal === undefined ? signal : AbortSignal.any([signal, options.signal]));
  }

  /** Stops after the transaction that is under way; jobs stay where they are, for the next owner. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#working;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #work(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        const owned = await this.#options.owner.whenOwner({ signal });
        const tenure = new Tenure(
          this.#options,
          this.#registry,
          this.#events,
          () => this.#speed,
          AbortSignal.any([signal, owned.signal]),
        );
        await tenure.work();
        // An ownership that says at once that it is held again must not keep everything else in the process from its turn.
        await nextTurn();
      } catch (error) {
        if (!signal.aborted) {
          this.#options.logger?.warn({ error }, 'the DDL owner stopped working and stands by');
          await delay(restartMs, undefined, { signal }).catch(() => {});
        }
      }
    }
  }
}

function checkSpeed(speed: ReorgSpeed): ReorgSpeed {
  const { batchSize, concurrency, rowsPerSecond } = speed;
  const positive = (value: number) => Number.isSafeInteger(value) && value > 0;
  if (!positive(batchSize) || !positive(concurrency) || (rowsPerSecond !== undefined && !(rowsPerSecond > 0))) {
    throw new DdlError(
      'INVALID_STATE',
      `batchSize, concurrency and rowsPerSecond of a backfill must be positive, not ${batchSize}, ${concurrency}, ${rowsPerSecond}`,
    );
  }
  return speed;
}
