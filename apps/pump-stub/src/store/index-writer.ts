import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@tidb-js/etcd-session';
import { indexTs } from '../binlog/fields.js';
import type { LoggedRecord, Pointer } from '../log/pointer.js';
import { LateOutcomes } from './late-outcome.js';
import type { PointerIndex } from './pointer-index.js';
import type { Sorter, Undecided } from './sorter.js';
import type { Watermark } from './watermark.js';

const batchEntries = 2048;
const progressIntervalMs = 1000;
const retryPauseMs = 1000;

/** A real Pump lets writers go on by a "slow chaser" then, and counts it by these words. */
export type StallChange = 'turned_on' | 'turned_off';

export interface IndexWriterOptions {
  readonly index: PointerIndex;
  readonly sorter: Sorter;
  readonly watermark: Watermark;
  readonly logger: Logger;
  /** Records that may wait for the index before the log has to wait too. */
  readonly maxQueued: number;
  /** A Prewrite and its end, both in the index. */
  readonly onEnded?: (prewrite: Undecided, end: LoggedRecord) => void;
  /** An outcome that readers may have missed. */
  readonly onLate?: () => void;
  /** The log begins, and ceases, to wait for the index. */
  readonly onStall?: (change: StallChange) => void;
  /** A try to write the index failed. */
  readonly onError?: () => void;
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

  readonly #late: LateOutcomes;

  constructor(readonly options: IndexWriterOptions) {
    const { index, sorter, logger, onLate = () => {} } = options;
    this.#late = new LateOutcomes(index, sorter, logger, onLate);
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** @returns what the log has to wait for when the queue is full. */
  add(records: readonly LoggedRecord[]): Promise<void> | undefined {
    for (const record of records) this.#queue.push(record);
    this.#running ??= this.#run();
    if (this.#queue.length <= this.options.maxQueued) return undefined;
    this.options.onStall?.('turned_on');
    return this.#running.then(() => this.options.onStall?.('turned_off'));
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
      const known = await this.#late.known(batch);
      if (!(await this.#put(batch))) break;
      this.#queue = this.#queue.length === batch.length ? [] : this.#queue.slice(batch.length);
      for (const report of this.#feed(batch, known)) await report();
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
        this.options.onError?.();
        this.options.logger.error(
          { error: String(error), queued: this.#queue.length },
          'cannot write the index, trying again',
        );
        if (this.#stop.signal.aborted) return false;
        await sleep(retryPauseMs, undefined, { signal: this.#stop.signal }).catch(() => {});
      }
    }
  }

  /** @returns what is to be told of the outcomes that came late. */
  #feed(batch: readonly LoggedRecord[], known: ReadonlySet<bigint>): readonly (() => Promise<void>)[] {
    const { sorter, watermark, onEnded } = this.options;
    const now = performance.now();
    const reports: (() => Promise<void>)[] = [];
    for (const record of batch) {
      const isLate = this.#late.isLate(record);
      const before = isLate ? sorter.endOf(record.startTs) : undefined;
      const ended = sorter.feed(record, now);
      if (ended) onEnded?.(ended, record);
      if (isLate && !known.has(record.commitTs)) reports.push(() => this.#late.report(record, { ended, before }));
    }
    watermark.raise(sorter.watermark);
    return reports;
  }

  #progress(): { handle: Pointer | undefined; maxCommitTs: bigint } {
    return { handle: this.options.sorter.replayFrom, maxCommitTs: this.options.sorter.watermark };
  }
}
