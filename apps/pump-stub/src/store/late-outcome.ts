import type { Logger } from '@tidb-js/etcd-session';
import { binlogType, isFake } from '../binlog/fields.js';
import type { LoggedRecord } from '../log/pointer.js';
import type { PointerIndex } from './pointer-index.js';
import type { Sorter, Undecided } from './sorter.js';

/**
 * Tells harmless late outcomes from those by which a reader can miss something.
 *
 * | late, and | it is | so |
 * |---|---|---|
 * | the index has that commit_ts, or it was the transaction's end before | the same again: an answer was lost, or the storage was quicker | nothing |
 * | its Prewrite is not here | told to a Pump that might have had it | nothing |
 * | its Prewrite waited here | a Prewrite that came when the watermark was past its end: its writer gave it to another Pump | a warning |
 * | anything else | two different ends of one transaction, or a commit_ts that was taken before the Prewrite was durable | an error |
 */
export class LateOutcomes {
  constructor(
    readonly index: PointerIndex,
    readonly sorter: Sorter,
    readonly logger: Logger,
    readonly onLate: () => void,
  ) {}

  /** Whether the watermark has passed it: a reader that is past it will not see it here. Nobody misses a fake. */
  isLate(record: LoggedRecord): boolean {
    if (record.type === binlogType.prewrite || isFake(record)) return false;
    return record.commitTs > 0n && record.commitTs <= this.sorter.watermark;
  }

  /** Those of the batch's commit_ts that the index has before the batch is put into it. */
  async known(batch: readonly LoggedRecord[]): Promise<ReadonlySet<bigint>> {
    const late = batch.filter((record) => this.isLate(record)).map(({ commitTs }) => commitTs);
    if (late.length === 0) return none;
    const pointers = await this.index.getMany(late).catch(() => []);
    return new Set(late.filter((_, at) => pointers[at] !== undefined));
  }

  /** @param ended the Prewrite that this outcome ended; @param before the commit_ts of an earlier end of the transaction. */
  async report(
    late: LoggedRecord,
    { ended, before }: { readonly ended: Undecided | undefined; readonly before: bigint | undefined },
  ): Promise<void> {
    const { startTs, commitTs } = late;
    const facts = {
      startTs: String(startTs),
      commitTs: String(commitTs),
      watermark: String(this.sorter.watermark),
      ...(before !== undefined && { endedBefore: before === 0n ? 'rolled back' : String(before) }),
    };
    if (before === commitTs) {
      this.logger.debug(facts, 'a Commit came again');
    } else if (ended) {
      this.onLate();
      this.logger.warn(
        facts,
        'a Prewrite came after the watermark had passed its end: readers have it from the Pump that its writer gave it to next',
      );
    } else if (before === undefined && !(await this.#hasPrewrite(startTs))) {
      this.logger.debug(facts, 'a Commit came late whose Prewrite is not in this Pump');
    } else {
      this.onLate();
      this.logger.error(
        facts,
        'a Commit came after the watermark had passed its commit_ts: readers may have missed it',
      );
    }
  }

  /** An index that cannot be read is taken to have it: rather a report too many. */
  async #hasPrewrite(startTs: bigint): Promise<boolean> {
    return this.index.get(startTs).then(
      (pointer) => pointer !== undefined,
      () => true,
    );
  }
}

const none: ReadonlySet<bigint> = new Set();
