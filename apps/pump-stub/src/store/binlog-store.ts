import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@tidb-js/etcd-session';
import type { BinlogFields } from '../binlog/fields.js';
import type { PumpError } from '../errors.js';
import { ValueLog, type WrittenGroup } from '../log/value-log.js';
import { type Collected, collect, collectBySize, nothingCollected } from './collection.js';
import { IndexWriter, type StallChange } from './index-writer.js';
import { type IndexOptions, PointerIndex } from './pointer-index.js';
import { type PulledBatch, type PullOptions, pull } from './pull.js';
import { recover } from './recovery.js';
import type { Sorter, Undecided } from './sorter.js';
import { Watermark } from './watermark.js';

/** How a store behaves; sizes in bytes. */
export interface StoreOptions {
  readonly segmentBytes: number;
  readonly syncLog: boolean;
  /** Bytes that may wait for the disk before writers wait. */
  readonly maxPendingBytes: number;
  /** Records that may wait for the index before writers wait. */
  readonly maxQueuedIndexEntries: number;
  readonly index: IndexOptions;
  readonly logger: Logger;
  /** Told of each group of writes that reached the disk. */
  readonly onSync?: (group: WrittenGroup) => void;
  /** Told of a transaction whose Prewrite and end are both stored. */
  readonly onEnded?: (prewrite: Undecided, end: Pick<BinlogFields, 'type' | 'startTs' | 'commitTs'>) => void;
  /** Told of outcomes that readers may have missed. */
  readonly onLate?: () => void;
  readonly onError?: (type: StoreErrorType) => void;
  /** Told when writers begin, and cease, to wait for the index. */
  readonly onStall?: (change: StallChange) => void;
}

/** What failed: writing the log or the index, or reading a record or the Prewrite of a Commit for a pull. */
export type StoreErrorType = 'write_log' | 'write_index' | 'read_value' | 'feed_pre_write_value';

/** What a store tells of itself. */
export interface StoreStatus {
  readonly watermark: bigint;
  readonly gcTs: bigint;
  readonly logBytes: number;
  readonly pendingBytes: number;
  readonly queuedIndexEntries: number;
  readonly undecided: number;
  readonly oldestUndecided: { readonly startTs: bigint; readonly waitingMs: number } | undefined;
  /** Commits that were left out of a pull since their Prewrite is missing. */
  readonly lost: number;
}

/** Binlogs on disk: written durably in any order, read back whole and in order of commit_ts. */
export class BinlogStore {
  readonly #log: ValueLog;
  readonly #index: PointerIndex;
  readonly #writer: IndexWriter;
  readonly #sorter: Sorter;
  readonly #watermark: Watermark;
  #gcTs: bigint;
  #lost = 0;
  /** Largest commit_ts of the transactions whose Prewrite stands in a file; known for files written since the start. */
  readonly #commitsOfFile = new Map<number, bigint>();
  readonly #firstOwnFile: number;
  #closing: Promise<void> | undefined;

