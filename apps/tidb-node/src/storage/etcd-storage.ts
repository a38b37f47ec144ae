import { type BinlogWriter, TwoPhaseCommitter } from '@tidb-js/binlog';
import type { EtcdClient, Logger } from '@tidb-js/etcd-session';
import { commitError, commitSteps } from './commit-steps.js';
import { type CommitRequest, Committer } from './committer.js';
import { StorageError } from './errors.js';
import { EtcdStore } from './etcd/etcd-store.js';
import { Layout, MAX_TS } from './etcd/layout.js';
import { EtcdOracle, type TimestampOracle } from './oracle/oracle.js';
import { PARTS_AT_ONCE, unreadParts } from './parts.js';
import { persist } from './persist.js';
import { LockResolver } from './resolver.js';
import { SafePoint } from './safe-point.js';
import { StoreSnapshot } from './snapshot.js';
import type { Store } from './store.js';
import { BufferedTransaction } from './transaction.js';
import type { SchemaUse, Snapshot, Storage, StoreCallOptions, Timestamp, Transaction, UnreadPut } from './types.js';

export interface EtcdStorageOptions {
  /** A client with `coalesce: true` is what makes many connections fast. */
  readonly client: EtcdClient;
  /** Where in etcd everything lies; default `tidb-js/kv/`. */
  readonly prefix?: string | undefined;
  /** etcd's `--max-txn-ops`; default 128. */
  readonly maxTxnOps?: number | undefined;
  /** etcd's `--max-request-bytes`; default 1,572,864. */
  readonly maxRequestBytes?: number | undefined;
  /** Where binlogs go: a PumpsClient, closed by whoever made it, after the storage. Without it nothing is written to a Pump. */
  readonly binlog?: BinlogWriter | undefined;
  /** The wall clock of the oracle; for tests. */
  readonly now?: (() => number) | undefined;
  readonly logger?: Logger | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Decides at the commit whether the schema that a transaction used still holds. */
export type SchemaCheck = (use: SchemaUse, commitTs: Timestamp) => Promise<void>;

/** The transactional storage of a node, on etcd. */
export class EtcdStorage implements Storage {
  /** Asked at each commit that names its schema; the domain sets it. Until then such a commit is refused. */
  checkSchema: SchemaCheck = async () => {
    throw new StorageError('SCHEMA_OUT_OF_DATE', 'Information schema is out of date: this node has not loaded it yet');
  };

  private readonly resolver: LockResolver;
  private readonly twoPhase: TwoPhaseCommitter<Committer>;
  private readonly running = new Map<Transaction, Timestamp>();
  private readonly work = new Set<Promise<void>>();
  private closed = false;

  private constructor(
    readonly client: EtcdClient,
    readonly layout: Layout,
    readonly store: Store,
    readonly oracle: TimestampOracle,
    private readonly safePoint: SafePoint,
    binlog: BinlogWriter | undefined,
    private readonly logger: Logger | undefined,
  ) {
    this.resolver = new LockResolver(store, oracle);
    this.twoPhase = new TwoPhaseCommitter({
      storage: commitSteps(oracle),
      binlog,
      ...(logger === undefined ? {} : { logger }),
    });
  }

  /**
   * Open the storage; the first to do so lays out what it needs in etcd.
   *
   * @throws StorageError UNAVAILABLE, ABORTED.
   */
  static async open(options: EtcdStorageOptions): Promise<EtcdStorage> {
    const { client, prefix = 'tidb-js/kv/', maxTxnOps = 128, maxRequestBytes = 1_572_864, logger, now } = options;
    const call = { signal: options.signal };
    const layout = new Layout(prefix);
    const store = await EtcdStore.open({ client, layout }, { maxTxnOps, maxRequestBytes }, call);
    const oracle = await EtcdOracle.open({ client, layout, now, logger }, call);
    const safePoint = new SafePoint(client, layout, logger);
    return new EtcdStorage(client, layout, store, oracle, safePoint, options.binlog, logger);
  }

  timestamp(options?: StoreCallOptions): Promise<Timestamp> {
    return this.oracle.timestamp(options);
  }

  async begin(options: StoreCallOptions & { readonly startTs?: Timestamp } = {}): Promise<Transaction> {
    this.assertOpen();
    const startTs = options.startTs ?? (await this.oracle.transactionTs(options));
    const transaction = new BufferedTransaction(
      this.snapshot(startTs),
      (request) => this.commit(request),
      () => this.running.delete(transaction),
    );
    this.running.set(transaction, startTs);
    return transaction;
  }

  snapshot(ts: Timestamp): Snapshot {
    return new StoreSnapshot(ts, this.store, this.resolver, this.safePoint);
  }

  latest(): Snapshot {
    return this.snapshot(MAX_TS);
  }

  async present(options?: StoreCallOptions): Promise<Snapshot> {
    return this.snapshot(await this.oracle.transactionTs(options));
  }

  async putUnread(puts: readonly UnreadPut[], asOf: Timestamp, options: StoreCallOptions = {}): Promise<void> {
    this.assertOpen();
    if (puts.length === 0) return;
    const commitTs = await this.oracle.transactionTs(options);
    const queue = unreadParts(puts, this.store).values();
    const lane = async () => {
      for (const part of queue) {
        const done = await persist(() => this.store.putUnread(part, asOf, commitTs, options), options);
        if (!done) throw new StorageError('WRITE_CONFLICT', `a row changed after ${asOf}, while its entries were made`);
      }
    };
    await Promise.all(Array.from({ length: PARTS_AT_ONCE }, lane));
  }

  /** start_ts of the oldest transaction of this process that has not ended: what garbage collection must leave it. */
  oldestStartTs(): Timestamp | undefined {
    let oldest: Timestamp | undefined;
    for (const startTs of this.running.values()) if (oldest === undefined || startTs < oldest) oldest = startTs;
    return oldest;
  }

  private async commit(request: CommitRequest): Promise<Timestamp> {
    this.assertOpen();
    const committer = new Committer(
      {
        store: this.store,
        resolver: this.resolver,
        commitTsOf: (revision, anchor) => this.oracle.commitTsOf(revision, anchor),
        checkSchema: (use, commitTs) => this.checkSchema(use, commitTs),
        background: (work) => this.keep(work),
      },
      request,
    );
    const { startTs, primary, options } = request;
    const { prewriteValue, signal } = options;
    try {
      return await this.twoPhase.execute({ startTs, primary, mutations: committer, prewriteValue }, { signal });
    } catch (error) {
      throw commitError(error);
    }
  }

  /** Work that nobody waits for, until the storage is closed. */
  private keep(work: Promise<void>): void {
    const kept = work
      .catch((error: unknown) => {
        // Others find out what these locks are about by asking their primary.
        this.logger?.warn({ err: error }, 'locks of a committed transaction were left for readers to settle');
      })
      .finally(() => this.work.delete(kept));
    this.work.add(kept);
  }

  private assertOpen(): void {
    if (this.closed) throw new StorageError('INVALID', 'the storage is closed');
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.twoPhase.close();
    await Promise.all(this.work);
    this.safePoint.close();
    await this.oracle.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
