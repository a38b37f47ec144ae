import { binlogType } from '../binlog/fields.js';
import type { LoggedRecord, Pointer } from '../log/pointer.js';
import { Recent } from './recent.js';

/** A transaction whose Prewrite came and whose end did not. */
export interface Undecided {
  readonly startTs: bigint;
  /** Where its Prewrite stands in the log. */
  readonly pointer: Pointer;
  /** When its Prewrite came, by the clock that was handed in. */
  readonly sinceMs: number;
}

interface Waiting extends Undecided {
  /** The largest commit_ts that came between this Prewrite and the next that waits. */
  maxCommitAfter: bigint;
  previous: Waiting | undefined;
  next: Waiting | undefined;
}

const rememberedEnds = 65_536;

/**
 * Says up to which commit_ts the log is complete, from the records in the order in which the log holds them.
 *
 * The base is the order of arrival: a commit_ts is asked from the oracle after the Prewrite is durable, so a Prewrite that
 * comes later commits later than all that the log held before it. So when every Prewrite before a Commit has its end, all
 * transactions up to that commit_ts are in the log. Prewrites that wait stand in a list in log order; each one holds the
 * largest commit_ts that came after it, which moves to its neighbour when it ends. So memory grows with what waits, not
 * with what passes meanwhile.
 *
 * One transaction that waits does not hold back what is older than itself: a commit_ts is greater than its start_ts, so
 * the smallest start_ts that waits bounds every commit_ts that can still come from those that wait.
 */
export class Sorter {
  #watermark: bigint;
  #maxCommit: bigint;
  #head: Waiting | undefined;
  #tail: Waiting | undefined;
  readonly #waiting = new Map<bigint, Waiting>();
  readonly #starts = new StartHeap(this.#waiting);
  // Ends that came lately, by start_ts, with their commit_ts (0 for none): a Prewrite sent twice, or after its Commit, must not wait for an
  // end that has been.
  readonly #ended = new Recent<bigint, bigint>(rememberedEnds);
  #lastPointer: Pointer | undefined;

  constructor(watermark = 0n) {
    this.#watermark = watermark;
    this.#maxCommit = watermark;
  }

  /** Every transaction with a commit_ts up to here has been fed whole. Never goes back. */
  get watermark(): bigint {
    return this.#watermark;
  }

  get undecidedCount(): number {
    return this.#waiting.size;
  }

  /** Those that wait, in log order. */
  *undecided(): IterableIterator<Undecided> {
    for (let node = this.#head; node; node = node.next) yield node;
  }

  /** The first record that a new sorter must be fed to stand where this one stands; undefined before the first record. */
  get replayFrom(): Pointer | undefined {
    return this.#head?.pointer ?? this.#lastPointer;
  }

  /** The commit_ts with which the transaction ended, 0 when it was rolled back; undefined when it has not, or too long ago. */
  endOf(startTs: bigint): bigint | undefined {
    return this.#ended.get(startTs);
  }

  /**
   * Takes the next record of the log.
   *
   * @returns the Prewrite that this record ended, if one waited for it.
   */
  feed(record: LoggedRecord, nowMs: number): Undecided | undefined {
    this.#lastPointer = record.pointer;
    if (record.type === binlogType.prewrite) {
      this.#wait(record, nowMs);
      return undefined;
    }
    const ended = this.#end(record.startTs);
    if (record.startTs !== record.commitTs) this.#ended.set(record.startTs, record.commitTs);
    if (record.commitTs > this.#maxCommit) this.#maxCommit = record.commitTs;
    if (!this.#tail) this.#raise(record.commitTs);
    else if (record.commitTs > this.#tail.maxCommitAfter) this.#tail.maxCommitAfter = record.commitTs;
    this.#raiseToOldest();
    return ended;
  }

  /** Stops to wait for a transaction that will never commit. */
  drop(startTs: bigint): void {
    if (!this.#end(startTs)) return;
    this.#ended.set(startTs, 0n);
    this.#raiseToOldest();
  }

  #wait(record: LoggedRecord, nowMs: number): void {
    if (this.#waiting.has(record.startTs) || this.#ended.has(record.startTs)) return;
    const node: Waiting = {
      startTs: record.startTs,
      pointer: record.pointer,
      sinceMs: nowMs,
      maxCommitAfter: 0n,
      previous: this.#tail,
      next: undefined,
    };
    if (this.#tail) this.#tail.next = node;
    else this.#head = node;
    this.#tail = node;
    this.#waiting.set(node.startTs, node);
    this.#starts.push(node.startTs);
  }

  #end(startTs: bigint): Undecided | undefined {
    const node = this.#waiting.get(startTs);
    if (!node) return undefined;
    this.#waiting.delete(startTs);
    if (node.next) node.next.previous = node.previous;
    else this.#tail = node.previous;
    if (node.previous) {
      node.previous.next = node.next;
      if (node.maxCommitAfter > node.previous.maxCommitAfter) node.previous.maxCommitAfter = node.maxCommitAfter;
    } else {
      this.#head = node.next;
      this.#raise(node.maxCommitAfter);
    }
    return node;
  }

  #raise(commitTs: bigint): void {
    if (commitTs > this.#watermark) this.#watermark = commitTs;
  }

  #raiseToOldest(): void {
    const oldest = this.#starts.smallest();
    const bound = oldest === undefined || this.#maxCommit < oldest ? this.#maxCommit : oldest;
    this.#raise(bound);
  }
}

/**
 * A binary heap of the start timestamps that wait. Those that have ended meanwhile are thrown out when they come to the
 * top, or all at once when they outnumber the others: one that waits for hours must not make the heap grow.
 */
class StartHeap {
  #items: bigint[] = [];

  constructor(readonly waiting: ReadonlyMap<bigint, unknown>) {}

  push(startTs: bigint): void {
    if (this.#items.length > 2 * this.waiting.size + 1024) {
      // An ascending array is a heap.
      this.#items = [...this.waiting.keys()].sort((a, b) => (a < b ? -1 : 1));
      return;
    }
    const items = this.#items;
    let child = items.length;
    items.push(startTs);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = items[parent] as bigint;
      if (above <= startTs) break;
      items[child] = above;
      child = parent;
    }
    items[child] = startTs;
  }

  smallest(): bigint | undefined {
    for (;;) {
      const top = this.#items[0];
      if (top === undefined || this.waiting.has(top)) return top;
      this.#pop();
    }
  }

  #pop(): void {
    const items = this.#items;
    const last = items.pop();
    if (last === undefined || items.length === 0) return;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && (items[child + 1] as bigint) < (items[child] as bigint)) child++;
      if (last <= (items[child] as bigint)) break;
      items[parent] = items[child] as bigint;
      parent = child;
    }
    items[parent] = last;
  }
}