  private constructor(
    log: ValueLog,
    index: PointerIndex,
    recovered: { sorter: Sorter; gcTs: bigint },
    readonly options: StoreOptions,
    bindLog: (writer: IndexWriter) => void,
  ) {
    this.#log = log;
    this.#index = index;
    this.#sorter = recovered.sorter;
    this.#gcTs = recovered.gcTs;
    this.#watermark = new Watermark(recovered.sorter.watermark);
    // The file at hand holds records from before the start, whose ends were not watched.
    this.#firstOwnFile = log.end.fileId + (log.end.offset > 0 ? 1 : 0);
    this.#writer = new IndexWriter({
      index,
      sorter: recovered.sorter,
      watermark: this.#watermark,
      logger: options.logger,
      maxQueued: options.maxQueuedIndexEntries,
      ...(options.onLate && { onLate: options.onLate }),
      ...(options.onStall && { onStall: options.onStall }),
      onError: () => options.onError?.('write_index'),
      onEnded: (prewrite, end) => {
        this.#noteCommit(prewrite.pointer.fileId, end.commitTs);
        options.onEnded?.(prewrite, end);
      },
    });
    bindLog(this.#writer);
  }

  /**
   * Opens the directory and recovers what a crash left.
   *
   * @throws PumpError `DATA_DIR_LOCKED`, `DATA_DIR_INVALID`.
   */
  static async open(dataDir: string, options: StoreOptions): Promise<BinlogStore> {
    await mkdir(dataDir, { recursive: true });
    // The index first: its lock keeps other processes off the log too.
    const index = await PointerIndex.open(join(dataDir, 'kv'), options.index, options.logger);
    let writer: IndexWriter | undefined;
    let log: ValueLog | undefined;
    try {
      log = await ValueLog.open(join(dataDir, 'value'), {
        segmentBytes: options.segmentBytes,
        syncLog: options.syncLog,
        maxPendingBytes: options.maxPendingBytes,
        logger: options.logger,
        ...(options.onSync && { onSync: options.onSync }),
        onError: () => options.onError?.('write_log'),
        onGroup: (group) => writer?.add(group),
      });
      const recovered = await recover(log, index, options.logger);
      return new BinlogStore(log, index, recovered, options, (made) => {
        writer = made;
      });
    } catch (error) {
      await log?.close();
      await index.close();
      throw error;
    }
  }

  /** Everything up to this commit_ts is stored whole. */
  get watermark(): bigint {
    return this.#watermark.value;
  }

  /** Binlogs up to this timestamp may have been deleted. */
  get gcTs(): bigint {
    return this.#gcTs;
  }

  /** The fault that ended all writing, if one did. */
  get broken(): PumpError | undefined {
    return this.#log.broken;
  }

  /**
   * Settles when all the binlogs are durable. Any order, type and timestamp is taken, as a real Pump does.
   *
   * @throws PumpError `LOG_FAILED`, `CLOSED`.
   */
  write(binlogs: readonly BinlogFields[]): Promise<void> {
    return this.#log.append(binlogs);
  }

  /** As {@link pull}. */
  pull(after: bigint, options: PullOptions): AsyncGenerator<PulledBatch, void> {
    const source = {
      log: this.#log,
      index: this.#index,
      watermark: this.#watermark,
      gcTs: () => this.#gcTs,
      logger: this.options.logger,
      onLost: () => {
        this.#lost++;
      },
      onError: (type: 'read_value' | 'feed_pre_write_value') => this.options.onError?.(type),
    };
    return pull(source, after, options);
  }

  /** Transactions that have no end yet, in the order of the log. */
  undecided(): IterableIterator<Undecided> {
    return this.#sorter.undecided();
  }

  /** The binlog that the index has under this timestamp: a Prewrite's start_ts, or another one's commit_ts. */
  async find(ts: bigint): Promise<Buffer | undefined> {
    const pointer = await this.#index.get(ts);
    return pointer && this.#log.read(pointer);
  }

  /** The commit_ts with which a transaction ended lately, 0n when it was rolled back; undefined when that is not known. */
  endOf(startTs: bigint): bigint | undefined {
    return this.#sorter.endOf(startTs);
  }

  /** The binlog that an undecided transaction began with. */
  async readPayload(transaction: Undecided): Promise<Buffer> {
    return this.#log.read(transaction.pointer);
  }

  /** Stops to wait for a transaction that is known never to commit. */
  dropUndecided(startTs: bigint): void {
    this.#sorter.drop(startTs);
    this.#watermark.raise(this.#sorter.watermark);
  }

  /** Settles when the watermark is above `ts`, or the signal is aborted. */
  async watermarkAbove(ts: bigint, signal: AbortSignal): Promise<void> {
    await this.#watermark.above(ts, signal);
  }

  /**
   * Refuses pulls from before `gcTs` from now on, and deletes what is 10 minutes older.
   *
   * @returns what was deleted; nothing as well when `gcTs` is not above the last one or not below the watermark.
   */
  async collect(gcTs: bigint): Promise<Collected> {
    if (gcTs <= this.#gcTs || gcTs >= this.watermark) return nothingCollected;
    await this.#index.putGcTs(gcTs);
    this.#gcTs = gcTs;
    return collect(this.#collectable(), gcTs);
  }

  /** Deletes the oldest files until the log takes at most `maxBytes`, as far as that breaks no promise. */
  async collectBySize(maxBytes: number): Promise<Collected> {
    return collectBySize(this.#collectable(), maxBytes, async (gcTs) => {
      if (gcTs <= this.#gcTs) return true;
      if (gcTs >= this.watermark) return false;
      await this.#index.putGcTs(gcTs);
      this.#gcTs = gcTs;
      return true;
    });
  }

  status(): StoreStatus {
    const oldest = this.#sorter.undecided().next().value as Undecided | undefined;
    return {
      watermark: this.watermark,
      gcTs: this.#gcTs,
      logBytes: this.#log.bytes,
      pendingBytes: this.#log.pendingBytes,
      queuedIndexEntries: this.#writer.queued,
      undecided: this.#sorter.undecidedCount,
      oldestUndecided: oldest && {
        startTs: oldest.startTs,
        waitingMs: Math.round(performance.now() - oldest.sinceMs),
      },
      lost: this.#lost,
    };
  }

  /** Finishes the writes that wait, and closes. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#log.close();
    await this.#writer.close();
    await this.#index.close();
  }

  #noteCommit(fileId: number, commitTs: bigint): void {
    if (fileId < this.#firstOwnFile) return;
    const known = this.#commitsOfFile.get(fileId);
    if (known === undefined || commitTs > known) this.#commitsOfFile.set(fileId, commitTs);
  }

  #collectable() {
    return {
      log: this.#log,
      index: this.#index,
      logger: this.options.logger,
      /** No file from this one on: a replay, or a transaction that is undecided, needs it. */
      firstNeededFile: () => this.#sorter.replayFrom?.fileId ?? this.#log.end.fileId,
      /** The largest commit_ts of the file's transactions; undefined when it was not watched. */
      lastCommitOfFile: (fileId: number) =>
        fileId < this.#firstOwnFile ? undefined : (this.#commitsOfFile.get(fileId) ?? 0n),
      forgetFile: (fileId: number) => {
        this.#commitsOfFile.delete(fileId);
      },
    };
  }
}
