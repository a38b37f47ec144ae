import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@tidb-js/etcd-session';
import { binlogType, indexTs } from '../binlog/fields.js';
import type { LoggedRecord, Pointer } from '../log/pointer.js';
import type { PointerIndex } from './pointer-index.js';
import type { Sorter, Undecided } from './sorter.js';
import type { Watermark } from './watermark.js';

const batchEntries = 2048;
const progressIntervalMs = 1000;
const retryPauseMs = 1000;

export interface IndexWriterOptions {
  readonly index: PointerIndex;
  readonly sorter: Sorter;
  readonly watermark: Watermark;
  readonly logger: Logger;
  /** Records that may wait for the index before the log has to wait too. */
  readonly maxQueued: number;
  /** A Prewrite and its end, both in the index. */
  readonly onEnded?: (prewrite: Undecided, end: LoggedRecord) => void;
}

/**
 * Carries durable records into the index, and from there to the sorter: a reader must find in the index whatever the
 * watermark covers. Writers do not wait for it, unless it falls far behind.
 */
export class IndexWriter {
  #queue: LoggedRecord[] = [];
  #running: Promise<void> | undefined;
  #progressAt = 0;
  readonly #stop = new AbortController();

  constructor(readonly options: IndexWriterOptions) {}

  get queued(): number {
    return this.#queue.length;
  }

  /** @returns what the log has to wait for when the queue is full. */
  add(records: readonly LoggedRecord[]): Promise<void> | undefined {
    for (const record of records) this.#queue.push(record);
    this.#running ??= this.#run();
    return this.#queue.length > this.options.maxQueued ? this.#running : undefined;
  }

  /** Settles when all that was added has passed. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Writes down how far the index and the sorter have come. */
  async saveProgress(): Promise<void> {
    await this.options.index.put([], this.#progress());
  }

  /** Ends; an index that cannot be written is given up, since the log makes it again. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    if (this.#queue.length === 0) await this.saveProgress();
  }

  async #run(): Promise<void> {
    // Let the records of the turn gather.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, batchEntries);
      if (!(await this.#put(batch))) break;
      this.#queue = this.#queue.length === batch.length ? [] : this.#queue.slice(batch.length);
      this.#feed(batch);
    }
    this.#running = undefined;
  }

  async #put(batch: readonly LoggedRecord[]): Promise<boolean> {
    const entries = batch.map((record) => ({ ts: indexTs(record), pointer: record.pointer }));
    const head = batch.at(-1)?.pointer;
    const due = performance.now() - this.#progressAt >= progressIntervalMs;
    if (due) this.#progressAt = performance.now();
    const progress = { ...(head && { head }), ...(due && this.#progress()) };
    for (;;) {
      try {
        await this.options.index.put(entries, progress);
        return true;
      } catch (error) {
        this.options.logger.error(
          { error: String(error), queued: this.#queue.length },
          'cannot write the index, trying again',
        );
        if (this.#stop.signal.aborted) return false;
        await sleep(retryPauseMs, undefined, { signal: this.#stop.signal }).catch(() => {});
      }
    }
  }

  #feed(batch: readonly LoggedRecord[]): void {
    const { sorter, watermark, logger, onEnded } = this.options;
    const now = performance.now();
    for (const record of batch) {
      const isLate = record.type !== binlogType.prewrite && record.commitTs > 0n && record.commitTs <= sorter.watermark;
      const ended = sorter.feed(record, now);
      if (ended) onEnded?.(ended, record);
      if (isLate) {
        const { startTs, commitTs } = record;
        logger.warn(
          { startTs: String(startTs), commitTs: String(commitTs), watermark: String(sorter.watermark) },
          'a binlog came after the watermark had passed its commit_ts',
        );
      }
    }
    watermark.raise(sorter.watermark);
  }

  #progress(): { handle: Pointer | undefined; maxCommitTs: bigint } {
    return { handle: this.options.sorter.replayFrom, maxCommitTs: this.options.sorter.watermark };
  }
}
