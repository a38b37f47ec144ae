import type { Logger } from '@tidb-js/etcd-session';
import { BinlogError } from '../errors.js';
import { type BinlogInit, BinlogType } from '../wire/binlog.js';
import type { CommitCallOptions, CommitStorage, StorageTransaction } from './commit-storage.js';
import { type BinlogWriter, FinishQueue } from './finish-queue.js';
import { addSpecialComments } from './special-comments.js';

/** The schema change that becomes visible with a transaction. */
export interface DdlBinlog {
  readonly jobId: bigint;
  readonly query: string;
  /** None 0, delete-only 1, write-only 2, write-reorg 3, delete-reorg 4, public 5. */
  readonly schemaState: number;
}

/** A transaction to commit. With neither `prewriteValue` nor `ddl` no binlog is written. */
export interface CommitTransaction<Mutations> extends StorageTransaction<Mutations> {
  /** What the MutationBuffer encoded. */
  readonly prewriteValue?: Uint8Array | undefined;
  readonly ddl?: DdlBinlog | undefined;
}

export interface TwoPhaseCommitterOptions<Mutations> {
  readonly storage: CommitStorage<Mutations>;
  /** Stays the caller's: close it after the committer. Left out: the binlog is off. */
  readonly binlog?: BinlogWriter | undefined;
  /** Outcomes that may be on their way to the pumps at once. Default 65,536. */
  readonly maxFinishing?: number;
  readonly logger?: Logger;
}

/**
 * Commits transactions so that none is visible without a binlog: the data's prewrite and the Prewrite binlog run at the same time, and
 * only when both are durable a commit_ts is asked for. The Commit or Rollback binlog follows in the background.
 *
 * When it is unknown whether the storage committed, no outcome is sent: the pump asks the storage itself. (TiDB sends a Rollback then,
 * which loses the transaction from the stream if it was committed after all.)
 */
export class TwoPhaseCommitter<Mutations> implements AsyncDisposable {
  readonly #storage: CommitStorage<Mutations>;
  readonly #binlog: BinlogWriter | undefined;
  readonly #finishing: FinishQueue | undefined;
  readonly #logger: Logger | undefined;
  #closed = false;
  #executing = new Set<Promise<unknown>>();

  constructor(options: TwoPhaseCommitterOptions<Mutations>) {
    this.#storage = options.storage;
    this.#binlog = options.binlog;
    this.#logger = options.logger;
    if (options.binlog !== undefined) {
      this.#finishing = new FinishQueue(options.binlog, options.maxFinishing ?? 65_536, options.logger);
    }
  }

  /** Outcomes on their way to the pumps. */
  get finishing(): number {
    return this.#finishing?.size ?? 0;
  }

  /** Outcomes that were given up; their pumps ask the storage. */
  get lostOutcomes(): number {
    return this.#finishing?.lost ?? 0;
  }

