import type { Logger } from '@tidb-js/etcd-session';
import { mergeCommit } from '../binlog/assemble.js';
import { type BinlogFields, isFake } from '../binlog/fields.js';
import { isPrewriteOf, isStoredPrewrite, scanBinlog } from '../binlog/scan.js';
import { PumpError } from '../errors.js';
import type { Pointer } from '../log/pointer.js';
import type { ValueLog } from '../log/value-log.js';
import type { IndexEntry, PointerIndex } from './pointer-index.js';
import { Recent } from './recent.js';
import type { Watermark } from './watermark.js';

const rememberedPrewrites = 16_384;

/** A binlog as a reader gets it: a Commit with the changes of its Prewrite, or a fake. */
export interface PulledBinlog {
  readonly startTs: bigint;
  readonly commitTs: bigint;
  readonly payload: Buffer;
}

/** Binlogs in ascending order of commit_ts; nothing with a commit_ts up to `watermark` follows. */
export interface PulledBatch {
  readonly binlogs: readonly PulledBinlog[];
  readonly watermark: bigint;
}

/** What a pull reads from. */
export interface PullSource {
  readonly log: ValueLog;
  readonly index: PointerIndex;
  readonly watermark: Watermark;
  readonly gcTs: () => bigint;
  readonly logger: Logger;
  /** A Commit without its Prewrite was left out. */
  readonly onLost: () => void;
  /** A record, or the Prewrite of a Commit, could not be read. */
  readonly onError: (type: 'read_value' | 'feed_pre_write_value') => void;
}

export interface PullOptions {
  readonly signal: AbortSignal;
  /** About how many bytes of payload one batch may carry. */
  readonly batchBytes: number;
  /** End at the watermark instead of waiting for more. */
  readonly once?: boolean;
}

/**
 * Everything after the commit_ts `after`, in strictly ascending order, until the signal is aborted. A batch without binlogs
 * tells only the watermark. A position of 0 means: from the oldest that is kept.
 *
 * @throws PumpError `POSITION_COLLECTED` when binlogs after the position have been deleted; `CORRUPTED` when one is damaged.
 */
export async function* pull(
  source: PullSource,
  after: bigint,
  options: PullOptions,
): AsyncGenerator<PulledBatch, void> {
  const { signal } = options;
  const reader = new BatchReader(source);
  let last = after;
  // Nothing was told yet, and any beginning will do.
  let isOpen = after <= 0n;
  while (!signal.aborted) {
    if (isOpen) last = source.gcTs();
    const upTo = source.watermark.value;
    if (upTo <= last) {
      if (options.once) return;
      await source.watermark.above(last, signal);
      continue;
    }
    try {
      for await (const entries of source.index.entries(last, upTo)) {
        refuseCollected(last, source.gcTs());
        for await (const batch of reader.read(entries, options.batchBytes)) {
          if (signal.aborted) return;
          isOpen = false;
          last = batch.watermark;
          yield batch;
        }
      }
      refuseCollected(last, source.gcTs());
    } catch (error) {
      if (isOpen && source.gcTs() > last) continue;
      // What garbage collection took away under the pull is no damage.
      refuseCollected(last, source.gcTs());
      if (!signal.aborted) source.onError(reader.reads);
      throw error;
    }
    isOpen = false;
    last = upTo;
    yield { binlogs: [], watermark: upTo };
  }
}

function refuseCollected(position: bigint, gcTs: bigint): void {
  if (position >= gcTs) return;
  throw new PumpError(
    'POSITION_COLLECTED',
    `binlogs after ${position} were garbage-collected up to ${gcTs}; start again from a full copy of the data at a timestamp of ${gcTs} or later`,
  );
}

/** Turns index entries into binlogs. */
class BatchReader {
  /** What it is about; said of a failure. */
  reads: 'read_value' | 'feed_pre_write_value' = 'read_value';
  // A Commit's Prewrite mostly stands shortly before it in the index.
  readonly #prewrites = new Recent<bigint, Pointer>(rememberedPrewrites);

  constructor(readonly source: PullSource) {}

  async *read(entries: readonly IndexEntry[], batchBytes: number): AsyncGenerator<PulledBatch, void> {
    let binlogs: PulledBinlog[] = [];
    let bytes = 0;
    this.reads = 'read_value';
    const ends = await this.#endsWithPrewrites(entries);
    this.reads = 'feed_pre_write_value';
    for (const { fields, prewriteAt } of ends) {
      const payload = isFake(fields) ? fields.payload : await this.#merged(fields, prewriteAt);
      if (!payload) continue;
      binlogs.push({ startTs: fields.startTs, commitTs: fields.commitTs, payload });
      bytes += payload.length;
      if (bytes < batchBytes) continue;
      yield { binlogs, watermark: fields.commitTs };
      binlogs = [];
      bytes = 0;
    }
    this.reads = 'read_value';
    const reached = entries.at(-1)?.ts;
    if (reached !== undefined) yield { binlogs, watermark: reached };
  }

  async #endsWithPrewrites(entries: readonly IndexEntry[]): Promise<End[]> {
    const ends: End[] = [];
    const missing: End[] = [];
    for (const { ts, pointer } of entries) {
      // Half of the records are Prewrites that are only passed over here, and checked when they are read for their Commit.
      const unchecked = this.source.log.glance(pointer);
      if (unchecked && isPrewriteOf(ts, unchecked.block, unchecked.begin)) {
        this.#prewrites.set(ts, pointer);
        continue;
      }
      const payload = this.source.log.peek(pointer) ?? (await this.source.log.read(pointer));
      if (isStoredPrewrite(payload)) {
        this.#prewrites.set(ts, pointer);
        continue;
      }
      const fields = scanBinlog(payload);
      // A record that was written over under another key stays in the log; the index decides.
      if (fields.commitTs !== ts || ts <= 0n) continue;
      const end: End = { fields, prewriteAt: this.#prewrites.get(fields.startTs) };
      ends.push(end);
      if (!end.prewriteAt && !isFake(fields)) missing.push(end);
    }
    if (missing.length > 0) {
      const pointers = await this.source.index.getMany(missing.map((end) => end.fields.startTs));
      for (const [at, end] of missing.entries()) end.prewriteAt = pointers[at];
    }
    return ends;
  }

  async #merged(end: BinlogFields, prewriteAt: Pointer | undefined): Promise<Buffer | undefined> {
    if (prewriteAt) {
      const payload = this.source.log.peek(prewriteAt) ?? (await this.source.log.read(prewriteAt));
      if (isStoredPrewrite(payload)) return mergeCommit(end, scanBinlog(payload));
    }
    this.source.onLost();
    this.source.logger.warn(
      { startTs: String(end.startTs), commitTs: String(end.commitTs) },
      'a Commit is left out: its Prewrite is not in this Pump',
    );
    return undefined;
  }
}

interface End {
  readonly fields: BinlogFields;
  prewriteAt: Pointer | undefined;
}
