import type { Logger } from '@tidb-js/etcd-session';
import { indexTs, latestTs } from '../binlog/fields.js';
import { tryScanBinlog } from '../binlog/scan.js';
import { comparePointers, type Pointer } from '../log/pointer.js';
import type { Damage } from '../log/segment.js';
import type { ValueLog } from '../log/value-log.js';
import type { IndexEntry, IndexState, PointerIndex } from './pointer-index.js';
import { Sorter } from './sorter.js';

const reportIntervalMs = 2000;

/** What a store knows when it is open. */
export interface Recovered {
  readonly sorter: Sorter;
  readonly gcTs: bigint;
}

/**
 * Brings the index up to the end of the log, and the sorter to where it stood: the records since the index's last note of
 * its progress are fed again. An index that was lost, or is not of this log, is made again from the first file on.
 */
export async function recover(log: ValueLog, index: PointerIndex, logger: Logger): Promise<Recovered> {
  const state = await index.state();
  const known = replayStart(state);
  const usable = known !== undefined && log.holds(known);
  if (known && !usable) {
    logger.error({ pointer: known, end: log.end }, 'the index points past the log: it is made again');
  }
  const from = usable ? known : { fileId: log.firstFileId, offset: 0 };
  const sorter = new Sorter(usable ? state.maxCommitTs : 0n);
  const progress = new RecoveryProgress(log.bytesAfter(from), logger);
  let collectedUpTo = state.gcTs;
  let isFirst = true;
  for await (const records of log.scan(from, progress)) {
    const entries: IndexEntry[] = [];
    for (const { pointer, payload } of records) {
      const fields = tryScanBinlog(payload);
      if (!fields) {
        logger.error({ pointer }, 'a record that is no binlog is skipped');
        continue;
      }
      // Without its index a log does not tell how far it was collected; what stands before its first record is gone.
      if (isFirst && !usable && from.fileId > 0 && collectedUpTo === 0n) collectedUpTo = latestTs(fields);
      isFirst = false;
      entries.push({ ts: indexTs(fields), pointer });
      sorter.feed(
        { type: fields.type, startTs: fields.startTs, commitTs: fields.commitTs, pointer },
        performance.now(),
      );
    }
    const head = records.at(-1)?.pointer;
    await index.put(entries, { ...(head && { head }) });
  }
  await index.put([], { handle: sorter.replayFrom, maxCommitTs: sorter.watermark });
  if (collectedUpTo > state.gcTs) await index.putGcTs(collectedUpTo);
  progress.end(sorter);
  return { sorter, gcTs: collectedUpTo };
}

/**
 * Where the sorter has to be fed from. How far the index got is noted with each of its writes, which Prewrites still waited then only now and then: an
 * index without that second note (a Pump that was killed before its first) may have Prewrites from the beginning of the log on that nobody has settled.
 */
function replayStart({ head, handle }: Pick<IndexState, 'head' | 'handle'>): Pointer | undefined {
  if (head === undefined || handle === undefined) return undefined;
  return comparePointers(head, handle) < 0 ? head : handle;
}

/** Tells how a long recovery gets on. */
class RecoveryProgress {
  #done = 0;
  #reportedAt = performance.now();
  readonly #begunAt = performance.now();

  constructor(
    readonly totalBytes: number,
    readonly logger: Logger,
  ) {}

  progress(bytes: number): void {
    this.#done += bytes;
    if (performance.now() - this.#reportedAt < reportIntervalMs) return;
    this.#reportedAt = performance.now();
    const percent = Math.floor((100 * this.#done) / Math.max(1, this.totalBytes));
    this.logger.info({ bytes: this.#done, totalBytes: this.totalBytes, percent }, 'recovering');
  }

  damage(damage: Damage): void {
    this.logger.error(damage, 'bytes of the log that are no record are skipped');
  }

  end(sorter: Sorter): void {
    const seconds = (performance.now() - this.#begunAt) / 1000;
    this.logger.info(
      { bytes: this.#done, seconds, watermark: String(sorter.watermark), undecided: sorter.undecidedCount },
      'recovered',
    );
  }
}