  /**
   * Commits, and answers the commit timestamp.
   *
   * @throws BinlogError `COMMIT_FAILED` with the storage's error as cause (`outcomeUnknown` when it said so); the pump client's errors
   * when the Prewrite binlog could not be written; `ABORTED` (an abort while the storage commits leaves the outcome unknown); `CLOSED`.
   */
  async execute(transaction: CommitTransaction<Mutations>, options: CommitCallOptions = {}): Promise<bigint> {
    if (this.#closed) throw new BinlogError('CLOSED', 'the committer was closed');
    if (options.signal?.aborted)
      throw new BinlogError('ABORTED', 'the transaction was ended before it began to commit', {
        cause: options.signal.reason,
      });
    const execution = this.#execute(transaction, options);
    this.#executing.add(execution);
    try {
      return await execution;
    } finally {
      this.#executing.delete(execution);
    }
  }

  /**
   * Takes no more transactions, and waits for those under way and for their outcomes. The signal ends the wait: outcomes that are still on
   * their way then count as lost. Idempotent.
   */
  async close(options: CommitCallOptions = {}): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#executing);
    await this.#finishing?.drain(options.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #execute(transaction: CommitTransaction<Mutations>, options: CommitCallOptions): Promise<bigint> {
    const prewrite = this.#binlog === undefined ? undefined : prewriteBinlog(transaction);
    // An error of either fails the transaction, but only after both have ended: a rollback must not overtake a prewrite.
    const [data, binlog] = await Promise.allSettled([
      (async () => this.#storage.prewrite(transaction, options))(),
      this.#writePrewrite(prewrite, options),
    ]);
    if (data.status === 'rejected' || binlog.status === 'rejected') {
      await this.#rollback(transaction, prewrite);
      throw data.status === 'rejected' ? commitFailed(data.reason) : (binlog as PromiseRejectedResult).reason;
    }
    let commitTs: bigint;
    try {
      const known = prewrite === undefined ? data.value : undefined;
      commitTs = typeof known === 'bigint' ? known : await this.#storage.timestamp(options);
      await this.#storage.check(transaction, commitTs, options);
    } catch (error) {
      await this.#rollback(transaction, prewrite);
      throw commitFailed(error);
    }
    try {
      await this.#storage.commit(transaction, commitTs, options);
    } catch (error) {
      const failure = commitFailed(error, options.signal?.aborted);
      if (!failure.outcomeUnknown) await this.#rollback(transaction, prewrite);
      throw failure;
    }
    if (prewrite !== undefined) this.#writeFinishBinlog(prewrite, BinlogType.Commit, commitTs);
    return commitTs;
  }

  async #writePrewrite(binlog: BinlogInit | undefined, { signal }: CommitCallOptions): Promise<void> {
    if (binlog !== undefined) await this.#binlog?.write(binlog, signal === undefined ? {} : { signal });
  }

  async #rollback(transaction: CommitTransaction<Mutations>, prewrite: BinlogInit | undefined): Promise<void> {
    if (prewrite !== undefined) this.#writeFinishBinlog(prewrite, BinlogType.Rollback, 0n);
    try {
      await this.#storage.rollback(transaction);
    } catch (error) {
      // Locks that stay are settled through the primary by whoever meets them.
      this.#logger?.warn(
        { err: error, startTs: transaction.startTs },
        'a transaction could not be rolled back at once',
      );
    }
  }

  /** The same binlog again, without the rows, as TiDB sends it. */
  #writeFinishBinlog(prewrite: BinlogInit, type: number, commitTs: bigint): void {
    this.#finishing?.add({ ...prewrite, prewriteValue: undefined, type, commitTs });
  }
}

function prewriteBinlog<M>({ startTs, primary, prewriteValue, ddl }: CommitTransaction<M>): BinlogInit | undefined {
  if (prewriteValue === undefined && ddl === undefined) return undefined;
  const binlog: BinlogInit = { type: BinlogType.Prewrite, startTs, prewriteKey: primary, prewriteValue };
  return ddl === undefined ? binlog : setDdlBinlog(binlog, ddl);
}

/** A binlog that carries a schema change: its query with special comments, so that an older TiDB or MySQL can run it. */
export function setDdlBinlog(binlog: BinlogInit, ddl: DdlBinlog): BinlogInit {
  const ddlQuery = Buffer.from(addSpecialComments(ddl.query));
  return { ...binlog, ddlQuery, ddlJobId: ddl.jobId, ddlSchemaState: ddl.schemaState };
}

/** `undetermined`: the call was given up while the storage was at it, so whatever it says, the outcome is unknown. */
function commitFailed(error: unknown, undetermined = false): BinlogError {
  const said =
    typeof error === 'object' && error !== null && 'outcomeUnknown' in error && error.outcomeUnknown === true;
  if (BinlogError.is(error) && (said || !undetermined)) return error;
  const text = BinlogError.is(error) ? error.rawMessage : error instanceof Error ? error.message : String(error);
  return new BinlogError('COMMIT_FAILED', text, { cause: error, outcomeUnknown: said || undetermined });
}
